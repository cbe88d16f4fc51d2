"""What amounts of premiums mean (share, currency), where a load is taken away.

A row that does not say it was read with what stood, and keeps that at an undo.  Amounts
that it left out do not come back from a row that meant them otherwise.
"""

import polars as pl

from reinsurance.choices import AmountsAre
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.ledger.premium_restating import keyed
from reinsurance.ledger.premium_settled_rules import MEANT_BY
from reinsurance.ledger.premium_standing import COLUMNS, GROUP, has_bit, lacked
from reinsurance.resources.premiums import PremiumEntryResource


def meant_as_before(
    told: pl.DataFrame,
    after: pl.DataFrame,
    spoken: pl.DataFrame,
    left: pl.DataFrame,
) -> pl.DataFrame:
    """Tellings without a load, which say what their amounts were read as with it.

    ``told``, ``spoken`` and ``left`` as in :mod:`premium_readings`; ``after``: those
    that stand, with whole keys.  Raises CountsTwiceError where amounts that were left
    out come from a row that meant them otherwise.
    """
    before = _with_meanings(keyed(told, spoken), spoken)
    was = before.select("__n", *(pl.col(_means(n)).alias(f"was.{n}") for n in MEANT_BY))
    now = _with_meanings(after, left).join(was, on="__n", how="left")
    for name, amounts in MEANT_BY.items():
        is_kept = (
            (pl.col(f"was.{name}") != pl.col(_means(name)).fill_null(""))
            & ~_says(name)
            & pl.any_horizontal(has_bit(a) & pl.col(a).is_not_null() for a in amounts)
        )
        kept = now.filter(is_kept).select("id", kept=f"was.{name}").unique("id")
        if kept.height:
            bit = 1 << COLUMNS.index(name)
            is_new = pl.col("kept").is_not_null() & ~has_bit(name)
            after = after.join(kept, on="id", how="left", maintain_order="left")
            after = after.with_columns(
                pl.coalesce("kept", name).alias(name),
                told=pl.col("told") + pl.when(is_new).then(bit).otherwise(0),
            ).drop("kept")
    _require_one_meaning(_with_meanings(after, left), before)
    return after


def _means(name: str) -> str:
    return f"means.{name}"


def _says(name: str) -> pl.Expr:
    return (has_bit(name) & (pl.col(name) != "")).fill_null(value=False)


def _with_meanings(told: pl.DataFrame, spoken: pl.DataFrame) -> pl.DataFrame:
    """Live tellings with what they were read with, ``means.<column>``."""
    return (
        told.join(lacked(told, spoken), on="__n", how="anti")
        .sort("__n")
        .with_columns(
            pl.when(_says(n)).then(n).forward_fill().over(GROUP).alias(_means(n))
            for n in MEANT_BY
        )
    )


def _require_one_meaning(live: pl.DataFrame, before: pl.DataFrame) -> None:
    """Raise CountsTwiceError where one entry would have amounts of two meanings."""
    for name, amounts in MEANT_BY.items():
        for amount in amounts:
            mixed = _mixed(live, name, amount).join(
                _mixed(before, name, amount), on=GROUP, how="anti", nulls_equal=True
            )
            if not mixed.height:
                continue
            labels = {n: c.column_name for n, c in PremiumEntryResource.fields.items()}
            row = mixed.sort("number").row(-1, named=True)
            raise CountsTwiceError(
                f"“{labels[amount]}” of policy {row['policy_reference']} would come "
                f"back at “{_label(row['of_amount'])}” beside amounts at "
                f"“{_label(row['of_entry'])}”, as number {row['number']} left it out. "
                f"Undo number {row['number']} first."
            )


def _mixed(live: pl.DataFrame, name: str, amount: str) -> pl.DataFrame:
    """Transactions of which an amount was told with another meaning than they have."""
    means = pl.col(_means(name))
    tells = has_bit(amount) & pl.col(amount).is_not_null() & (pl.col(amount) != 0)
    return (
        live.group_by(GROUP, maintain_order=True)
        .agg(
            pl.col("number").last(),
            of_entry=means.last(),
            of_amount=means.filter(tells).last(),
        )
        .filter(pl.col("of_entry") != pl.col("of_amount"))
    )


def _label(meaning: str) -> str:
    labels = {value: str(label) for value, label in AmountsAre.choices}
    return labels.get(meaning, meaning)
