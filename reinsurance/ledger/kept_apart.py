"""Positions of a claim that are not told apart any more once a word is taken back.

What was told without a section (or risk code) is filled in by a word that has one, and
every further section is a position of its own.  Without that word the first would stand
without a section again, beside the others: one that tells it all, and its parts.
"""

from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND
from reinsurance.ledger.beside import plain
from reinsurance.ledger.contract_names import contract_name
from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.descriptions import PARTS, bit_of, has_bit
from reinsurance.ledger.matching import find_positions
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.recompute import PORTION
from reinsurance.ledger.statements import live_statements
from reinsurance.models import ClaimPosition

_LACKS = """
    (q.{part} <> '' AND (p.{part} = '' OR EXISTS (
        SELECT FROM reinsurance_claimstatement s
        WHERE s.position_id = p.id AND s.told & {bit} = 0)))
"""
"""SQL: a position has a part, and another of its claim may come to stand without it."""
_PAIR = ["position", "position_other"]
_LABELS = {"section": "section", "risk_code": "risk code"}
_UNTOLD = "what was told without section and risk code"


def require_kept_apart(cursor: Any, positions: pl.Series, *, load: int) -> None:
    """Refuse to take back a word that keeps positions apart.

    After the load (its key), which spoke of the ``positions``, was marked as undone.
    Raises CountsTwiceError where a position that does not tell a part of its key would
    stand beside one that tells it, and did not before.
    """
    claims = _claims_at_risk(cursor, positions)
    for start in range(0, claims.len(), PORTION):
        _require(cursor, claims.slice(start, PORTION), load)


def _require(cursor: Any, claims: pl.Series, load: int) -> None:
    known = find_positions(cursor, claims)
    left = live_statements(cursor, known["position"])
    told = live_statements(cursor, known["position"], also=load)
    before = _beside(_standing(known, told))
    after = _beside(_without_untold(_standing(known, left), left))
    joined = after.join(before, on=_PAIR, how="anti")
    if joined.height:
        _refuse(joined.sort(_PAIR), left)


def _claims_at_risk(cursor: Any, positions: pl.Series) -> pl.Series:
    """Claims of the positions of which any may lose a part that another one tells."""
    sought(cursor, "of_taken_back", id=("bigint", positions.unique()))
    lacks = " OR ".join(_LACKS.format(part=n, bit=bit_of(n)) for n in PARTS)
    with by_index(cursor):
        return copy_out(
            cursor,
            "SELECT DISTINCT t.claim_id FROM of_taken_back k "  # noqa: S608 our names
            "JOIN reinsurance_claimposition t ON t.id = k.id "
            "JOIN reinsurance_claimposition p ON p.claim_id = t.claim_id "
            "JOIN reinsurance_claimposition q ON q.claim_id = p.claim_id "
            f"AND q.currency_id = p.currency_id AND q.id <> p.id WHERE {lacks}",
            {"claim": pl.Int64()},
        )["claim"]


def _standing(known: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """Those of the positions of which a live statement speaks, with their keys."""
    keys = known.select("claim", "currency", "position", *PARTS)
    return keys.join(live.select("position").unique(), on="position", how="semi")


def _without_untold(standing: pl.DataFrame, live: pl.DataFrame) -> pl.DataFrame:
    """The same without the parts of which no live statement speaks."""
    bits = live.group_by("position").agg(
        has_bit(n).any().alias(f"__{n}") for n in PARTS
    )
    return standing.join(bits, on="position").with_columns(
        pl.when(f"__{n}").then(n).otherwise(pl.lit("")).alias(n) for n in PARTS
    )


def _beside(standing: pl.DataFrame) -> pl.DataFrame:
    """Pairs of positions that may be the same: each part alike, or untold in one."""
    fits = [
        (pl.col(n) == pl.col(f"{n}_other"))
        | (pl.col(n) == "")
        | (pl.col(f"{n}_other") == "")
        for n in PARTS
    ]
    return standing.join(standing, on=["claim", "currency"], suffix="_other").filter(
        pl.col("position") < pl.col("position_other"), *fits
    )


def _refuse(joined: pl.DataFrame, left: pl.DataFrame) -> None:
    """Raise CountsTwiceError for the first pair; it names the file loaded last."""
    pair = joined.row(0, named=True)
    keys = [pair[name] for name in _PAIR]
    words = left.filter(pl.col("position").is_in(keys))
    of_files = words.filter(pl.col("row") < FIRST_ROW_BY_HAND)
    number = int(of_files.sort("load")["number"][-1])
    paid = _paid(words)
    found = ClaimPosition.all_objects.select_related("claim").get(pk=keys[0])
    one, other = (
        f"{_called(pair, suffix)} ({paid[key]} {found.currency_id} paid)"
        for suffix, key in zip(("", "_other"), keys, strict=True)
    )
    contract = contract_name(found.claim.treaty_id)
    more = joined["claim"].n_unique() - 1
    others = f" The same holds for {more:,} more claim(s)." if more else ""
    raise CountsTwiceError(
        f"It would not be clear any more what of claim {found.claim} of contract "
        f"{contract} counts: {one} would stand beside {other}, and the one may be the "
        f"other or a part of it.{others} Undo number {number} first."
    )


def _called(pair: dict[str, Any], suffix: str) -> str:
    """In words: what a position's money was told for."""
    told = [f"{_LABELS[n]} {pair[n + suffix]}" for n in PARTS if pair[n + suffix]]
    return f"what was told of {' and '.join(told)}" if told else _UNTOLD


def _paid(words: pl.DataFrame) -> dict[int, str]:
    """What was paid of each position, as it would stand, as text."""
    now = timelines.latest(timelines.timeline(words))
    names = [n for n in ("paid_indemnity", "paid_fees") if n in now.columns]
    total = pl.sum_horizontal(pl.lit(0, timelines.MONEY), *names)
    return dict(now.select("position", plain(total)).iter_rows())
