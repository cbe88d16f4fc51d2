"""What amounts are not taken from a person, or only where they are meant."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.utils import timezone
from django.utils.formats import date_format

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    FIRST_ROW_BY_HAND,
    PAID,
    POSITION,
    THIS_PERIOD,
    TO_DATE,
    label_of,
    told_as,
)
from reinsurance.ledger.periods import MOST_DAYS_OFF, snapped
from reinsurance.ledger.position_books import PositionBooks
from reinsurance.models import ClaimPosition, Load

_MOST = Decimal(10) ** 16
DECIMALS = 4
"""Decimals of the books' amounts."""


class TellingError(Exception):
    """The amounts cannot be told, or not withdrawn; the message says why."""


class NotMeantError(TellingError):
    """A file with the amounts would be warned of, and nobody said that it is meant."""

    def __init__(self, warnings: list[str]) -> None:
        super().__init__(" ".join(warnings))
        self.warnings = warnings


def require_meant(
    issues: pl.DataFrame,
    known: list[str],
    *,
    is_meant: bool,
    may_be_wrong: bool = False,
) -> None:
    """Raise where the rules for files say more of the position than before.

    ``may_be_wrong``: what would hold a row out may be meant, too.
    """
    new = issues.filter(~pl.col("message").is_in(known))
    wrong = (
        []
        if may_be_wrong
        else new.filter(pl.col("severity") == "error")["message"].to_list()
    )
    if wrong:
        raise TellingError(" ".join(wrong))
    if new.height and not is_meant:
        raise NotMeantError(new["message"].unique(maintain_order=True).to_list())


def require_amounts(
    position: ClaimPosition, amounts: Mapping[str, Decimal], basis: str
) -> None:
    """Raise TellingError unless the position can have these amounts."""
    if not amounts:
        raise TellingError("Tell at least one amount.")
    if unknown := [name for name in amounts if name not in POSITION]:
        raise TellingError(f"There is no amount “{unknown[0]}”.")
    if basis not in (TO_DATE, THIS_PERIOD):
        raise TellingError("An amount is told to date or for this period.")
    units = min(position.currency.minor_units, DECIMALS)
    for name, amount in amounts.items():
        if not amount.is_finite() or abs(amount) >= _MOST:
            raise TellingError(f"The amount of {label_of(name)} is out of bounds.")
        if amount != round(amount, units):
            many = f"at most {units} decimals" if units else "no decimals"
            raise TellingError(f"Amounts in {position.currency_id} have {many}.")


def period_to(day: date) -> date:
    """The last day of the month that ends on the day or just after; TellingError."""
    end = snapped(day)
    if end is None:
        raise TellingError(
            f"{day_of(day)} is no end of a month: it is more than {MOST_DAYS_OFF} days "
            "before it. Give the period's last day."
        )
    if end.replace(day=1) > timezone.localdate():
        raise TellingError(f"The period to {day_of(end)} has not begun yet.")
    return end


def is_of_period(amounts: Mapping[str, Decimal], basis: str) -> bool:
    """Whether any of the amounts is of the period alone."""
    return basis == THIS_PERIOD and any(name in PAID for name in amounts)


def start_of(books: PositionBooks, end: date, told: date | None, *, asks: bool) -> date:
    """The first day of the period: as files told it, else as ``told``.

    ``asks``: it matters, as amounts are of the period alone; raises TellingError where
    it is not known, or is another.
    """
    known: date | None = books.told_for(end).get("period_start")
    if not asks:
        return known or end.replace(day=1)
    if known is None and told is None:
        raise TellingError(
            f"Say from when: what was paid in the period to {day_of(end)} may be of a "
            "month, a quarter or a year. Give the period's first day."
        )
    if told and (told.day != 1 or told > end):
        raise TellingError(
            f"{day_of(told)} is no beginning of a period to {day_of(end)}: give the "
            "first day of its first month."
        )
    if known and told and known != told:
        raise TellingError(
            f"The period to {day_of(end)} was told from {day_of(known)}, not from "
            f"{day_of(told)}: tell what was paid since then, or what was paid to date."
        )
    return known or told or end


def require_fitting(
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
            who = _teller(books.teller_of(other["period_end"], this))
            raise TellingError(
                f"{who} told what was paid from "
                f"{day_of(other['period_start'])} to {day_of(other['period_end'])}, "
                "which overlaps: correct that period instead."
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


def _teller(statement: Mapping[str, Any]) -> str:
    """In words: the file that told a statement, or the person and when."""
    if statement["row"] < FIRST_ROW_BY_HAND:
        return f"Number {statement['number']}"
    load = Load.objects.select_related("user").get(pk=statement["load"])
    return f"An amount by hand ({load.user}, {day_of(load.loaded_at.date())})"


def day_of(day: date) -> str:
    """``1 Jan 2026``."""
    return date_format(day, "j M Y")
