"""The form of an inbox: its rules are those of ``services.inbox_rules``."""

from copy import copy
from typing import Any

from django import forms
from django.forms.models import construct_instance

from importers.admin.fields import number_input, only_when, tell, text_input
from importers.admin.forms import KindChoice, MappingChoice, SenderChoice
from importers.admin.secrets import SecretFormField, SecretInput
from importers.admin.words import INBOX_KINDS
from importers.models import Inbox
from importers.services import inbox_rules
from importers.values import InboxKind, Secret

SECRETS = ("secret", "private_key")
REMOTE = f"{InboxKind.BUCKET}|{InboxKind.SFTP}"
MOVED = (
    "The inbox leads somewhere else now, for which this was not given. Enter it once "
    "more, or forget it."
)
FIELDSETS: Any = (
    (
        "What",
        {
            "fields": (
                "name", "code", "source", "record_type", "mapping", "sheet",
                "loads_itself", "is_active",
            )
        },
    ),
    (
        "Where",
        {
            "fields": (
                "kind", "host", "port", "host_key", "bucket", "region",
                "endpoint_url", "path", "user_name", "secret", "private_key",
            )
        },
    ),
    ("When", {"fields": ("pattern", "every_minutes", "settle_seconds")}),
)  # fmt: skip


class PrivateKeyInput(SecretInput):
    """A private key is pasted: a browser keeps its lines in a text area alone."""

    input_type = "text"
    template_name = "importers/secret_lines.html"


class InboxForm(forms.ModelForm):
    """An inbox as it is edited; secrets go in, none comes out."""

    source = SenderChoice(help_text="Whose files these are.")
    record_type = KindChoice()
    mapping = MappingChoice(
        required=False,
        empty_label="Recognise the columns (usual)",
        help_text="Read the files by a mapping that is already known.",
    )
    kind = forms.ChoiceField(label="Where", choices=list(INBOX_KINDS.items()))
    secret = SecretFormField(
        label="Password or secret key",
        help_text="It is encrypted and never shown again.",
        widget=SecretInput(only_when(kind=REMOTE)),
    )
    private_key = SecretFormField(
        help_text="Instead of a password: an Ed25519, ECDSA or RSA key without a "
        "passphrase. It is encrypted and never shown again.",
        widget=PrivateKeyInput(only_when(kind=InboxKind.SFTP)),
    )

    class Meta:
        model = Inbox
        fields = (
            "name", "code", "source", "record_type", "mapping", "sheet",
            "loads_itself", "is_active", "kind", "path", "bucket", "region",
            "endpoint_url", "host", "port", "host_key", "user_name", "secret",
            "private_key", "pattern", "every_minutes", "settle_seconds",
        )  # fmt: skip
        labels = {"user_name": "User name or access key"}
        help_texts = {
            "sheet": "Of a workbook; empty: the first that holds a table.",
            "path": "Below the operator's folder for inboxes, in the bucket, or on the "
            "server. Files that were taken go to its folders processed and rejected.",
            "region": "Such as eu-west-1.",
            "endpoint_url": "Of a store other than Amazon's; begins with https://.",
            "host_key": "SHA256:… as the partner tells it, several separated by "
            "blanks. No other server is ever signed in to.",
            "user_name": "Of a bucket: empty where the operator has given this "
            "program the right to read it.",
        }
        widgets = {
            "bucket": text_input(kind=InboxKind.BUCKET),
            "region": text_input(kind=InboxKind.BUCKET),
            "endpoint_url": text_input(kind=InboxKind.BUCKET),
            "host": text_input(kind=InboxKind.SFTP),
            "host_key": text_input(kind=InboxKind.SFTP),
            "user_name": text_input(kind=REMOTE),
            "port": number_input(kind=InboxKind.SFTP),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = copy(self.instance)
        for name in SECRETS:
            if name in self.fields:
                field = self.fields[name]
                assert isinstance(field, SecretFormField)  # noqa: S101 for the types
                field.keep(getattr(self.before, name) or Secret())

    def clean(self) -> dict[str, Any]:
        """The rules that every door shares."""
        data = super().clean() or {}
        if self.errors.keys() & {"source", "mapping", "kind"}:
            return data
        after = construct_instance(self, copy(self.instance), self.fields)
        found = inbox_rules.problems_of_inbox(after)
        if self.before.pk and inbox_rules.leads_elsewhere(self.before, after):
            found |= {name: MOVED for name in SECRETS if self._is_kept(name, after)}
        tell(self, found)
        return data

    def _is_kept(self, name: str, after: Inbox) -> bool:
        before = getattr(self.before, name)
        return bool(before) and getattr(after, name) == before
