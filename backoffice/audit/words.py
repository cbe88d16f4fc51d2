"""Entries of the audit log in words."""

from typing import Any

from django.apps import apps

from backoffice.audit.entries import AuditEntry


def record_of(entry: AuditEntry) -> str:
    """“claim 17”, or the name of the record where the entry has it."""
    if not entry.record_type:
        return ""
    try:
        kind = str(apps.get_model(entry.record_type)._meta.verbose_name)
    except LookupError:
        kind = entry.record_type
    return " ".join(filter(None, (kind, entry.called or entry.record)))


def kinds_called(name: str) -> list[str]:
    """The kinds of record that one may mean by a name without blanks."""
    return [
        model._meta.label_lower
        for model in apps.get_models()
        if name
        in {model._meta.model_name, str(model._meta.verbose_name).replace(" ", "")}
    ]


def details_of(entry: AuditEntry) -> str:
    """Line by line: what was before and what is now."""
    return "\n".join(_line(name, value) for name, value in entry.details.items())


def _line(name: str, value: Any) -> str:
    called = name.removeprefix("is_").replace("_", " ")
    if name == "said":
        return str(value)
    if name == "fields":
        return f"Fields: {', '.join(value)}"
    if isinstance(value, list) and len(value) == 2 and name != "scopes":
        before, after = map(_text, value)
        return f"{called}: {before} → {after}"
    return f"{called}: {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "nothing" if value in (None, "") else str(value)
