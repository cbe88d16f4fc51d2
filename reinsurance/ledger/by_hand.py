"""Amounts that a person tells: a statement like that of a file's row, with a reason.

It comes after all files that are received by then, loaded or not, and before every
later one.  It is withdrawn as a file is undone.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from reinsurance.ledger.amounts import (
    FIRST_ROW_BY_HAND,
    PAID,
    THIS_PERIOD,
    WITHDRAWN,
    amounts_of,
    told_as,
)
from reinsurance.ledger.claim_corrections import CLAIMS
from reinsurance.ledger.descriptions import PARTS, bit_of
from reinsurance.ledger.hand_refusals import (
    DECIMALS,
    TellingError,
    day_of,
    is_of_period,
    period_to,
    require_amounts,
    require_fitting,
    require_meant,
    start_of,
)
from reinsurance.ledger.hand_rules import issues_of
from reinsurance.ledger.kept_apart import require_kept_apart
from reinsurance.ledger.moving import take_turn
from reinsurance.ledger.overlaps import CountsTwiceError, require_no_overlap
from reinsurance.ledger.position_books import books_of
from reinsurance.ledger.receipts import next_number
from reinsurance.ledger.recompute import recompute
from reinsurance.ledger.statements import live_statements
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
WITHDRAW_OTHERS = "importers.undo_ingestion"
"""Permission to withdraw what somebody else told."""
Image = dict[str, str | None]


@transaction.atomic
def tell(
    position: ClaimPosition,
    *,
    period_end: date,
    period_start: date | None = None,
    amounts: Mapping[str, Decimal],
    basis: str,
    status: ClaimStatus | None = None,
    user: User,
    reason: str,
    is_meant: bool = False,
) -> ClaimStatement:
    """Tell amounts of a position for a period, by their names in POSITION.

    ``basis``, ``to_date`` or ``this_period``: of what is paid and recovered; the others
    stand as at the end of the period.  ``period_start``: has to be told of an amount of
    the period alone, unless it is known from what files told.  ``is_meant``: whatever a
    file would be warned of.  Raises TellingError, and NotMeantError.
    """
    why = _reason_of(reason)
    take_turn()
    rows = ClaimPosition.objects.select_related("claim__treaty", "currency")
    found = seen_by(rows, user).filter(pk=position.pk).first()
    if found is None:
        raise TellingError("There is no such position.")
    require_amounts(found, amounts, basis)
    end = period_to(period_end)
    with connection.cursor() as cursor:
        books = books_of(cursor, found)
        start = start_of(books, end, period_start, asks=is_of_period(amounts, basis))
        for name, amount in amounts.items():
            if name in PAID:
                require_fitting(books, name, amount, basis, start, end)
        columns = {told_as(n, basis) if n in PAID else n: a for n, a in amounts.items()}
        known = issues_of(cursor, found, end)["message"].to_list()
        statement = _write(found, columns, user, why)
        statement.period_start, statement.period_end = start, end
        statement.status = status
        statement.save()
        before = _image(books.held_at(end), amounts)
        after = _settled(cursor, found, end, amounts, keeps_status=status is None)
        issues = issues_of(cursor, found, end, was=books.line)
        require_meant(issues, known, is_meant=is_meant)
    if before == after and status is None:
        raise TellingError(_NOTHING_NEW.get(basis, _SAID_ALREADY))
    _note(found, end, before, after, user, why)
    return statement


def _reason_of(reason: str) -> str:
    """Why an amount is told; TellingError where it reads as that of a withdrawal."""
    why = reason.strip()
    if not why:
        raise TellingError("Say why the amount is corrected.")
    if why.startswith(WITHDRAWN.strip()):
        raise TellingError("To withdraw an amount, press Withdraw beside it.")
    return why


def held(position: ClaimPosition, name: str, day: date) -> Decimal | None:
    """What an amount of the position stands at, at the end of the period to a day.

    Raises TellingError where the day is no end of a period.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        return books_of(cursor, position).held_at(period_to(day)).get(name)


@transaction.atomic
def withdraw(
    statement: ClaimStatement, *, user: User, reason: str, is_meant: bool = False
) -> None:
    """Take back what the user told, or, if they may undo files, what anybody did.

    Raises TellingError, and NotMeantError where rules for files say more of what is
    left, unless ``is_meant``.
    """
    why = reason.strip()
    if not why:
        raise TellingError("Say why the amount is withdrawn.")
    take_turn()
    found = require_withdrawable(statement, user)
    position, end = found.position, found.period_end
    if end is None:
        raise TellingError("There is no such statement.")
    names = amounts_of(found)
    with connection.cursor() as cursor:
        books = books_of(cursor, position)
        before = _image(books.held_at(end), names)
        known = issues_of(cursor, position, end)["message"].to_list()
        found.load.undone_at = timezone.now()
        found.load.save(update_fields=["undone_at"])
        _require_clear(cursor, position, found.load)
        keeps = found.status_id is None
        after = _settled(cursor, position, end, names, keeps_status=keeps)
        issues = issues_of(cursor, position, end, was=books.line)
        require_meant(issues, known, is_meant=is_meant, may_be_wrong=True)
    _note(position, end, before, after, user, f"{WITHDRAWN}{why}")


def require_withdrawable(statement: ClaimStatement, user: User) -> ClaimStatement:
    """The statement as it stands; TellingError where the user cannot withdraw it."""
    rows = ClaimStatement.objects.select_related("position__claim__treaty", "load")
    found = seen_by(rows, user).filter(pk=statement.pk).first()
    if found is None:
        raise TellingError("There is no such statement.")
    if found.load.user_id is None:
        raise TellingError("A file told this: undo the file, or correct the amount.")
    if found.load.undone_at is not None:
        raise TellingError("This is withdrawn already.")
    if found.load.user_id != user.pk and not user.has_perm(WITHDRAW_OTHERS):
        raise TellingError("Somebody else told this. Ask them, or a manager.")
    return found


def may_withdraw(statement: ClaimStatement, user: User) -> bool:
    """Whether the user may withdraw it: a person's statement that stands."""
    load = statement.load
    stands = load.user_id is not None and load.undone_at is None
    return stands and (load.user_id == user.pk or user.has_perm(WITHDRAW_OTHERS))


def _require_clear(cursor: Any, position: ClaimPosition, taken_back: Load) -> None:
    """Raise TellingError where payments would count twice without what was told."""
    keys = pl.Series([position.pk], dtype=pl.Int64)
    try:
        require_kept_apart(cursor, keys, load=taken_back.pk)
        require_no_overlap(live_statements(cursor, keys))
    except CountsTwiceError as problem:
        raise TellingError(str(problem)) from problem


# ------------------------------------------------------------------- what is written
def _write(
    position: ClaimPosition, columns: Mapping[str, Decimal], user: User, reason: str
) -> ClaimStatement:
    """A statement, not saved yet, of a load of its own that comes last by now."""
    load = Load.objects.create(
        number=next_number(),
        record_type=CLAIMS,
        user=user,
        reason=reason[:400],
        told=list(columns),
    )
    told = sum(bit_of(part) for part in PARTS if getattr(position, part))
    return ClaimStatement(
        position=position, load=load, row=FIRST_ROW_BY_HAND, told=told, **columns
    )


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
        reference=f"{position} at {day_of(end)}"[:200],
        cedant_id=position.claim.treaty.cedant_id,
        action="changed",
        before=before,
        after=after,
        user=user,
        reason=reason[:400],
    )
