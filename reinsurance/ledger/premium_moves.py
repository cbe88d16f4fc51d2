"""By how much rows change gross premium: by currency, and by whose share it is.

Amounts at 100 % and of our share are never added up, nor are those of which nobody
knows what they are to either.
"""

from decimal import Decimal

import polars as pl

from reinsurance.choices import AmountsAre
from reinsurance.ledger.premium_columns import tells
from reinsurance.resources.conventions import Conventions

AT_SHARE = {
    "": "",
    AmountsAre.WHOLE.value: f" at {AmountsAre.WHOLE.label}",
    AmountsAre.OURS.value: f" {str(AmountsAre.OURS.label).lower()}",
}
"""Behind a currency: whose share an amount in it is."""


def in_currency(currency: str, share: str | None) -> str:
    """What an amount is in, as ``GBP``, ``GBP at 100 %`` or ``GBP our share``."""
    return f"{currency}{AT_SHARE[share or '']}"


def premium_in(currency: str, share: str | None) -> str:
    """What is moved, as ``premium GBP`` or ``premium GBP our share``."""
    return f"premium {in_currency(currency, share)}"


def share_told(frame: pl.DataFrame, conventions: Conventions) -> pl.Expr:
    """Whose share the amounts of rows are, by the row or by the sender's setting."""
    if "amounts_are" in frame.columns:
        return pl.col("amounts_are").fill_null("")
    return pl.lit(conventions.premium_amounts_are)


def share_after(entries: pl.DataFrame) -> pl.Expr:
    """The same of rows beside the books: untold it is what it was."""
    was = pl.col("was.amounts_are")
    if "amounts_are" not in entries.columns:
        return was
    return pl.when(tells("amounts_are")).then("amounts_are").otherwise(was)


def moves_of(entries: pl.DataFrame, known: pl.DataFrame) -> dict[str, Decimal]:
    """By how much gross premium changes in all.

    ``entries``: rows beside the books; ``known``: entries that these have.
    """
    counted = entries.filter(pl.col("later").is_null())
    # Rows that add share what they replace.
    replaced = counted["replaces"].explode().drop_nulls()
    gone = known.filter(pl.col("id").is_in(replaced.implode()))
    gross = pl.col("gross_premium").fill_null(0)
    parts = [
        counted.select("currency", share=share_after(counted), gross=gross),
        gone.select("currency", share="amounts_are", gross=-gross),
    ]
    sums = (
        pl.concat(part.with_columns(pl.col("share").fill_null("")) for part in parts)
        .group_by("currency", "share")
        .agg(pl.col("gross").sum())
    )
    return {
        premium_in(currency, share): amount
        for currency, share, amount in sums.iter_rows()
        if amount
    }
