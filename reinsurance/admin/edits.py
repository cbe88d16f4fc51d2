"""Changes by hand: each leaves a trace, and some wait for a second person.

What a person changed is kept with what it was before, who did it and why.  Terms of a
contract that has claims or premium on it are proposed by one person and applied or
refused by another.  What is deleted is told to programs that follow changes.
"""

from decimal import Decimal
from typing import Any

from django.contrib.admin.utils import NestedObjects
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.utils import timezone

from reinsurance.ledger import following
from reinsurance.ledger.descriptions import FIELDS, table_column
from reinsurance.models import (
    Bordereau,
    Claim,
    ClaimStatement,
    Deletion,
    Edit,
    Layer,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
    TreatyScope,
)
from reinsurance.models.base import Record
from reinsurance.models.loads import EditStatus

TERMS = (Treaty, Layer, Participation, TreatyScope)
"""Records that are terms of a contract."""
MACHINES = ("created_at", "updated_at")

Image = dict[str, Any]
"""Values of a record as text, by the names of the table's columns; None: empty."""


class EditError(Exception):
    """A proposed change cannot be applied or refused; the message says why."""


def fields_of(model: type[models.Model]) -> dict[str, models.Field]:
    """The fields that people set, by the names of their columns."""
    return {
        str(field.column): field
        for field in model._meta.concrete_fields
        if field.editable and not field.primary_key and field.name not in MACHINES
    }


def image_of(record: models.Model) -> Image:
    """The record's values as text."""
    return {
        column: _text(field, getattr(record, field.attname))
        for column, field in fields_of(type(record)).items()
    }


def _text(field: models.Field, value: Any) -> Any:
    value = field.to_python(value)
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(value, Decimal) and isinstance(field, models.DecimalField):
        return f"{value:.{field.decimal_places}f}"
    return str(value)


def stored(record: models.Model) -> Any:
    """The record as the database has it; None where it has none."""
    return type(record)._base_manager.filter(pk=record.pk).first()


def difference(before: Image, after: Image) -> tuple[Image, Image]:
    """What of the two differs."""
    names = [name for name in after if before.get(name) != after[name]]
    return {n: before.get(n) for n in names}, {n: after[n] for n in names}


def _filled(image: Image) -> Image:
    return {name: value for name, value in image.items() if value not in (None, "", {})}


def treaty_of(record: models.Model) -> Treaty | None:
    """The contract that the record belongs to; None where it belongs to none."""
    if isinstance(record, Treaty):
        return record
    if isinstance(record, Participation):
        return record.layer.treaty
    if isinstance(record, Layer | TreatyScope | Claim | PremiumEntry | Bordereau):
        return record.treaty
    return None


def has_money(treaty: Treaty) -> bool:
    """Whether it has claims or premium; hidden ones as well, which may come back."""
    return (
        Claim.all_objects.filter(treaty=treaty.pk).exists()
        or PremiumEntry.all_objects.filter(treaty=treaty.pk).exists()
    )


def needs_second_person(record: models.Model) -> bool:
    """Whether the record is a term of a contract with money on it."""
    if not isinstance(record, TERMS):
        return False
    treaty = treaty_of(record)
    return treaty is not None and treaty.pk is not None and has_money(treaty)


# ----------------------------------------------------------------------- what was done
def save(*, record: models.Model, user: User, reason: str) -> Edit | None:
    """Save what a person entered, or propose it; None where nothing changed."""
    was = stored(record) if record.pk is not None else None
    before, after = difference(image_of(was) if was else {}, image_of(record))
    if was is None:
        before, after = {}, _filled(after)
    elif not after:
        return None
    action = "changed" if was else "added"
    waits = needs_second_person(record) or (was and needs_second_person(was))
    if not waits:
        following.save(record)
        if isinstance(record, Claim) and was is not None:
            _keep_what_was_told(record, before)
    return _written(
        record if was is None else was,
        action=action,
        status=EditStatus.PROPOSED if waits else EditStatus.APPLIED,
        object_id=record.pk,
        before=before,
        after=after,
        user=user,
        reason=reason,
    )


def _keep_what_was_told(claim: Claim, before: Image) -> None:
    """Have the statements that told what the claim said until now still tell it.

    What a statement told is what the claim says, unless the statement has it itself
    (:mod:`reinsurance.ledger.descriptions`).
    """
    told = {name: table_column(name) for name in FIELDS}
    lost = {name: before[column] for name, column in told.items() if column in before}
    for statement in ClaimStatement.objects.filter(position__claim=claim):
        images = {
            name: text
            for name, text in lost.items()
            if statement.told >> FIELDS.index(name) & 1
        }
        if images:
            statement.values = {**images, **(statement.values or {})}
            statement.save(update_fields=["values"])


def delete(*, record: models.Model, user: User, reason: str) -> Edit:
    """Delete the record and what goes with it, or propose to."""
    waits = needs_second_person(record)
    edit = _written(
        record,
        action="deleted",
        status=EditStatus.PROPOSED if waits else EditStatus.APPLIED,
        object_id=record.pk,
        before=_filled(image_of(record)),
        after={},
        user=user,
        reason=reason,
    )
    if not waits:
        _delete(record)
    return edit


def _written(record: models.Model, **values: Any) -> Edit:
    treaty = treaty_of(record)
    is_term = isinstance(record, TERMS) and treaty is not None and treaty.pk
    is_proposed = values["status"] == EditStatus.PROPOSED
    is_gone = values["action"] == "deleted" and not is_proposed
    return Edit.objects.create(
        model=str(record._meta.model_name),
        reference=str(record)[:200],
        cedant_id=_cedant_of(record),
        treaty=None if is_gone and record == treaty else treaty if is_term else None,
        proposed_at=timezone.now() if is_proposed else None,
        **values,
    )


def _cedant_of(record: models.Model) -> int | None:
    if isinstance(record, Party):
        return None
    treaty = treaty_of(record)
    return treaty.cedant_id if treaty else None


def _delete(record: models.Model) -> None:
    """Delete it; a deletion is told of each record that goes with it."""
    found = NestedObjects(using=DEFAULT_DB_ALIAS)
    found.collect([record])
    Deletion.objects.bulk_create(
        Deletion(
            model=str(model._meta.model_name),
            object_id=gone.pk,
            reference=str(gone)[:200],
            cedant_id=_cedant_of(gone),
        )
        for model, records in found.data.items()
        if issubclass(model, Record)
        for gone in records
    )
    record.delete()


# ------------------------------------------------------------------ the second person
@transaction.atomic
def apply(*, edit: Edit, user: User) -> None:
    """Do what another person proposed.

    Raises EditError where it was decided already, where ``user`` proposed it, where
    the record is not any more what it was then, or where the books do not allow it.
    """
    found = _undecided(edit, user)
    model = next(kind for kind in TERMS if kind._meta.model_name == found.model)
    if found.action == "added":
        record: Any = model()
    else:
        rows = model._base_manager.select_for_update()
        record = rows.filter(pk=found.object_id or 0).first()
        if record is None:
            raise EditError("The record was deleted meanwhile. Refuse the change.")
        _require_as_before(record, found)
    if found.action == "deleted":
        _delete(record)
        if model is Treaty:
            found.treaty = None
    else:
        _set(record, found.after)
        found.object_id = record.pk
    _decide(found, user, EditStatus.APPLIED)


@transaction.atomic
def refuse(*, edit: Edit, user: User) -> None:
    """Leave what another person proposed undone.

    Raises EditError where it was decided already or where ``user`` proposed it.
    """
    _decide(_undecided(edit, user), user, EditStatus.REFUSED)


def _undecided(edit: Edit, user: User) -> Edit:
    found = Edit.objects.select_for_update().get(pk=edit.pk)
    if found.status != EditStatus.PROPOSED:
        raise EditError(f"This change is decided already: {found.status}.")
    if found.user_id == user.pk:
        raise EditError(
            "You proposed this change yourself. Somebody else has to decide it."
        )
    return found


def _require_as_before(record: models.Model, edit: Edit) -> None:
    now = image_of(record)
    moved = [name for name, value in edit.before.items() if now.get(name) != value]
    if moved:
        fields = fields_of(type(record))
        names = ", ".join(str(fields[name].verbose_name) for name in moved)
        raise EditError(
            f"Since the change was proposed, this has become another: {names}. "
            "Refuse the change, and propose it anew."
        )


def _set(record: models.Model, after: Image) -> None:
    fields = fields_of(type(record))
    for name, value in after.items():
        setattr(record, fields[name].attname, fields[name].to_python(value))
    try:
        record.full_clean()
    except ValidationError as error:
        said = " ".join(error.messages)
        raise EditError(f"The change does not fit the books: {said}") from error
    following.save(record)


def _decide(edit: Edit, user: User, status: EditStatus) -> None:
    edit.status = status
    edit.confirmed_by = user
    edit.decided_at = timezone.now()
    if status == EditStatus.APPLIED:
        edit.at = edit.decided_at
    edit.save()
