"""What was told of premiums that stand, and what corrections leave out of it."""

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.held_out import by_correction, is_held_then
from reinsurance.ledger.lineage_ranges import repeating
from reinsurance.ledger.premium_keys import PARTS
from reinsurance.models import PremiumEntry
from reinsurance.resources.base import dtype_of
from reinsurance.resources.premiums import PremiumEntryResource

KEY = (
    "treaty_reference",
    "policy_reference",
    "certificate_reference",
    "section",
    "risk_code",
    "transaction_type",
    "effective_date",
    "instalment_number",
    "currency",
)
"""What tells one transaction from another, its period apart."""
PERIODS = ("period_start", "period_end")
GROUP = [*KEY, "same_period", "same_start", "same_sender"]
"""Who tells the same of these again replaces it: the year, of a list of the year."""


def field_of(name: str) -> Any:
    """The model field of a column of the Resource."""
    attribute = PremiumEntryResource.fields[name].attribute or ""
    return PremiumEntry._meta.get_field(attribute.removesuffix("_id"))


COLUMNS = (
    *(
        name
        for name, column in PremiumEntryResource.fields.items()
        if column.attribute and name not in KEY and name not in PERIODS
    ),
    "details",
)
"""Columns that an entry tells or leaves as they were, in the order of their bits."""


def dtypes() -> dict[str, pl.DataType]:
    """Of the columns that :func:`tellings` has for key, period and content."""
    named = {n: dtype_of(field_of(n)) for n in (*KEY, *COLUMNS) if n != "details"}
    periods = {"period_start": pl.Date(), "period_end": pl.Date()}
    return {**named, **periods, "details": pl.String()}


def has_bit(name: str) -> pl.Expr:
    """Whether an entry tells the column; one that a person made tells all."""
    bit = 1 << COLUMNS.index(name)
    return pl.col("load").is_null() | ((pl.col("told") // bit) % 2 == 1)


def filled_bits(told: Mapping[str, pl.Expr]) -> pl.Expr:
    """The bits of parts of the key that were filled in: ``told`` are as rows told."""
    bits = pl.lit(0, dtype=pl.Int64)
    for name, expression in told.items():
        is_filled = expression.ne_missing(pl.col(name))
        bits = bits + pl.when(is_filled).then(_part_bit(name)).otherwise(0)
    return bits


def is_filled(name: str) -> pl.Expr:
    """Whether a part of the key was filled in, and not told by the row."""
    return (pl.col("told") // _part_bit(name)) % 2 == 1


def _part_bit(name: str) -> int:
    return 1 << (len(COLUMNS) + PARTS.index(name))


APART = 1 << (len(COLUMNS) + len(PARTS))
"""The bit of an entry that fills in no other: told apart from one undone since."""


def _as_told(frame: pl.DataFrame) -> pl.DataFrame:
    """Parts of the key as their rows told them, without what was filled in.

    As they are stored they are ``stored.<part>``, and ``told`` is ``stored.told``.
    ``apart``: the entry has the bit of that name.
    """
    return (
        frame.with_columns(
            pl.col("told", *PARTS).name.prefix("stored."),
        )
        .with_columns(
            pl.when(is_filled(name))
            .then(pl.lit("" if frame.schema[name] == pl.String else None))
            .otherwise(name)
            .alias(name)
            for name in PARTS
        )
        .with_columns(
            pl.col("told") % _part_bit(PARTS[0]), apart=pl.col("told") >= APART
        )
    )


def with_groups(frame: pl.DataFrame, listing: Collection[int]) -> pl.DataFrame:
    """The frame with ``same_period``, ``same_start`` and ``same_sender``.

    A quarter and its last month are two periods, though they end on one day.
    ``listing``: keys of senders whose files list the year to date.
    """
    lists = pl.col("sender").is_in(list(listing)).fill_null(value=False)
    return frame.with_columns(
        same_period=pl.when(lists)
        .then(pl.col("period_end").dt.truncate("1y"))
        .otherwise("period_end"),
        same_start=pl.when(~lists).then("period_start"),
        same_sender=pl.when(lists).then("sender"),
    )


def tellings(
    cursor: Any, policies: pl.DataFrame, listing: Collection[int]
) -> pl.DataFrame:
    """All that was told of policies (``treaty``, ``policy``): entries, and repeats.

    ``id``, ``load``, ``number`` and ``row`` of who told it, ``sender``, ``stands``
    (that load does), ``gone`` (the load that replaced the entry and stands), ``told``,
    ``apart``, the columns of :func:`dtypes` and of :func:`with_groups`.
    """
    own = {
        "id": pl.Int64(),
        "load": pl.Int64(),
        "number": pl.Int64(),
        "row": pl.Int64(),
        "sender": pl.Int64(),
        "stands": pl.Boolean(),
        "gone": pl.Int64(),
        "told": pl.Int64(),
    }
    schema = {**own, **dtypes()}
    sought(
        cursor,
        "sought_policy",
        treaty=("bigint", policies["treaty"]),
        policy=("varchar", policies["policy"]),
    )
    columns = [
        n if n in {*PERIODS, "details"} else field_of(n).column for n in dtypes()
    ]
    picked = ", ".join(f'e."{name}"' for name in columns)
    joined = (
        "FROM sought_policy k CROSS JOIN LATERAL (SELECT e.* "
        "FROM reinsurance_premiumentry e WHERE e.treaty_id = k.treaty "
        "AND e.policy_reference = k.policy OFFSET 0) e"
    )
    gone = (
        "LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id "
        "AND g.undone_at IS NULL"
    )
    with by_index(cursor):
        entries = copy_out(
            cursor,
            "SELECT e.id, e.load_id, coalesce(l.number, 0), e.row, "  # noqa: S608
            f"l.sender, l.undone_at IS NULL, g.id, e.told, {picked} {joined} {gone} "
            "LEFT JOIN reinsurance_load l ON l.id = e.load_id",
            schema,
        )
        repeated = copy_out(
            cursor,
            "SELECT e.id, l.id, l.number, r.first_row + (e.id - r.first_id), "  # noqa: S608
            f"l.sender, l.undone_at IS NULL, g.id, e.told, {picked} {joined} {gone} "
            f"{repeating('e.id', 'premiumentry')} "
            "JOIN reinsurance_load l ON l.id = r.load_id WHERE l.id <> e.load_id",
            schema,
        )
    texts = [n for n, t in dtypes().items() if t == pl.String and n in KEY]
    every = pl.concat([entries, repeated]).with_columns(pl.col(texts).fill_null(""))
    return with_groups(_as_told(every), listing)


def corrections(
    cursor: Any, treaties: pl.Series, *, also: Collection[int] = ()
) -> pl.DataFrame:
    """Corrections of premiums that stand and speak for the contracts.

    ``also``: loads that count as standing, as before their undo.

    ``treaty_reference``, ``period_start`` (null: not one alone), ``period_end``,
    ``correction`` (its number), ``sender``, ``by`` (its load) and ``held_out`` (JSON:
    what rows held out name).
    """
    cursor.execute(
        "SELECT p.treaty_id, p.period_start, p.period_end, l.number, l.sender, l.id, "
        "l.held_out::text "
        "FROM reinsurance_loadperiod p JOIN reinsurance_load l ON l.id = p.load_id "
        "WHERE l.is_correction AND l.record_type = 'premiums' "
        "AND (l.undone_at IS NULL OR l.id = ANY(%s)) "
        "AND p.leaves_out AND p.period_end IS NOT NULL AND p.treaty_id = ANY(%s)",
        [list(also), treaties.drop_nulls().unique().to_list()],
    )
    schema = {
        "treaty_reference": pl.Int64(),
        "period_start": pl.Date(),
        "period_end": pl.Date(),
        "correction": pl.Int64(),
        "sender": pl.Int64(),
        "by": pl.Int64(),
        "held_out": pl.String(),
    }
    return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")


def held_policies(spoken: pl.DataFrame) -> pl.DataFrame:
    """``correction``, contract and policy that rows held out of corrections name.

    ``held_end``: of their period; null: of any.
    """
    names = {"treaty": "treaty_reference", "reference": "policy_reference"}
    return by_correction(spoken).rename(names)


def lacked(
    told: pl.DataFrame, spoken: pl.DataFrame, every: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Tellings that a correction lacks: ``__n`` and ``by``.

    Of those told before it: received before or, of lists of the year to date, for an
    earlier period, whenever they were received.  ``every``: tellings among which those
    of ``told`` are, where that ends at a day: what a correction tells of the year for a
    later end it does not lack before.
    """
    if not spoken.height:
        return pl.DataFrame(schema={"__n": told.schema["__n"], "by": pl.Int64})
    whole = told if every is None else every
    present = whole.select(*GROUP, correction="number").unique()
    is_before = (pl.col("correction") > pl.col("number")) | (
        pl.col("end") > pl.col("period_end")
    )
    missing = (
        _beside_corrections(told, spoken)
        .filter(is_before)
        .join(present, on=[*GROUP, "correction"], how="anti", nulls_equal=True)
    )
    record = ["treaty_reference", "policy_reference", "correction"]
    held = missing.join(held_policies(spoken), on=record).filter(
        is_held_then(lists=pl.col("same_sender").is_not_null())
    )
    missing = missing.join(held, on=["__n", "correction"], how="anti")
    return missing.group_by("__n").agg(pl.col("by").max())


def _beside_corrections(told: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Tellings beside each correction of their period.

    ``correction`` (its number), ``end`` (of its period) and ``by`` (its load).  A list
    of the year to date speaks for the year up to its own period, another file not for
    a period that ends with its own and starts on another day.
    """
    whose = ["treaty_reference", "sender"]
    columns = ["__n", "number", "period_end", "sender", *GROUP]
    lists = pl.col("same_sender").is_not_null()
    ends = spoken.select(
        *whose,
        *("correction", "by"),
        same_period=pl.col("period_end").dt.truncate("1y"),
        start="period_start",
        end="period_end",
    )
    of_periods = (
        told.filter(~lists)
        .select(columns)
        .join(
            ends.drop("same_period"),
            left_on=[*whose, "period_end"],
            right_on=[*whose, "end"],
            nulls_equal=True,
        )
        .filter(pl.col("start").is_null() | (pl.col("start") == pl.col("same_start")))
        .with_columns(end="period_end")
    )
    of_years = (
        told.filter(lists)
        .select(columns)
        .join(ends, on=[*whose, "same_period"], nulls_equal=True)
        .filter(pl.col("period_end") <= pl.col("end"))
    )
    return pl.concat([of_periods, of_years.select(of_periods.columns)])
