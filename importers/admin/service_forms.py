"""The form of a web service: its rules are those of ``services.service_rules``."""

from copy import copy
from typing import Any

from django import forms
from django.forms.models import construct_instance

from importers.admin.fields import JsonField, JsonInput, only_when, tell, text_input
from importers.admin.secrets import SecretFormField, SecretInput
from importers.admin.words import SIGN_INS
from importers.models import WebService
from importers.services import service_rules
from importers.values import AuthKind, Secret

TOKENS = f"{AuthKind.CLIENT_CREDENTIALS}|{AuthKind.REFRESH_TOKEN}"
SECRETS = ("secret", "refresh_token")
MOVED = (
    "The service leads to another host now, for which this secret was not given. "
    "Enter it once more, or forget it."
)


class WebServiceForm(forms.ModelForm):
    """A service as it is edited; secrets go in, none comes out."""

    base_url = forms.CharField(
        label="Address",
        max_length=300,
        help_text="Of the service as a whole; feeds add their paths to it. "
        "Begins with https://.",
        widget=forms.URLInput({"class": "vTextField vURLField"}),
    )
    auth = forms.ChoiceField(label="Sign-in", choices=list(SIGN_INS.items()))
    secret = SecretFormField(
        help_text="The key, password, token or client secret. It is encrypted and "
        "never shown again.",
        widget=SecretInput(
            only_when(auth="|".join(k for k in AuthKind if k != AuthKind.NONE))
        ),
    )
    token_url = forms.CharField(
        label="Token address",
        required=False,
        max_length=300,
        help_text="Where access tokens are handed out.",
        widget=forms.URLInput(
            {"class": "vTextField vURLField", **only_when(auth=TOKENS)}
        ),
    )
    refresh_token = SecretFormField(
        help_text="Replaced by itself when the service hands out another one.",
        widget=SecretInput(only_when(auth=AuthKind.REFRESH_TOKEN)),
    )
    headers = JsonField(
        empty={},
        label="Further headers",
        help_text="Sent with every request, no secrets: "
        '<code>{"Accept-Language": "en"}</code>',
        widget=JsonInput(),
    )

    class Meta:
        model = WebService
        fields = (
            "name", "code", "base_url", "is_active", "auth", "key_name", "user_name",
            "secret", "token_url", "client_id", "client_in_body", "scopes", "audience",
            "refresh_token", "leeway_seconds", "headers", "rate_count", "rate_per",
            "connect_seconds", "read_seconds", "attempts", "most_mb",
        )  # fmt: skip
        widgets = {
            "key_name": text_input(auth=f"{AuthKind.HEADER_KEY}|{AuthKind.QUERY_KEY}"),
            "user_name": text_input(auth=AuthKind.BASIC),
            "client_id": text_input(auth=TOKENS),
            "client_in_body": forms.CheckboxInput(only_when(auth=TOKENS)),
            "scopes": text_input(auth=TOKENS),
            "audience": text_input(auth=TOKENS),
            "leeway_seconds": forms.NumberInput(
                {"class": "vIntegerField", **only_when(auth=TOKENS)}
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = copy(self.instance)
        for name in SECRETS:
            if name in self.fields:
                self._field(name).keep(getattr(self.before, name) or Secret())

    def _field(self, name: str) -> SecretFormField:
        field = self.fields[name]
        assert isinstance(field, SecretFormField)  # noqa: S101 for the type checker
        return field

    def clean_headers(self) -> Any:
        """Names and texts."""
        values = self.cleaned_data["headers"]
        return service_rules.texts(values) if isinstance(values, dict) else values

    def clean(self) -> dict[str, Any]:
        """The rules that every door shares."""
        data = super().clean() or {}
        after = construct_instance(self, copy(self.instance), self.fields)
        found = service_rules.problems_of_service(after)
        if service_rules.leads_elsewhere(self.before, after):
            found |= {name: MOVED for name in SECRETS if self._is_kept(name, after)}
        tell(self, found)
        return data

    def _is_kept(self, name: str, after: WebService) -> bool:
        before = getattr(self.before, name)
        return bool(before) and getattr(after, name) == before
