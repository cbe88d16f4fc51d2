"""Values that would come back at an undo, and do not go with what others told since.

The database would refuse them, without saying what is in the way.
"""

from typing import Any

from django.db import models

from reinsurance.ledger.contract_names import contract_name
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.models import LossEvent, Party, Treaty

_NO_KEY = (
    "Without this file nobody tells the {} of contract “{}”, and another contract of "
    "this number has the same cedant and inception then: nobody could tell the two "
    "apart. Hand in a register first that tells it of one of them."
)
_ORDER = (
    "Without this file event “{}” would begin on {} and end on {}, as other files tell "
    "it. Hand in one first that tells the right dates."
)
_LEI = (
    "Without this file party “{}” has the LEI {} again, which party “{}” has since. "
    "Correct one of the two first."
)
_PARTS = {"cedant": "cedant_id", "inception": "inception"}
_COLUMNS: dict[type[models.Model], set[str]] = {
    Treaty: set(_PARTS.values()),
    LossEvent: {"date_from", "date_to"},
    Party: {"lei"},
}


def require_no_clash(
    model: type[models.Model], key: int, values: dict[str, Any]
) -> None:
    """Raise CountsTwiceError where the record cannot have these values (by column).

    A record that a person deleted has none; that is in the way of the undo anyway.
    """
    if not values.keys() & _COLUMNS.get(model, set()):
        return
    record = model._base_manager.filter(pk=key).first()
    if isinstance(record, Treaty):
        _require_own_key(record, values)
    elif isinstance(record, LossEvent):
        _require_order(record, values)
    elif isinstance(record, Party) and values["lei"]:
        _require_own_lei(record, values["lei"])


def _require_own_key(treaty: Treaty, values: dict[str, Any]) -> None:
    lost = [name for name, column in _PARTS.items() if column in values]
    same: dict[str, Any] = {"reference": treaty.reference}
    for column in _PARTS.values():
        value = values.get(column, getattr(treaty, column))
        same |= {f"{column}__isnull": True} if value is None else {column: value}
    if Treaty.objects.filter(**same).exclude(pk=treaty.pk).exists():
        name = contract_name(treaty.pk)
        raise CountsTwiceError(_NO_KEY.format(" and the ".join(lost), name))


def _require_order(event: LossEvent, values: dict[str, Any]) -> None:
    start, end = (
        str(values.get(name, getattr(event, name)) or "")
        for name in ("date_from", "date_to")
    )
    if start and end and end < start:
        raise CountsTwiceError(_ORDER.format(event.code, start, end))


def _require_own_lei(party: Party, lei: str) -> None:
    other = Party.objects.filter(lei=lei).exclude(pk=party.pk).first()
    if other is not None:
        raise CountsTwiceError(_LEI.format(party.code, lei, other.code))
