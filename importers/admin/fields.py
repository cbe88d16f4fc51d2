"""Form fields for lists and objects that are written as JSON, and inputs that hide."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms

ROWS_MOST = 24


def only_when(**conditions: str) -> dict[str, str]:
    """The attribute by which the page shows an input only where it matters.

    ``auth="basic|bearer"``: only where the field *auth* has one of these values.
    Without JavaScript every input is shown.
    """
    ((name, values),) = conditions.items()
    return {"data-when": f"{name}={values}"}


def text_input(**conditions: str) -> forms.TextInput:
    """A line of text that is shown only where it matters; see `only_when`."""
    return forms.TextInput({"class": "vTextField", **only_when(**conditions)})


def number_input(**conditions: str) -> forms.NumberInput:
    """A number that is shown only where it matters; see `only_when`."""
    return forms.NumberInput({"class": "vIntegerField", **only_when(**conditions)})


def tell(form: forms.BaseForm, problems: Mapping[str, str]) -> None:
    """Show what the rules find wrong: at its field, once, or above the form."""
    for name, said in problems.items():
        if name not in form.errors:
            form.add_error(name if name in form.fields else None, said)


class JsonInput(forms.Textarea):
    """A small text area as high as its content."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"class": "form-control json", "spellcheck": "false", **(attrs or {})}
        )

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """The text area, two lines or more."""
        context = super().get_context(name, value, attrs)
        lines = str(context["widget"]["value"] or "").count("\n") + 1
        context["widget"]["attrs"]["rows"] = min(max(lines, 2), ROWS_MOST)
        return context


class JsonField(forms.JSONField):
    """JSON as people read it; empty is what the model calls empty."""

    def __init__(self, *, empty: Any = None, **options: Any) -> None:
        self.empty = empty
        super().__init__(**{"required": False, "widget": JsonInput, **options})
        self.error_messages["invalid"] = (
            "This is not JSON. Names and texts stand in double quotes, and a comma "
            "stands between two of them."
        )

    def to_python(self, value: Any) -> Any:
        """What was written; the model's own empty value for nothing."""
        try:
            found = super().to_python(value)
            # What the database cannot keep: NaN, NUL and halves of characters.
            text = json.dumps(found, ensure_ascii=False, allow_nan=False)
            if "\\u0000" in text:
                raise ValueError
            text.encode()
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(self.error_messages["invalid"]) from error
        return self.empty if found is None else found

    def prepare_value(self, value: Any) -> Any:
        """Laid out in lines; nothing for an empty one."""
        if isinstance(value, str):
            return value
        if value in (None, {}, []):
            return ""
        return json.dumps(value, indent=2, ensure_ascii=False)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether it means something else now."""
        try:
            return bool(self.to_python(data) != (initial or self.empty))
        except forms.ValidationError:
            return True
