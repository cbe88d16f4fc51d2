"""Rows about what another part of their own file tells: held out, as within one file.

Rows that need a contract go on as a follow-up: two rows of one file, and neither takes
the place of the other, in whichever order the parts are loaded.
"""

from collections.abc import Collection

import polars as pl

from reinsurance.ledger.amounts import BASES, FIRST_ROW_BY_HAND, TOLD, label_of
from reinsurance.ledger.beside import plain
from reinsurance.ledger.descriptions import FIELDS, has_bit, is_told
from reinsurance.ledger.matching import WAS
from reinsurance.ledger.premium_columns import labels, stored, tells
from reinsurance.ledger.premium_standing import GROUP, KEY
from reinsurance.ledger.premium_standing import has_bit as tells_entry
from reinsurance.resources.issues import issues_at, no_issues

_WHAT = {
    "period_start": "beginning of the period",
    "status": "status",
    "details": "further details",
}


def claims_of_other_parts(
    rows: pl.DataFrame,
    old: pl.DataFrame,
    claims: pl.DataFrame,
    parts: Collection[int],
    *,
    adds: bool,
) -> pl.DataFrame:
    """Issues of rows whose position and period another of the ``parts`` tells.

    ``rows`` have their position, ``old`` are live statements, ``claims`` as in
    :func:`matching.find_claims`; ``adds``: equal rows of the sender's files add up.
    """
    is_part = pl.col("number").is_in(list(parts))
    told = old.filter(is_part, pl.col("row") < FIRST_ROW_BY_HAND)
    if not told.height:
        return no_issues()
    fields = [n for n in FIELDS if n in rows.columns]
    told = told.join(
        claims.select("claim", *(WAS + n for n in fields)), on="claim", how="left"
    )
    amounts = [n for n in TOLD if n in rows.columns or n in told.columns]
    mine = rows.rename({"__period_start": "period_start", "__period_end": "period_end"})
    texts = ("period_start", "status", "details")
    pairs = mine.select(
        *("row", "position", "period_end"),
        *(_as_text(n, mine).alias(f"here.{n}") for n in (*amounts, *texts)),
        *(pl.when(is_told(n)).then(_text(n)).alias(f"here.{n}") for n in fields),
    ).join(
        told.select(
            *("position", "period_end", "number", pl.col("row").alias("its_row")),
            *(_as_text(n, told).alias(f"there.{n}") for n in (*amounts, *texts)),
            *(_described(n).alias(f"there.{n}") for n in fields),
        ),
        on=["position", "period_end"],
        nulls_equal=True,
    )
    words = {**_WHAT, **{n: n.replace("_", " ") for n in fields}}
    said = _differences({n: _label(n) for n in amounts}, words)
    return _issues(pairs, said, "claim_reference", adds=adds)


def premiums_of_other_parts(
    rows: pl.DataFrame, every: pl.DataFrame, parts: Collection[int], *, adds: bool
) -> pl.DataFrame:
    """Issues of rows whose premium and period another of the ``parts`` tells.

    ``rows`` and ``every``, tellings of the books, have whole keys.
    """
    told = every.filter(pl.col("number").is_in(list(parts)))
    if not told.height:
        return no_issues()
    names = [
        n for n in (*stored(rows), "details") if n not in KEY and n in told.columns
    ]
    money = [n for n in names if rows.schema[n].is_decimal()]
    text = {n: plain(pl.col(n)) if n in money else _text(n) for n in names}
    own = {n: tells(n) for n in names if n != "details"}
    own["details"] = pl.col("details").is_not_null()
    pairs = rows.select(
        "row",
        *GROUP,
        *(pl.when(own[n]).then(text[n]).alias(f"here.{n}") for n in names),
    ).join(
        told.select(
            *("number", pl.col("row").alias("its_row"), *GROUP),
            *(pl.when(tells_entry(n)).then(text[n]).alias(f"there.{n}") for n in names),
        ),
        on=GROUP,
        nulls_equal=True,
    )
    called = {**labels(), **_WHAT}
    amounts = {n: called[n] for n in money}
    words = {n: called[n] for n in names if n not in money}
    return _issues(pairs, _differences(amounts, words), "policy_reference", adds=adds)


def _as_text(name: str, frame: pl.DataFrame) -> pl.Expr:
    """What a row tells as text; null where it does not."""
    if name not in frame.columns:
        return pl.lit(None, pl.String)
    if frame.schema[name].is_decimal():
        return pl.when(pl.col(name).is_not_null()).then(plain(pl.col(name)))
    return _text(name)


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String)


def _described(name: str) -> pl.Expr:
    """What a statement told of its claim: what that says now, unless it has another."""
    its = pl.col("values").str.json_path_match(f"$.{name}")
    return pl.when(has_bit(name)).then(pl.coalesce(its, _text(WAS + name)))


def _label(amount: str) -> str:
    """What an amount of a statement is called, with its basis."""
    for basis in BASES:
        if amount.endswith(f"_{basis}"):
            name = label_of(amount.removesuffix(f"_{basis}"))
            return f"{name} {basis.replace('_', ' ')}"
    return label_of(amount)


def _differences(amounts: dict[str, str], words: dict[str, str]) -> pl.Expr:
    """In words: what is not the same here and there; empty where all is."""
    said = [
        pl.when(pl.col(f"here.{n}").ne_missing(pl.col(f"there.{n}"))).then(
            pl.format(
                f"{label}: {{}} there and {{}} here",
                pl.col(f"there.{n}").fill_null("nothing"),
                pl.col(f"here.{n}").fill_null("nothing"),
            )
            if n in amounts
            else pl.lit(label)
        )
        for n, label in {**amounts, **words}.items()
    ]
    return pl.concat_str(said, separator="; ", ignore_nulls=True)


def _issues(
    pairs: pl.DataFrame, said: pl.Expr, column: str, *, adds: bool
) -> pl.DataFrame:
    """One issue of each row: of what differs first, and of the first that told it."""
    twice = (
        pairs.with_columns(said=said)
        .with_columns(is_same=pl.col("said") == "")
        .sort("row", "is_same", "number", "its_row")
        .unique("row", keep="first", maintain_order=True)
    )
    again = pl.col("is_same") & (not adds)
    return pl.concat(
        [
            issues_at(
                twice.filter(~again),
                column=column,
                value=None,
                code="conflicting_rows",
                severity="error",
                message=_sums() if adds else _conflict(),
            ),
            issues_at(
                twice.filter(again),
                column="",
                value=None,
                code="duplicate_row",
                severity="error",
                message=pl.format(
                    "The row repeats row {} of number {}, which is of the same file; "
                    "it is not loaded twice.",
                    "its_row",
                    "number",
                ),
            ),
        ]
    )


def _conflict() -> pl.Expr:
    return pl.format(
        "Row {} of number {}, which is of the same file, gives different values for "
        "what this row is about and its period ({}). Ask the sender which is right, or "
        "whether they add up; then hand that in as a file of its own.",
        "its_row",
        "number",
        pl.col("said").str.slice(0, 160),
    )


def _sums() -> pl.Expr:
    return pl.format(
        "Row {} of number {}, which is of the same file, is about the same and its "
        "period ({}). Equal rows of this sender add up within one file only: hand the "
        "rows in together, as a file of their own.",
        "its_row",
        "number",
        pl.when("is_same")
        .then(pl.lit("with the same values"))
        .otherwise(pl.col("said").str.slice(0, 160)),
    )
