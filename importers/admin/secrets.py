"""Inputs for secrets: written, never shown again."""

from dataclasses import dataclass
from typing import Any

from django import forms

from importers.values import Secret


@dataclass(frozen=True, slots=True, repr=False)
class Entered:
    """What somebody did with the input: typed a text, or asked to forget the old."""

    text: str = ""
    forget: bool = False

    def __bool__(self) -> bool:
        return bool(self.text) or self.forget


class SecretInput(forms.PasswordInput):
    """A password input beside a box that forgets; no value is ever rendered."""

    template_name = "importers/secret.html"
    is_kept = False

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"autocomplete": "new-password", "class": "vTextField", **(attrs or {})},
            render_value=False,
        )

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """What the template needs, none of it the secret."""
        is_lost = isinstance(value, Entered) and bool(value.text)
        context = super().get_context(name, None, attrs)
        widget = context["widget"]
        widget["value"] = None
        widget["kept"] = self.is_kept
        if is_lost:
            widget["attrs"]["placeholder"] = "Enter it once more: it was not kept."
        elif self.is_kept:
            widget["attrs"]["placeholder"] = "Kept. Leave empty to keep it."
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Entered:
        """What was typed and ticked."""
        text = str(data.get(name) or "").strip("\r\n\t")
        return Entered(text, f"{name}-forget" in data)


class SecretFormField(forms.Field):
    """A secret that is entered anew, forgotten, or kept when nothing is said.

    ``kept`` is what is stored; it is given by the form and goes back as it was.
    """

    widget = SecretInput
    kept = Secret()

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})

    def keep(self, secret: Secret) -> None:
        """Say what is stored now."""
        self.kept = secret
        self.widget.is_kept = bool(secret)

    def clean(self, value: Entered) -> Secret:
        """The secret to store."""
        if value.text:
            return Secret(value.text)
        return Secret() if value.forget else self.kept

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether anything was typed or ticked."""
        return bool(data)
