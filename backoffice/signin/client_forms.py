"""The form an operator registers a client with."""

from typing import Any

from django import forms
from django.conf import settings
from oauth2_provider.generators import generate_client_secret

from backoffice.models import Client

KINDS = {
    Client.GRANT_CLIENT_CREDENTIALS: "An outside system (client credentials)",
    Client.GRANT_AUTHORIZATION_CODE: "An app that people sign in to "
    "(authorization code)",
}
KEEPING = {
    Client.CLIENT_CONFIDENTIAL: "Yes: it runs on a server",
    Client.CLIENT_PUBLIC: "No: it runs in a browser or on a phone",
}


class ClientForm(forms.ModelForm):
    """Kind, scopes, cedants; the secret is made by us and never typed."""

    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[
            (scope, f"{does[0].upper()}{does[1:]} ({scope})")
            for scope, does in settings.OAUTH2_PROVIDER["SCOPES"].items()
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text="The most that it can ask for.",
    )

    class Meta:
        model = Client
        fields = (
            "name", "is_active", "authorization_grant_type", "user", "client_type",
            "redirect_uris", "scopes", "cedants",
        )  # fmt: skip
        labels = {
            "authorization_grant_type": "What it is",
            "user": "Service account",
            "client_type": "Can it keep a secret?",
            "redirect_uris": "Addresses to return to",
        }
        help_texts = {
            "user": "For an outside system: whom it acts as. An active account that "
            "is not staff, with the role Integrator.",
            "redirect_uris": "For an app: where it is returned to after the sign-in, "
            "one a line, exactly as it asks for them.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("authorization_grant_type", KINDS)
        self._choose("client_type", KEEPING)
        if "name" in self.fields:
            self.fields["name"].required = True

    def _choose(self, name: str, choices: dict[str, str]) -> None:
        if name not in self.fields:
            return
        old: Any = self.fields[name]
        self.fields[name] = forms.ChoiceField(
            label=old.label,
            help_text=old.help_text,
            choices=list(choices.items()),
            widget=forms.RadioSelect,
            initial=next(iter(choices)),
        )

    def clean(self) -> dict[str, Any]:
        """An app acts as whoever signs in: it has no account of its own."""
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get(
            "authorization_grant_type", self.instance.authorization_grant_type
        )
        if kind == Client.GRANT_AUTHORIZATION_CODE:
            cleaned["user"] = None
        return cleaned


def new_secret(client: Client) -> str:
    """Give the client a secret and return it: what is kept is its hash.

    A client that cannot keep a secret gets none: empty.
    """
    is_kept = client.client_type == Client.CLIENT_CONFIDENTIAL
    secret: str = generate_client_secret() if is_kept else ""
    client.client_secret = secret
    return secret
