"""What a correction leaves out of the contracts and periods that it speaks for."""

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.held_out import HeldOut, frame_of, is_held_then
from reinsurance.ledger.lacking_others import still_counting, told_last
from reinsurance.ledger.lacking_premiums import (
    missing_premiums,
    premium_name,
    still_standing,
)
from reinsurance.ledger.lineage_ranges import loads_before, told_by
from reinsurance.ledger.spoken_for import Period
from reinsurance.ledger.statements import REPEATED
from reinsurance.models import ClaimPosition

PRESENT_CLAIMS = {"position": pl.Int64, "period_end": pl.Date}
PRESENT_PREMIUMS = {"entry": pl.Int64}


@dataclass(frozen=True, slots=True)
class Lacked:
    """A position or premium entry that was told for a period and is missing now.

    ``stands``: in words, what somebody else told of it for the period and stays;
    ``back``: of premium, keys of the entries that stand by that.  ``counts``: it does
    now; if not, it did at the end of the correction's period alone.  ``is_replaced``:
    that other word took its place before, so that leaving it out changes no sum.
    """

    key: int
    name: str
    period_end: datetime.date | None
    stands: str = ""
    back: tuple[int, ...] = ()
    counts: bool = True
    is_replaced: bool = False

    @property
    def takes_away(self) -> bool:
        """Whether it is part of the sums of the books now."""
        return self.counts and not self.is_replaced

    @property
    def fate(self) -> str:
        """What becomes of it after the load."""
        if not self.counts:
            later = f"; {self.stands}, and that stays" if self.stands else ""
            return (
                "After the load that does not count at the end of this correction's "
                f"period any more{later}."
            )
        if not self.stands:
            return "After the load that does not count any more."
        return (
            "After the load what this sender told of it does not count any more, but "
            f"{self.stands}. If that is not meant, it has to be taken back as well."
        )


def lacked_by(
    cursor: Any,
    ledger: str,
    *,
    number: int,
    sender: int | None,
    periods: Sequence[Period],
    present: Sequence[pl.DataFrame],
    held_out: Iterable[HeldOut],
    listing: Callable[[], Collection[int]],
    lists_year: bool = False,
    also_then: bool = False,
) -> list[Lacked]:
    """What was told before for these contracts and periods, and is not told again.

    ``periods``: contract, start (None: any; of claims it does not matter) and end;
    ``present``: what the file tells again; ``held_out``: what its rejected rows name;
    ``lists_year``: the file lists premium of the year to date, so that the year up to
    each end is its period; ``listing``: keys of all senders who do; ``also_then``: with
    what such a list, as a correction, leaves out of its own period's end alone.
    """
    pairs = pl.DataFrame(
        list(periods),
        schema={"treaty": pl.Int64, "period_start": pl.Date, "period_end": pl.Date},
        orient="row",
    )
    if ledger == "claims":
        told = [pl.DataFrame(schema=PRESENT_CLAIMS), *present]
        found = _lacked(
            cursor,
            sender=sender,
            number=number,
            pairs=pairs.select("treaty", "period_end"),
            present=pl.concat(told).unique(),
            named=frame_of(held_out),
        )
        return _named_positions(
            still_counting(cursor, found, number=number, sender=sender)
        )
    told = [pl.DataFrame(schema=PRESENT_PREMIUMS), *present]
    missing = missing_premiums(
        cursor,
        pairs,
        number=number,
        sender=sender,
        told=pl.concat(told)["entry"],
        held_out=frame_of(held_out),
        lists_year=lists_year,
        also_then=also_then,
    )
    if not lists_year:
        missing = still_standing(
            cursor, missing, number=number, sender=sender, listing=listing()
        )
    return [
        Lacked(
            row["entry"],
            premium_name(row),
            row["period_end"],
            row["stands"] or "",
            tuple(row["back"] or ()),
            counts=row["day"] is None,
            is_replaced=row["is_replaced"],
        )
        for row in missing.iter_rows(named=True)
    ]


def lacked_claims(
    cursor: Any,
    pairs: pl.DataFrame,
    *,
    number: int,
    sender: int | None,
) -> pl.DataFrame:
    """What the sender told before of contracts and periods that a file does not name.

    ``treaty``, ``claim``, ``reference``, ``position``, ``period_end`` of what counts as
    yet, and ``number``, the file that told it last.
    """
    found = _told(cursor, sender=sender, number=number, pairs=pairs)
    return told_last(cursor, found, number=number, sender=sender)


def _named_positions(found: pl.DataFrame) -> list[Lacked]:
    positions = ClaimPosition.all_objects.filter(
        pk__in=found["position"].unique().to_list()
    ).select_related("claim")
    names = {position.pk: f"Claim {position}" for position in positions}
    return [
        Lacked(
            row["position"],
            names[row["position"]],
            row["period_end"],
            row["stands"] or "",
        )
        for row in found.sort("position", "period_end").iter_rows(named=True)
    ]


def _lacked(
    cursor: Any,
    *,
    sender: int | None,
    number: int,
    pairs: pl.DataFrame,
    present: pl.DataFrame,
    named: pl.DataFrame,
) -> pl.DataFrame:
    """Statements that a correction lacks: position, claim, contract, period.

    ``pairs``: ``treaty`` and ``period_end`` that its rows are for; ``present``:
    ``position`` and ``period_end`` of its rows; ``named``: ``treaty``, ``reference``
    and ``held_end`` of the claims that rows held out are about.
    """
    told = _told(cursor, sender=sender, number=number, pairs=pairs)
    missing = told.join(present, on=["position", "period_end"], how="anti")
    key = ["treaty", "reference"]
    held = missing.join(named, on=key).filter(is_held_then())
    return missing.join(held, on=[*key, "period_end"], how="anti").drop("reference")


def _told(
    cursor: Any, *, sender: int | None, number: int, pairs: pl.DataFrame
) -> pl.DataFrame:
    """What files of the sender, received before a number, told of the ``pairs``."""
    schema = {
        "position": pl.Int64(),
        "claim": pl.Int64(),
        "period_end": pl.Date(),
        "treaty": pl.Int64(),
        "reference": pl.String(),
    }
    wanted = pairs.drop_nulls().unique()
    if not wanted.height:
        return pl.DataFrame(schema=schema)
    sought(
        cursor,
        "spoken_for",
        treaty=("bigint", wanted["treaty"]),
        period_end=("date", wanted["period_end"]),
    )
    loads = loads_before(number, sender)
    with by_index(cursor):
        return copy_out(
            cursor,
            f"""
            SELECT DISTINCT p.id, p.claim_id, s.period_end, c.treaty_id, c.reference
            FROM spoken_for k
            JOIN reinsurance_claim c ON c.treaty_id = k.treaty
            JOIN reinsurance_claimposition p ON p.claim_id = c.id
            JOIN reinsurance_claimstatement s ON s.position_id = p.id
                AND s.period_end = k.period_end
            WHERE {told_by("s.id", "s.load_id", REPEATED, loads)}
            """,  # noqa: S608 our names and numbers
            schema,
        )
