"""Changes by hand that break a contract's limits: saved only if somebody says so.

A register that does so is a breach, which a manager looks at.  A form is first saved as
it is; where the contract breaks more rules than before, all of it is taken back and the
form is shown again, with what is broken and a box to tick.
"""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest

from reinsurance.admin import edits
from reinsurance.models import Edit, Treaty
from reinsurance.resources.contract_breaches import breaches_of

MEANT = "breach_is_meant"
"""The form's box: the breach is known, and meant."""
_BEFORE = "_breaches_before"
_FOUND = "_breaches_found"


class BreachError(Exception):
    """What was entered breaks rules of a contract, and nobody said that it is meant."""

    def __init__(self, breaches: list[str]) -> None:
        super().__init__(" ".join(breaches))
        self.breaches = breaches


def note_before(request: HttpRequest, record: models.Model) -> None:
    """Remember what the record's contract breaks already, before it is changed."""
    before = _before(request)
    treaty = edits.treaty_of(record)
    if isinstance(record, edits.TERMS) and treaty is not None and treaty.pk:
        before.setdefault(treaty.pk, breaches_of(treaty.pk))
        setattr(request, _BEFORE, before)


def require_meant(
    request: HttpRequest, record: models.Model, proposed: Iterable[Edit]
) -> None:
    """Raise BreachError where the contract breaks more than before.

    ``record`` and those below it are saved; ``proposed`` waits, and counts as applied.
    """
    treaty = edits.treaty_of(record)
    if not isinstance(record, edits.TERMS) or treaty is None or not treaty.pk:
        return
    known = _before(request).get(treaty.pk, [])
    new = [b for b in breaches_with(proposed, treaty) if b not in known]
    if new and not request.POST.get(MEANT):
        raise BreachError(new)


def breaches_with(proposed: Iterable[Edit], treaty: Treaty) -> list[str]:
    """What the contract would break if these changes were applied to it."""
    waiting = list(proposed)
    if not waiting:
        return breaches_of(treaty.pk)
    try:
        with transaction.atomic():
            for edit in waiting:
                _try(edit)
            found = breaches_of(treaty.pk)
            transaction.set_rollback(True)
    except (IntegrityError, ValidationError):
        return []  # what does not fit the books is refused when it is applied
    return found


def _try(edit: Edit) -> None:
    model: Any = apps.get_model("reinsurance", edit.model)
    record = model._base_manager.filter(pk=edit.object_id or 0).first() or model()
    if edit.action == "deleted":
        record.delete()
        return
    fields = edits.fields_of(model)
    for name, value in edit.after.items():
        setattr(record, fields[name].attname, fields[name].to_python(value))
    record.save()


def found(request: HttpRequest) -> list[str]:
    """What was broken when the form was saved and taken back; nothing at first."""
    breaches: list[str] = getattr(request, _FOUND, [])
    return breaches


def show_again(request: HttpRequest, breaches: list[str]) -> None:
    """Have the form shown again with what is broken."""
    setattr(request, _FOUND, breaches)


def _before(request: HttpRequest) -> dict[int, list[str]]:
    before: dict[int, list[str]] = getattr(request, _BEFORE, {})
    return before
