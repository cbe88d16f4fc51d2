"""Positions of a claim that are not told apart any more once a word is taken back.

What was told without a section (or risk code) is filled in by a word that has one, and
every further section is a position of its own.  Without that word the first would stand
without a section again, beside the others: one that tells it all, and its parts.
"""

from collections.abc import Iterator
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
    for known in _at_risk(cursor, positions):
        left = live_statements(cursor, known["position"])
        told = live_statements(cursor, known["position"], also=load)
        joined = _joined(known, told, left)
        if joined.height:
            raise CountsTwiceError(
                f"{_said(joined, left)} Undo number {_last(joined, left)} first."
            )


def require_left_kept_apart(cursor: Any, gone: pl.DataFrame, *, number: int) -> None:
    """The same of a correction (its number), and of the words that it leaves out.

    ``gone``: ``position``, ``number`` and ``row`` of each.  The correction's own new
    positions are known once it is written.
    """
    for known in _at_risk(cursor, gone["position"]):
        told = live_statements(cursor, known["position"], correction=number)
        left = told.join(gone, on=gone.columns, how="anti")
        joined = _joined(known, told, left)
        if joined.height:
            raise CountsTwiceError(
                "Without what this correction leaves out: "
                f"{_said(joined, left)} Tell in the correction what was told before, "
                f"with its section and risk code, or undo number "
                f"{_last(joined, left, but=number)} first; then hand it in anew."
            )


def _at_risk(cursor: Any, positions: pl.Series) -> Iterator[pl.DataFrame]:
    """All positions of claims at risk, by portions."""
    claims = _claims_at_risk(cursor, positions)
    for start in range(0, claims.len(), PORTION):
        yield find_positions(cursor, claims.slice(start, PORTION))


def _joined(
    known: pl.DataFrame, told: pl.DataFrame, left: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of positions that are told apart in ``told``, and not in ``left``."""
    before = _beside(_standing(known, told))
    after = _beside(_without_untold(_standing(known, left), left))
    return after.join(before, on=_PAIR, how="anti").sort(_PAIR)


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


def _last(joined: pl.DataFrame, left: pl.DataFrame, *, but: int | None = None) -> int:
    """The file (its number) of the first pair that was loaded last; not ``but``."""
    words = _words(joined, left).filter(pl.col("row") < FIRST_ROW_BY_HAND)
    others = words.filter(pl.col("number").ne_missing(pl.lit(but, pl.Int64)))
    return int(others.sort("load")["number"][-1])


def _words(joined: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    keys = [joined[name][0] for name in _PAIR]
    return left.filter(pl.col("position").is_in(keys))


def _said(joined: pl.DataFrame, left: pl.DataFrame) -> str:
    """In words: what would stand beside what, of the first pair."""
    pair = joined.row(0, named=True)
    paid = _paid(_words(joined, left))
    keys = [pair[name] for name in _PAIR]
    found = ClaimPosition.all_objects.select_related("claim").get(pk=keys[0])
    one, other = (
        f"{_called(pair, suffix)} ({paid[key]} {found.currency_id} paid)"
        for suffix, key in zip(("", "_other"), keys, strict=True)
    )
    contract = contract_name(found.claim.treaty_id)
    more = joined["claim"].n_unique() - 1
    others = f" The same holds for {more:,} more claim(s)." if more else ""
    return (
        f"It would not be clear any more what of claim {found.claim} of contract "
        f"{contract} counts: {one} would stand beside {other}, and the one may be the "
        f"other or a part of it.{others}"
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
