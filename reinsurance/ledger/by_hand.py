"""Amounts that a person tells: a statement like that of a file's row, with a reason.

It comes after all files that are loaded by then and before every later one.  It is
withdrawn as a file is undone.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    FIRST_ROW_BY_HAND,
    PAID,
    POSITION,
    THIS_PERIOD,
    TO_DATE,
    amounts_of,
    label_of,
    told_as,
)
from reinsurance.ledger.descriptions import PARTS, bit_of
from reinsurance.ledger.moving import take_turn
from reinsurance.ledger.overlaps import CountsTwiceError, require_no_overlap
from reinsurance.ledger.periods import MOST_DAYS_OFF, snapped
from reinsurance.ledger.position_books import PositionBooks, books_of
from reinsurance.ledger.recompute import recompute
from reinsurance.ledger.statements import CLAIMS, live_statements
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    ClaimStatus,
    Edit,
    Load,
)
from reinsurance.visibility import seen_by

_SAID_ALREADY = "The books say that already: nothing would change."
_NOTHING_NEW = {
    THIS_PERIOD: "The books would stay as they are: they say that already, or what was "
    "paid by the end of the period is told otherwise. Tell it to date."
}
MOST = Decimal(10) ** 16
DECIMALS = 4
WITHDRAW_OTHERS = "importers.undo_ingestion"
"""Permission to withdraw what somebody else told."""
Image = dict[str, str | None]


class TellingError(Exception):
    """The amounts cannot be told, or not withdrawn; the message says why."""


@transaction.atomic
def tell(
    position: ClaimPosition,
    *,
    period_end: date,
    amounts: Mapping[str, Decimal],
    basis: str,
    status: ClaimStatus | None = None,
    user: User,
    reason: str,
) -> ClaimStatement:
    """Tell amounts of a position for a period, by their names in POSITION.

    ``basis``, ``to_date`` or ``this_period``: of what is paid and recovered; the others
    stand as at the end of the period.  Raises TellingError.
    """
    why = reason.strip()
    if not why:
        raise TellingError("Say why the amount is corrected.")
    take_turn()
    rows = ClaimPosition.objects.select_related("claim__treaty", "currency")
    found = seen_by(rows, user).filter(pk=position.pk).first()
    if found is None:
        raise TellingError("There is no such position.")
    _require_amounts(found, amounts, basis)
    end = _period(period_end)
    with connection.cursor() as cursor:
        books = books_of(cursor, found)
        start = books.told_for(end).get("period_start") or end.replace(day=1)
        for name, amount in amounts.items():
            if name in PAID:
                _require_fitting(books, name, amount, basis, start, end)
        columns = {told_as(n, basis) if n in PAID else n: a for n, a in amounts.items()}
        statement = _write(found, columns, user, why)
        statement.period_start, statement.period_end = start, end
        statement.status = status
        statement.save()
        before = _image(books.held_at(end), amounts)
        after = _settled(cursor, found, end, amounts, keeps_status=status is None)
    if before == after and status is None:
        raise TellingError(_NOTHING_NEW.get(basis, _SAID_ALREADY))
    _note(found, end, before, after, user, why)
    return statement


@transaction.atomic
def withdraw(statement: ClaimStatement, *, user: User) -> None:
    """Take back what the user told, or, if they may undo files, what anybody did.

    Raises TellingError.
    """
    take_turn()
    rows = ClaimStatement.objects.select_related("position__claim__treaty", "load")
    found = seen_by(rows, user).filter(pk=statement.pk).first()
    if found is None or found.period_end is None:
        raise TellingError("There is no such statement.")
    if found.load.user_id is None:
        raise TellingError("A file told this: undo the file, or correct the amount.")
    if found.load.undone_at is not None:
        raise TellingError("This is withdrawn already.")
    if found.load.user_id != user.pk and not user.has_perm(WITHDRAW_OTHERS):
        raise TellingError("Somebody else told this. Ask them, or a manager.")
    position, end = found.position, found.period_end
    names = amounts_of(found)
    with connection.cursor() as cursor:
        before = _image(books_of(cursor, position).held_at(end), names)
        found.load.undone_at = timezone.now()
        found.load.save(update_fields=["undone_at"])
        _require_no_overlap(cursor, position)
        keeps = found.status_id is None
        after = _settled(cursor, position, end, names, keeps_status=keeps)
    _note(position, end, before, after, user, f"Withdrawn: {found.load.reason}")


def may_withdraw(statement: ClaimStatement, user: User) -> bool:
    """Whether the user may withdraw it: a person's statement that stands."""
    load = statement.load
    stands = load.user_id is not None and load.undone_at is None
    return stands and (load.user_id == user.pk or user.has_perm(WITHDRAW_OTHERS))


# ------------------------------------------------------------------- what is refused
def _require_no_overlap(cursor: Any, position: ClaimPosition) -> None:
    try:
        require_no_overlap(live_statements(cursor, pl.Series([position.pk])))
    except CountsTwiceError as problem:
        raise TellingError(str(problem)) from problem


def _require_amounts(
    position: ClaimPosition, amounts: Mapping[str, Decimal], basis: str
) -> None:
    if not amounts:
        raise TellingError("Tell at least one amount.")
    if unknown := [name for name in amounts if name not in POSITION]:
        raise TellingError(f"There is no amount “{unknown[0]}”.")
    if basis not in (TO_DATE, THIS_PERIOD):
        raise TellingError("An amount is told to date or for this period.")
    units = min(position.currency.minor_units, DECIMALS)
    for name, amount in amounts.items():
        if not amount.is_finite() or abs(amount) >= MOST:
            raise TellingError(f"The amount of {label_of(name)} is out of bounds.")
        if amount != round(amount, units):
            many = f"at most {units} decimals" if units else "no decimals"
            raise TellingError(f"Amounts in {position.currency_id} have {many}.")


def _period(day: date) -> date:
    end = snapped(day)
    if end is None:
        raise TellingError(
            f"{_day(day)} is no end of a month: it is more than {MOST_DAYS_OFF} days "
            "before it. Give the period's last day."
        )
    if end.replace(day=1) > timezone.localdate():
        raise TellingError(f"The period to {_day(end)} has not begun yet.")
    return end


def _require_fitting(
    books: PositionBooks, name: str, amount: Decimal, basis: str, start: date, end: date
) -> None:
    """Raise TellingError where it contradicts what is told in the other basis."""
    if not books.told.height:
        return
    this = told_as(name, THIS_PERIOD)
    first = start if basis == THIS_PERIOD else end
    if this in books.told.columns:
        others = books.told.filter(
            pl.col(this).is_not_null()
            & (pl.col("period_end") != end)
            & (pl.col("period_end") >= first)
            & (pl.col("period_start") <= end)
        )
        if others.height:
            other = others.row(0, named=True)
            raise TellingError(
                f"Number {other['number']} told what was paid from "
                f"{_day(other['period_start'])} to {_day(other['period_end'])}, which "
                "overlaps: correct that period instead."
            )
    to_date = books.told_for(end).get(told_as(name, TO_DATE))
    if basis != THIS_PERIOD or to_date is None:
        return
    previous = books.line.filter(pl.col("period_end") < end)
    held = timelines.latest(previous).to_dicts() if previous.height else []
    sum_of = ((held[0].get(name) if held else None) or Decimal(0)) + amount
    if sum_of != to_date:
        raise TellingError(
            f"For this period {label_of(name)} was told to date: "
            f"{to_date.normalize():f}. Tell what it comes to at its end; "
            f"{sum_of.normalize():f} would be to date."
        )


# ------------------------------------------------------------------- what is written
def _write(
    position: ClaimPosition, columns: Mapping[str, Decimal], user: User, reason: str
) -> ClaimStatement:
    """A statement, not saved yet, of a load of its own that comes last by now."""
    newest = Load.objects.aggregate(number=Max("number"))["number"] or 0
    own = ClaimStatement.objects.filter(
        position=position, load__number=newest, load__user__isnull=False
    )
    row = own.aggregate(next=Max("row") + 1)["next"] or FIRST_ROW_BY_HAND
    load = Load.objects.create(
        number=newest,
        record_type=CLAIMS,
        user=user,
        reason=reason[:400],
        told=list(columns),
    )
    told = sum(bit_of(part) for part in PARTS if getattr(position, part))
    return ClaimStatement(position=position, load=load, row=row, told=told, **columns)


def _settled(
    cursor: Any, position: ClaimPosition, end: date, names: Any, *, keeps_status: bool
) -> Image:
    """What holds at the end of the period once the position is worked out anew.

    ``keeps_status``: no status was told, so that the claim's stays what it is.
    """
    was = Claim.all_objects.values("status", "date_closed").get(pk=position.claim_id)
    recompute(cursor, pl.Series([position.pk], dtype=pl.Int64))
    if keeps_status:
        Claim.all_objects.filter(pk=position.claim_id).update(**was)
    return _image(books_of(cursor, position).held_at(end), names)


def _image(held: Mapping[str, Any], names: Any) -> Image:
    values = {name: held.get(name) for name in names}
    return {n: None if v is None else f"{v:.{DECIMALS}f}" for n, v in values.items()}


def _note(
    position: ClaimPosition,
    end: date,
    before: Image,
    after: Image,
    user: User,
    reason: str,
) -> None:
    """The change by hand, of what holds at the end of the period."""
    Edit.objects.create(
        model="claimposition",
        object_id=position.pk,
        reference=f"{position} at {_day(end)}"[:200],
        cedant_id=position.claim.treaty.cedant_id,
        action="changed",
        before=before,
        after=after,
        user=user,
        reason=reason[:400],
    )


def _day(day: date) -> str:
    return date_format(day, "j M Y")
