"""The form of a webhook: its rules are those of ``services.webhooks``."""

from typing import Any

from django import forms

from importers.models import Webhook
from importers.models.choices import choices_of
from importers.services import webhooks
from importers.values import Status


class WebhookForm(forms.ModelForm):
    """A webhook as it is edited; its secret is made by us and not part of it."""

    url = forms.CharField(
        label="Address",
        max_length=300,
        help_text="Where the messages are sent. Begins with https://.",
        widget=forms.URLInput({"class": "vTextField vURLField"}),
    )
    statuses = forms.MultipleChoiceField(
        label="Told of",
        required=False,
        choices=choices_of(Status),
        widget=forms.CheckboxSelectMultiple,
        help_text="What a file has to become for a message to be sent. None ticked: "
        "everything.",
    )

    class Meta:
        model = Webhook
        fields = ("name", "url", "source", "statuses")
        labels = {"source": "Files of"}
        help_texts = {"source": "Messages are sent about this sender's files only."}

    def clean_url(self) -> str:
        """An address that may be asked."""
        url = str(self.cleaned_data["url"]).strip()
        if said := webhooks.problem_of_url(url):
            raise forms.ValidationError(said)
        return url

    def clean(self) -> dict[str, Any]:
        """A new webhook gets a secret, which has to be kept."""
        data = super().clean() or {}
        if self.instance.pk is None and (said := webhooks.why_no_secret()):
            self.add_error(None, said)
        return data
