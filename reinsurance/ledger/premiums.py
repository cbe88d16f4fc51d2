"""Premiums as transactions: told again for a period they replace, for another they add.

An entry is what one row told; it stands as long as its load does and no entry of the
same key and period that was received later stands.  Nothing is ever added up here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import models

from reinsurance.ledger.checks import plain
from reinsurance.ledger.copying import copy_in, sought
from reinsurance.ledger.further_details import details_of
from reinsurance.ledger.periods import END, START
from reinsurance.ledger.premium_rules import premium_issues
from reinsurance.ledger.premium_standing import (
    COLUMNS,
    GROUP,
    KEY,
    PERIODS,
    corrections,
    field_of,
    lacked,
    restate,
    tellings,
    with_groups,
)
from reinsurance.ledger.timelines import MONEY
from reinsurance.ledger.write import draw_keys, tell_planner, write_repeats
from reinsurance.models import PremiumEntry
from reinsurance.resources.base import dtype_of
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues
from reinsurance.resources.premiums import PremiumEntryResource

UNTOLD = ("certificate_reference", "section", "risk_code")
"""Parts of the key that a sender may leave out."""
TABLE = PremiumEntry._meta.db_table
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
MANY = 3
"""So many equal rows of an earlier period, and most of the file, look like a list."""


def stored(frame: pl.DataFrame) -> list[str]:
    """Columns of the frame that an entry has a field for, periods apart."""
    return [
        name
        for name, column in PremiumEntryResource.fields.items()
        if column.attribute and name in frame.columns and name not in PERIODS
    ]


@dataclass(frozen=True, slots=True)
class PremiumSettlement:
    """What rows do to the premiums; ``rows`` has ``row`` and ``__action``.

    ``entries``: to be added, with ``replaces`` (keys of entries) and ``replaced`` (the
    load that told the same later; null: none); ``repeats``: ``row`` and ``id``.
    ``shown``: entries with what they replace, for people.
    """

    rows: pl.DataFrame
    held_out: pl.Series
    issues: pl.DataFrame
    ruled: pl.DataFrame
    entries: pl.DataFrame
    repeats: pl.DataFrame
    known: pl.DataFrame

    @property
    def moves(self) -> dict[str, Any]:
        """By how much gross premium changes in all, by currency."""
        counted = self.entries.filter(pl.col("later").is_null())
        before = (
            pl.col("was.gross_premium")
            if "was.gross_premium" in counted.columns
            else pl.lit(0)
        )
        sums = counted.group_by("currency").agg(
            (pl.col("gross_premium").fill_null(0) - before.fill_null(0)).sum()
        )
        return {
            f"premium {currency}": amount
            for currency, amount in sums.iter_rows()
            if amount
        }

    @property
    def present(self) -> pl.DataFrame:
        """Entries of the books that rows tell again."""
        told = self.entries["replaces"].explode().drop_nulls()
        return pl.DataFrame(
            {"entry": pl.concat([told, self.repeats["id"]])},
            schema={"entry": pl.Int64},
        )


def settle_premiums(
    cursor: Any,
    rows: pl.DataFrame,
    *,
    number: int,
    conventions: Conventions,
    labels: Mapping[str, str],
) -> PremiumSettlement:
    """Settle good rows of an ingestion; inside a transaction."""
    told = _as_told(rows, conventions, labels)
    twice = _told_twice(told, conventions)
    wrong = twice.filter(pl.col("severity") == "error")["row"]
    good = told.filter(~pl.col("row").is_in(wrong.implode()))
    listing = {conventions.sender} if conventions.premium_lists == "year" else set()
    listing = {key for key in listing if key is not None}
    every = _known(cursor, good, listing)
    known = every.unique("id", keep="first", maintain_order=True)
    good = with_groups(
        _matched(good, known).with_columns(
            sender=pl.lit(conventions.sender, dtype=pl.Int64),
            period_end=pl.col(END),
        ),
        listing,
    )
    spoken = corrections(cursor, good["treaty_reference"], listing)
    spoken = spoken.filter(pl.col("correction") > number)
    names = [n for n in stored(good) if n not in KEY]
    good = good.with_columns(told=_bits(names))
    beside = _beside(good, every, spoken, number)
    differs = [_tells(n) & pl.col(n).ne_missing(pl.col(f"was.{n}")) for n in names]
    details_differ = pl.col("details").is_not_null() & pl.col("details").ne_missing(
        pl.col("was.details")
    )
    changes = pl.any_horizontal(*differs, details_differ)
    is_late = pl.col("later").is_not_null()
    entries = beside.with_columns(
        pl.when(pl.col("was_id").is_null() & ~is_late)
        .then(pl.lit(CREATED))
        .when(is_late | ~changes)
        .then(pl.lit(UNCHANGED))
        .otherwise(pl.lit(UPDATED))
        .alias("__action")
    )
    is_repeat = (
        (pl.col("__action") == UNCHANGED)
        & pl.col("was_id").is_not_null()
        & ~is_late
        & (pl.col("told") == pl.col("was_told"))
        & ~pl.lit(conventions.is_correction or conventions.equal_rows_add)
    )
    repeats = entries.filter(is_repeat).select("row", id=pl.col("was_id"))
    added = entries.filter(~is_repeat)
    issues = pl.concat([twice, _changed(added), _listed_to_date(good, known)])
    return PremiumSettlement(
        rows=entries.select("row", "__action"),
        held_out=wrong.unique(),
        issues=issues,
        ruled=premium_issues(entries, known),
        entries=added,
        repeats=repeats,
        known=known,
    )


def _tells(name: str) -> pl.Expr:
    """Whether a row tells the column: an empty cell tells nothing."""
    if isinstance(field_of(name), models.CharField):
        return pl.col(name).fill_null("") != ""
    return pl.col(name).is_not_null()


def _bits(names: list[str]) -> pl.Expr:
    """The bits of the columns that a row tells."""
    bits = pl.lit(0, dtype=pl.Int64)
    for name in names:
        bit = 1 << COLUMNS.index(name)
        bits = bits + pl.when(_tells(name)).then(bit).otherwise(0)
    details = 1 << COLUMNS.index("details")
    return bits + pl.when(pl.col("details").is_not_null()).then(details).otherwise(0)


def _as_told(
    rows: pl.DataFrame, conventions: Conventions, labels: Mapping[str, str]
) -> pl.DataFrame:
    frame = rows.with_columns(details_of(rows, labels))
    for name in KEY:
        dtype = dtype_of(field_of(name))
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=dtype).alias(name))
        if dtype == pl.String:
            frame = frame.with_columns(pl.col(name).fill_null(""))
    if "amounts_are" not in frame.columns and conventions.premium_amounts_are:
        frame = frame.with_columns(amounts_are=pl.lit(conventions.premium_amounts_are))
    if conventions.blank_is_zero:
        money = [
            n
            for n, column in PremiumEntryResource.fields.items()
            if column.total and n in frame.columns and column.attribute
        ]
        frame = frame.with_columns(
            pl.col(n).fill_null(0).cast(MONEY) for n in money
        )
    period = pl.col(END)
    if conventions.premium_lists == "year":
        period = period.dt.truncate("1y")
    return frame.with_columns(__same_period=period)


def _told_twice(told: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """The same transaction twice in one file and period."""
    key = [*KEY, "__same_period"]
    if conventions.equal_rows_add:
        return no_issues()
    shared = told.filter(pl.struct(key).is_duplicated())
    if not shared.height:
        return no_issues()
    content = [n for n in (*stored(told), "details") if n not in KEY]
    shared = shared.with_columns(
        versions=pl.struct(content).n_unique().over(key),
        first=pl.col("row").min().over(key),
        others=pl.col("row").cast(pl.String).str.join(", ").over(key),
    )
    return pl.concat(
        [
            issues_at(
                shared.filter(pl.col("versions") > 1),
                column="policy_reference",
                value=None,
                code="conflicting_rows",
                severity="error",
                message=pl.format(
                    "Rows {} give different values for the same premium entry. Keep "
                    "the right one.",
                    pl.col("others").str.slice(0, 80),
                ),
            ),
            issues_at(
                shared.filter(
                    (pl.col("versions") == 1) & (pl.col("row") != pl.col("first"))
                ),
                column="",
                value=None,
                code="duplicate_row",
                severity="error",
                message=pl.format(
                    "The row repeats row {}; it is not loaded twice.", "first"
                ),
            ),
        ]
    )


def _known(
    cursor: Any, rows: pl.DataFrame, listing: Collection[int]
) -> pl.DataFrame:
    """What loads that stand told of the same policies, replaced entries included."""
    keys = rows.select(
        treaty="treaty_reference", policy="policy_reference"
    ).unique()
    return (
        tellings(cursor, keys.drop_nulls(), listing)
        .filter(pl.col("stands"))
        .with_columns(is_standing=pl.col("gone").is_null())
    )


def _matched(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Untold parts of the key from the one entry of the period that fits."""
    standing = known.filter("is_standing")
    if not standing.height:
        return rows
    firm = [n for n in KEY if n not in UNTOLD]
    exact = rows.join(standing.select(KEY), on=list(KEY), how="anti", nulls_equal=True)
    fits = (
        exact.select("row", *KEY, pl.col(END).alias("period_end"))
        .join(
            standing.select(
                *firm, "period_end", *(pl.col(n).alias(f"its_{n}") for n in UNTOLD)
            ),
            on=[*firm, "period_end"],
            nulls_equal=True,
        )
        .filter(
            pl.all_horizontal(
                (pl.col(n) == pl.col(f"its_{n}")) | (pl.col(n) == "") for n in UNTOLD
            )
        )
        .filter(pl.len().over("row") == 1)
    )
    if not fits.height:
        return rows
    return (
        rows.join(
            fits.select("row", *(f"its_{n}" for n in UNTOLD)),
            on="row",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.coalesce(f"its_{n}", n).alias(n) for n in UNTOLD)
        .drop(f"its_{n}" for n in UNTOLD)
    )


def _beside(
    rows: pl.DataFrame,
    known: pl.DataFrame,
    spoken: pl.DataFrame,
    number: int,
) -> pl.DataFrame:
    """Each row beside the entry that it replaces (``was_id``, ``was.<column>``).

    ``replaces``: keys of all standing entries of its key and period that were received
    before; ``later``: the load that told the same later, or that left it out as a
    correction (``spoken``).
    """
    before = known.filter((pl.col("number") < number) & pl.col("is_standing"))
    after = known.filter(pl.col("number") > number)
    last = (
        before.sort("number", "id")
        .group_by(GROUP, maintain_order=True)
        .agg(
            pl.col("id").last().alias("was_id"),
            pl.col("id").alias("replaces"),
            pl.col("told").last().alias("was_told"),
            pl.col("number").last().alias("was_number"),
            *(pl.col(n).last().alias(f"was.{n}") for n in COLUMNS),
        )
    )
    later = (
        after.sort("number")
        .group_by(GROUP, maintain_order=True)
        .agg(later=pl.col("load").first())
    )
    seen = rows.join(
        last, on=GROUP, how="left", nulls_equal=True, maintain_order="left"
    ).join(later, on=GROUP, how="left", nulls_equal=True, maintain_order="left")
    if not spoken.height:
        return seen
    lacking = lacked(
        seen.select("row", "sender", *GROUP, number=pl.lit(number, pl.Int64)).rename(
            {"row": "__n"}
        ),
        spoken,
    )
    return (
        seen.join(lacking, left_on="row", right_on="__n", how="left")
        .with_columns(later=pl.coalesce("later", "by"))
        .drop("by")
    )


def _changed(entries: pl.DataFrame) -> pl.DataFrame:
    """Amounts that replace others of the same transaction and period."""
    rows = entries.filter(pl.col("__action") == UPDATED)
    found = [no_issues()]
    for name, column in PremiumEntryResource.fields.items():
        if not column.total or not {name, f"was.{name}"} <= set(rows.columns):
            continue
        changed = rows.filter(
            pl.col(name).is_not_null() & pl.col(name).ne_missing(pl.col(f"was.{name}"))
        )
        found.append(
            issues_at(
                changed,
                column=name,
                value=pl.col(name),
                code="premium_changed",
                severity="warning",
                message=pl.format(
                    f"{column.column_name}: {{}} replaces {{}} of number {{}} for the "
                    "same transaction and period.",
                    plain(pl.col(name)),
                    plain(pl.col(f"was.{name}")),
                    "was_number",
                ),
            )
        )
    return pl.concat(found)


def _listed_to_date(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Most rows say again what an earlier period said: a list to date?"""
    earlier = known.filter("is_standing").select(
        *KEY, "gross_premium", pl.col("period_end").alias("earlier"), "number"
    )
    again = (
        rows.select("row", *KEY, "gross_premium", END)
        .join(earlier, on=[*KEY, "gross_premium"], nulls_equal=True)
        .filter(pl.col("earlier") < pl.col(END))
        .unique("row", keep="first", maintain_order=True)
    )
    if again.height < MANY or again.height * 2 < rows.height:
        return no_issues()
    return issues_at(
        again.sort("row"),
        column="gross_premium",
        value=pl.col("gross_premium"),
        code="told_for_an_earlier_period",
        severity="warning",
        message=pl.format(
            "Number {} told the same transaction and amount for the period to {}. It "
            "is added. If the sender lists the year to date, say so at the sender.",
            "number",
            pl.col("earlier").cast(pl.String),
        ),
    )


def write_premiums(
    cursor: Any,
    settlement: PremiumSettlement,
    *,
    load: int,
    listing: Collection[int] = (),
) -> None:
    """Add the entries; those that they replace are replaced by the load.

    ``listing``: keys of senders whose files list the year to date.
    """
    entries = settlement.entries
    if entries.height:
        names = stored(entries)
        ids = draw_keys(cursor, PremiumEntry, entries.height)
        columns: dict[str, pl.Expr] = {}
        for name in names:
            field = field_of(name)
            value = pl.col(name)
            if f"was.{name}" in entries.columns:
                value = (
                    pl.when(_tells(name)).then(value).otherwise(pl.col(f"was.{name}"))
                )
            is_text = isinstance(field, models.CharField) and not field.null
            columns[str(field.column)] = value.fill_null("") if is_text else value
        for name in COLUMNS:
            if name not in names and name != "details":
                field = field_of(name)
                is_text = isinstance(field, models.CharField) and not field.null
                value = pl.coalesce(f"was.{name}", pl.lit(field.get_default()))
                columns[str(field.column)] = value.fill_null("") if is_text else value
        given = set(columns) | {field_of(n).column for n in names}
        for field in PremiumEntry._meta.concrete_fields:
            if (
                isinstance(field, models.CharField)
                and not field.null
                and field.column not in given
            ):
                columns[str(field.column)] = pl.lit(field.get_default())
        frame = entries.select(
            ids.alias("id"),
            pl.lit(load, dtype=pl.Int64).alias("load_id"),
            pl.col("later").alias("replaced_by_id"),
            "row",
            pl.col(START).alias("period_start"),
            pl.col(END).alias("period_end"),
            pl.coalesce("details", "was.details").fill_null("{}").alias("details"),
            "told",
            *(e.alias(n) for n, e in columns.items()),
        )
        copy_in(cursor, TABLE, frame)
        tell_planner(cursor, TABLE, frame.height)
        gone = (
            entries.filter(pl.col("later").is_null())["replaces"].explode().drop_nulls()
        )
        replace(cursor, gone, load=load)
        late = pl.DataFrame({"id": ids, "later": entries["later"]})
        restate(cursor, late.drop_nulls()["id"], listing=listing)
    write_repeats(cursor, settlement.repeats, model="premiumentry", load=load)


def replace(cursor: Any, entries: pl.Series, *, load: int) -> None:
    """The entries are replaced by what the load told."""
    if not entries.len():
        return
    sought(cursor, "replaced_entry", id=("bigint", entries.unique()))
    cursor.execute(
        f"UPDATE {TABLE} e SET replaced_by_id = %s, updated_at = now() "  # noqa: S608
        "FROM replaced_entry k WHERE e.id = k.id",
        [load],
    )
