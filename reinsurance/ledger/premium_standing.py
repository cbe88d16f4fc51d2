"""Which premium entries stand, worked out anew from all that was told of them.

Of each transaction and period the entry that was received last stands, unless a
correction that was received later lacks it.  An empty cell leaves what was known: a
column that the entry does not tell has what was told last before.
"""

import json
from collections.abc import Collection
from typing import Any

import polars as pl

from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.write import update
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
GROUP = [*KEY, "same_period", "same_sender"]
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
    return {**named, "period_end": pl.Date(), "details": pl.String()}


def has_bit(name: str) -> pl.Expr:
    """Whether an entry tells the column; one that a person made tells all."""
    bit = 1 << COLUMNS.index(name)
    return pl.col("load").is_null() | ((pl.col("told") // bit) % 2 == 1)


def with_groups(frame: pl.DataFrame, listing: Collection[int]) -> pl.DataFrame:
    """The frame with ``same_period`` and ``same_sender``.

    ``listing``: keys of senders whose files list the year to date.
    """
    lists = pl.col("sender").is_in(list(listing)).fill_null(value=False)
    return frame.with_columns(
        same_period=pl.when(lists)
        .then(pl.col("period_end").dt.truncate("1y"))
        .otherwise("period_end"),
        same_sender=pl.when(lists).then("sender"),
    )


def tellings(
    cursor: Any, policies: pl.DataFrame, listing: Collection[int]
) -> pl.DataFrame:
    """All that was told of policies (``treaty``, ``policy``): entries, and repeats.

    ``id``, ``load``, ``number`` and ``row`` of who told it, ``sender``, ``stands``
    (that load does), ``gone`` (the load that replaced the entry and stands), ``told``,
    the columns of :func:`dtypes` and of :func:`with_groups`.
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
        n if n in {"period_end", "details"} else field_of(n).column for n in dtypes()
    ]
    picked = ", ".join(f'e."{name}"' for name in columns)
    joined = (
        "FROM sought_policy k JOIN reinsurance_premiumentry e "
        "ON e.treaty_id = k.treaty AND e.policy_reference = k.policy"
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
        "JOIN reinsurance_lineagerange r ON r.model = 'premiumentry' "
        "AND r.action = 'repeated' AND e.id BETWEEN r.first_id AND r.last_id "
        "JOIN reinsurance_load l ON l.id = r.load_id WHERE l.id <> e.load_id",
        schema,
    )
    texts = [n for n, t in dtypes().items() if t == pl.String and n in KEY]
    every = pl.concat([entries, repeated]).with_columns(pl.col(texts).fill_null(""))
    return with_groups(every, listing)


def corrections(cursor: Any, treaties: pl.Series) -> pl.DataFrame:
    """Corrections of premiums that stand and speak for the contracts.

    ``treaty_reference``, ``period_end``, ``correction`` (its number), ``sender``,
    ``by`` (its load) and ``held_out`` (JSON: contract and policy of rows held out).
    """
    cursor.execute(
        "SELECT p.treaty_id, p.period_end, l.number, l.sender, l.id, l.held_out::text "
        "FROM reinsurance_loadperiod p JOIN reinsurance_load l ON l.id = p.load_id "
        "WHERE l.is_correction AND l.undone_at IS NULL AND l.record_type = 'premiums' "
        "AND p.period_end IS NOT NULL AND p.treaty_id = ANY(%s)",
        [treaties.drop_nulls().unique().to_list()],
    )
    schema = {
        "treaty_reference": pl.Int64(),
        "period_end": pl.Date(),
        "correction": pl.Int64(),
        "sender": pl.Int64(),
        "by": pl.Int64(),
        "held_out": pl.String(),
    }
    return pl.DataFrame(cursor.fetchall(), schema=schema, orient="row")


def spoken_for(cursor: Any, load: int) -> pl.Series:
    """Keys of all entries of the contracts and periods that a load speaks for."""
    return copy_out(
        cursor,
        "SELECT DISTINCT e.id FROM reinsurance_loadperiod p "  # noqa: S608 a number
        "JOIN reinsurance_premiumentry e ON e.treaty_id = p.treaty_id "
        f"AND e.period_end = p.period_end WHERE p.load_id = {load}",
        {"id": pl.Int64()},
    )["id"]


def held_policies(spoken: pl.DataFrame) -> pl.DataFrame:
    """``correction``, contract and policy that rows held out of corrections name."""
    rows = [
        (number, treaty, policy)
        for number, text in spoken.select("correction", "held_out").unique().iter_rows()
        for treaty, policy in json.loads(text)
    ]
    schema = {
        "correction": pl.Int64(),
        "treaty_reference": pl.Int64(),
        "policy_reference": pl.String(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def lacked(told: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Tellings that a correction received later lacks: ``__n`` and ``by``."""
    present = told.select(*GROUP, correction="number").unique()
    return (
        told.select("__n", "number", "sender", "period_end", *GROUP)
        .join(spoken, on=["treaty_reference", "period_end", "sender"], nulls_equal=True)
        .filter(pl.col("correction") > pl.col("number"))
        .join(present, on=[*GROUP, "correction"], how="anti", nulls_equal=True)
        .join(
            held_policies(spoken),
            on=["treaty_reference", "policy_reference", "correction"],
            how="anti",
        )
        .group_by("__n")
        .agg(pl.col("by").max())
    )


def restate(cursor: Any, entries: pl.Series, *, listing: Collection[int]) -> None:
    """Work out anew which entries of the same transactions and periods stand.

    ``listing``: keys of senders whose files list the year to date.
    """
    keys = entries.drop_nulls().unique()
    if not keys.len():
        return
    sought(cursor, "restated", id=("bigint", keys))
    policies = copy_out(
        cursor,
        "SELECT DISTINCT e.treaty_id, e.policy_reference FROM restated k "
        "JOIN reinsurance_premiumentry e ON e.id = k.id",
        {"treaty": pl.Int64(), "policy": pl.String()},
    )
    every = tellings(cursor, policies, listing)
    groups = every.filter(pl.col("id").is_in(keys.implode())).select(GROUP).unique()
    told = (
        every.filter("stands")
        .join(groups, on=GROUP, how="semi", nulls_equal=True)
        .sort("number", "row", "id")
        .with_row_index("__n")
    )
    if not told.height:
        return
    spoken = corrections(cursor, told["treaty_reference"])
    gone = lacked(told, spoken)
    live = told.join(gone, on="__n", how="anti").with_columns(
        last=pl.col("number").max().over(GROUP)
    )
    known = live.group_by(GROUP, maintain_order=True).agg(
        pl.col("load").last().alias("now_by"),
        *(pl.col(n).filter(has_bit(n)).last().alias(f"__{n}") for n in COLUMNS),
    )
    standing = live.filter(pl.col("number") == pl.col("last"))["id"].unique()
    after = (
        told.join(gone, on="__n", how="left")
        .group_by("id", maintain_order=True)
        .agg(
            pl.col("by").max(),
            pl.col("gone", "told", "load", *GROUP, *COLUMNS).first(),
        )
        .join(known, on=GROUP, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(stays=pl.col("id").is_in(standing.implode()))
        .with_columns(
            now_gone=pl.when(~pl.col("stays")).then(pl.coalesce("now_by", "by")),
            **{
                f"now_{n}": pl.when(pl.col("stays") & ~has_bit(n))
                .then(f"__{n}")
                .otherwise(n)
                for n in COLUMNS
            },
        )
    )
    differs = pl.any_horizontal(
        pl.col("now_gone").ne_missing(pl.col("gone")),
        *(pl.col(f"now_{n}").ne_missing(pl.col(n)) for n in COLUMNS),
    )
    columns = {n if n == "details" else field_of(n).column: f"now_{n}" for n in COLUMNS}
    columns |= {"replaced_by_id": "now_gone"}
    update(
        cursor,
        PremiumEntry,
        after.filter(differs).with_columns(pl.col("now_details").fill_null("{}")),
        columns,
        also="updated_at = now()",
    )
