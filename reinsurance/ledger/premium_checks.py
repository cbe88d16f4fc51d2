"""What is wrong with rows of premiums beside each other and beside the books."""

import polars as pl

from reinsurance.ledger.contradictions import plain
from reinsurance.ledger.periods import END
from reinsurance.ledger.premium_columns import (
    AMOUNTS,
    OF_RISK,
    labels,
    tells,
)
from reinsurance.ledger.premium_competing import competing
from reinsurance.ledger.premium_keys import FIRM, PARTS, is_untold
from reinsurance.ledger.premium_standing import KEY
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
CURRENCY_OF = {
    "settlement_currency": "net_premium_settlement",
    "sum_insured_currency": "sum_insured",
}
"""Columns with a currency, and the amount that is in it."""
MANY = 3
"""So many equal rows of an earlier period, and most of the file, look like a list."""
TAKES_ALL = ", or, if the row takes the place of all of them, have their file undone."
OF_PERIODS = "If the sender lists the year to date, say so at the sender."
OF_ANOTHER_YEAR = (
    "The sender lists the year to date, and a new year begins with a new list: if this "
    "is the list of the year before, hand it in for a period of that year."
)


def fits_several(
    rows: pl.DataFrame, known: pl.DataFrame, conventions: Conventions
) -> pl.DataFrame:
    """Rows for which several transactions fit, as they leave out a part of the key."""
    unclear = rows.filter("is_unclear")
    if not unclear.height:
        return no_issues()
    file = rows.group_by(FIRM).agg(
        pl.col("row").cast(pl.String).str.join(", ").alias("others"),
        is_within=pl.any_horizontal(
            is_untold(n).any() & (~is_untold(n)).any() for n in PARTS
        ),
    )
    unclear = unclear.join(file, on=FIRM, how="left", nulls_equal=True)
    if conventions.is_correction:
        unclear = _unclear_in_a_correction(unclear, known, conventions)
    alone = ~pl.col("is_within") & pl.col("torn_by").is_null()
    alone &= pl.lit(not conventions.is_correction)
    compete = competing(unclear.filter(alone), known)
    unclear = unclear.filter(~pl.col("row").is_in(compete["row"].implode()))
    found = issues_at(
        unclear.sort("row"),
        column="section",
        value=pl.col("section"),
        code="premium_unclear",
        severity="error",
        message=pl.when("is_within")
        .then(
            pl.format(
                "Rows {} tell a premium with certificate, section, risk code or "
                "instalment and without, and it is not clear whether it is the same. "
                "Write them in each of the rows.",
                pl.col("others").str.slice(0, 80),
            )
        )
        .when(pl.col("torn_by").is_not_null())
        .then(
            pl.format(
                "Number {} was received after this file and leaves certificate, "
                "section, risk code or instalment out: beside this row it would not be "
                "clear which premium that one tells. Hand this file in anew, so that "
                "it is the later one.",
                "torn_by",
            )
        )
        .otherwise(
            pl.lit(
                "It is not clear which premium of the books the row tells anew: "
                "certificate, section, risk code or instalment is written in one and "
                "not in the other, and several fit. Write them as before"
                + (TAKES_ALL if conventions.is_correction else ".")
            )
        ),
    )
    return pl.concat([compete, found])


def _unclear_in_a_correction(
    unclear: pl.DataFrame, known: pl.DataFrame, conventions: Conventions
) -> pl.DataFrame:
    """Those of the rows that are unclear in a correction, too.

    One that has all parts of its key takes the place of what its sender told before:
    only its own rows, and what others told, may be unclear then.
    """
    of_others = known.filter(
        pl.col("sender").ne_missing(pl.lit(conventions.sender))
    ).select(FIRM)
    foreign = unclear.join(of_others, on=FIRM, how="semi", nulls_equal=True)
    parts = known.group_by(FIRM).agg(
        (~is_untold(n)).any().alias(f"{n}.books") for n in PARTS
    )
    return unclear.join(parts, on=FIRM, how="left", nulls_equal=True).filter(
        pl.col("is_within")
        | pl.col("row").is_in(foreign["row"].implode())
        | pl.any_horizontal(is_untold(n) & pl.col(f"{n}.books") for n in PARTS)
    )


def amount_replaced(
    rows: pl.DataFrame, name: str, number: str, where: str
) -> pl.DataFrame:
    """Warnings of an amount that replaces another one, ``was.<name>``.

    ``number``: the column with who told that; ``where``: the rest of the sentence.
    """
    changed = rows.filter(
        pl.col(name).is_not_null() & pl.col(name).ne_missing(pl.col(f"was.{name}"))
    )
    return issues_at(
        changed,
        column=name,
        value=pl.col(name),
        code="premium_changed",
        severity="warning",
        message=pl.format(
            f"{labels()[name]}: {{}} replaces {{}} of number {{}} {where}",
            plain(pl.col(name)),
            plain(pl.col(f"was.{name}")),
            number,
        ),
    )


def changed(entries: pl.DataFrame) -> pl.DataFrame:
    """Amounts that replace others of the same transaction and period."""
    rows = entries.filter(pl.col("__action") == UPDATED, "has_line")
    found = [no_issues()]
    for name in (*AMOUNTS, *OF_RISK):
        if not {name, f"was.{name}"} <= set(rows.columns):
            continue
        is_in_all = name == "gross_premium"  # said of all of them together
        found.append(
            amount_replaced(
                rows.filter(~adds_otherwise()) if is_in_all else rows,
                name,
                "was_number",
                "for the same transaction and period.",
            )
        )
    return pl.concat(found)


def currencies_changed(entries: pl.DataFrame) -> pl.DataFrame:
    """Currencies that replace others, with amounts that are told in them."""
    rows = entries.filter(pl.col("__action") == UPDATED, "has_line")
    found = [no_issues()]
    for name, amount in CURRENCY_OF.items():
        if not {name, amount} <= set(rows.columns):
            continue
        was = pl.col(f"was.{name}").fill_null("")
        found.append(
            issues_at(
                rows.filter(
                    tells(name) & tells(amount) & (was != "") & (pl.col(name) != was)
                ),
                column=name,
                value=pl.col(name),
                code="premium_changed",
                severity="warning",
                message=pl.format(
                    f"{labels()[name]}: {{}} replaces {{}} of number {{}}, of "
                    f"“{labels()[amount]}” for the same transaction and period.",
                    name,
                    was,
                    "was_number",
                ),
            )
        )
    return pl.concat(found)


def adds_otherwise() -> pl.Expr:
    """Whether rows that add replace more or fewer of them."""
    return (pl.col("was_times") > 0) & (pl.col("times") != pl.col("was_times"))


def told_otherwise_often(entries: pl.DataFrame) -> pl.DataFrame:
    """Equal rows that add, of which there were more or fewer before."""
    rows = (
        entries.filter(pl.col("later").is_null() & adds_otherwise())
        .with_columns(total=pl.col("gross_premium").sum().over("was_id"))
        .unique("was_id", keep="first", maintain_order=True)
    )
    return issues_at(
        rows,
        column="gross_premium",
        value=pl.col("gross_premium"),
        code="premium_changed",
        severity="warning",
        message=pl.format(
            "Rows for this transaction and period: {} here in place of {} of number "
            "{}, {} in all {}.",
            "times",
            "was_times",
            "was_number",
            plain(pl.col("total")),
            pl.when(pl.col("total") == pl.col("was_total"))
            .then(pl.lit("as before"))
            .otherwise(pl.format("instead of {}", plain(pl.col("was_total")))),
        ),
    )


def listed_to_date(
    rows: pl.DataFrame, known: pl.DataFrame, conventions: Conventions
) -> pl.DataFrame:
    """Most rows say again what an earlier period said: a list to date?"""
    groups = ["same_period", "same_sender"]
    earlier = known.filter("is_standing").select(
        *(*KEY, "gross_premium", "number", *groups), earlier="period_end"
    )
    is_replaced = pl.all_horizontal(
        pl.col(n).eq_missing(pl.col(f"{n}_earlier")) for n in groups
    )
    again = (
        rows.select("row", *KEY, "gross_premium", END, *groups)
        .join(earlier, on=[*KEY, "gross_premium"], nulls_equal=True, suffix="_earlier")
        .filter(pl.col("earlier") < pl.col(END), ~is_replaced)
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
            "is added. "
            + (OF_ANOTHER_YEAR if conventions.premium_lists == "year" else OF_PERIODS),
            "number",
            pl.col("earlier").cast(pl.String),
        ),
    )
