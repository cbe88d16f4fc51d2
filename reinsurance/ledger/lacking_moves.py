"""By how much the books change by what a correction leaves out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import TOLD
from reinsurance.ledger.claim_corrections import claims_held_out, lacking_dropped
from reinsurance.ledger.held_out import HeldOut, frame_of
from reinsurance.ledger.lacking import Lacked
from reinsurance.ledger.paid_periods import paid_by_period
from reinsurance.ledger.premium_moves import premium_in
from reinsurance.ledger.statements import live_statements, without_lacked
from reinsurance.models import ClaimPosition, PremiumEntry

Moves = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Changes:
    """By how much positions of claims change that a correction leaves out.

    ``positions``: ``position``, ``period_end`` that it stands at, ``paid`` and
    ``incurred``: a line below zero for what it stood at, one for what it stands at
    after it; ``periods``: ``position``, ``period_end`` and ``paid`` within each period.
    ``before`` and ``after``: as ``positions``, what they stand at at each end.
    """

    positions: pl.DataFrame
    periods: pl.DataFrame
    before: pl.DataFrame
    after: pl.DataFrame


_PAID = {
    "position": pl.Int64(),
    "period_end": pl.Date(),
    "paid": timelines.MONEY,
}
_SUMS = {**_PAID, "incurred": timelines.MONEY}
NO_CHANGES = Changes(
    pl.DataFrame(schema=_SUMS),
    pl.DataFrame(schema=_PAID),
    pl.DataFrame(schema=_SUMS),
    pl.DataFrame(schema=_SUMS),
)


Own = Callable[[pl.Series], tuple[pl.DataFrame, pl.DataFrame]]
"""What rows of a file that is not loaded yet tell of positions of the books.

Their statements, and ``row`` and ``statement`` of those that repeat one.
"""


def changes_of_claims(
    cursor: Any,
    lacked: Iterable[Lacked],
    *,
    number: int,
    sender: int | None,
    periods: Iterable[tuple[int, Any]],
    held_out: Iterable[HeldOut],
    own: Own | None,
) -> Changes:
    """What leaving out does to positions, beside what the file's rows do to them.

    Inside a transaction, before the correction (``number``) is loaded, with its ``own``
    statements, or after.  ``held_out``: what its rejected rows name.
    """
    keys = pl.Series([x.key for x in lacked], dtype=pl.Int64).unique()
    told = live_statements(cursor, keys, correction=number)
    if own is not None and told.height:
        told = _with_own(cursor, told, own(keys), number=number, sender=sender)
    if not told.height:
        return NO_CHANGES
    pairs = pl.DataFrame(
        list(set(periods)),
        schema={"treaty": pl.Int64, "period_end": pl.Date},
        orient="row",
    )
    its = pl.lit(number, pl.Int64)
    named = claims_held_out(cursor, frame_of(held_out).with_columns(correction=its))
    mine = pairs.with_columns(correction=its, sender=pl.lit(sender, pl.Int64)).join(
        named, on="correction", how="left"
    )
    before = timelines.timeline(told)
    left = lacking_dropped(told, mine)
    after = timelines.timeline(left)
    gone = _sums(timelines.latest(before)).with_columns(-pl.col("paid", "incurred"))
    paid = paid_by_period(told, before).with_columns(-pl.col("paid"))
    return Changes(
        pl.concat([gone, _sums(timelines.latest(after))]),
        pl.concat([paid, paid_by_period(left, after)]).group_by(timelines.KEY).sum(),
        _sums(before),
        _sums(after),
    )


def _with_own(
    cursor: Any,
    told: pl.DataFrame,
    own: tuple[pl.DataFrame, pl.DataFrame],
    *,
    number: int,
    sender: int | None,
) -> pl.DataFrame:
    """The statements of the books and those of a file to come, repeats included."""
    new, repeats = own
    columns = [n for n in new.columns if n in told.columns or n in TOLD]
    places = told.select("position", "claim", "treaty").unique()
    new = new.select(n for n in columns if n not in {"claim", "treaty", "load"})
    again = told.drop("row").join(repeats, on="statement")
    mine = pl.concat(
        [new.join(places, on="position"), again], how="diagonal_relaxed"
    ).with_columns(
        number=pl.lit(number, pl.Int64),
        sender=pl.lit(sender, pl.Int64),
        is_correction=pl.lit(value=True),
    )
    every = pl.concat([told, mine], how="diagonal_relaxed")
    return without_lacked(cursor, every, but=number)


def moves_of_claims(changed: Changes) -> Moves:
    """Paid and incurred by currency, as ``paid GBP`` and ``incurred GBP``."""
    sums = changed.positions.group_by("position", maintain_order=True).agg(
        pl.col("paid", "incurred").sum()
    )
    keys = sums["position"].to_list()
    currencies = dict(
        ClaimPosition.all_objects.filter(pk__in=keys).values_list("pk", "currency_id")
    )
    found: Moves = {}
    for position, paid, incurred in sums.iter_rows():
        for name, amount in (("paid", paid), ("incurred", incurred)):
            if amount:
                key = f"{name} {currencies[position]}"
                found[key] = found.get(key, Decimal(0)) + amount
    return found


def _sums(line: pl.DataFrame) -> pl.DataFrame:
    """``position``, ``period_end``, ``paid`` and ``incurred`` of a timeline."""
    paid = [n for n in ("paid_indemnity", "paid_fees") if n in line.columns]
    held = [n for n in ("reserve_indemnity", "reserve_fees") if n in line.columns]

    def summed(*names: str) -> pl.Expr:
        nil = pl.lit(0, timelines.MONEY)
        filled = (pl.col(n).fill_null(0) for n in names)
        return pl.sum_horizontal(nil, *filled).cast(timelines.MONEY)

    return line.select(
        *timelines.KEY, paid=summed(*paid), incurred=summed(*paid, *held)
    )


def moves_of_premiums(lacked: Iterable[Lacked]) -> Moves:
    """Gross premium by currency and share (:func:`premium_moves.premium_in`)."""
    found: Moves = {}
    every = [x for x in lacked if x.takes_away]
    for sign, keys in (
        (-1, [x.key for x in every]),
        (1, [key for x in every for key in x.back]),
    ):
        rows = PremiumEntry.all_objects.filter(pk__in=keys)
        told = ("currency_id", "amounts_are", "gross_premium")
        for currency, share, amount in rows.values_list(*told):
            key = premium_in(currency, share)
            found[key] = found.get(key, Decimal(0)) + sign * (amount or Decimal(0))
    return found
