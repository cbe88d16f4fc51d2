"""Amounts that name a currency in their own cell, beside the currency of the row."""

from collections.abc import Iterable, Mapping

import polars as pl

from importers.pipeline.frames import ROW, issues_at

SIGNS = {
    "£": ("GBP",),
    "€": ("EUR",),
    "₦": ("NGN",),
    "₹": ("INR",),
    "¥": ("JPY", "CNY"),
    "$": (
        *("USD", "AUD", "BBD", "BMD", "BND", "BSD", "CAD", "FJD", "GYD", "HKD", "JMD"),
        *("KYD", "LRD", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "XCD", "ARS"),
        *("BRL", "CLP", "COP", "MXN"),
    ),
}
"""Signs before or after amounts, and the currencies that use them."""
_SIGN = "[" + "".join(SIGNS) + "]"


def contradicting(
    texts: pl.DataFrame, currency: pl.Series, columns: Iterable[str], headers: Mapping
) -> list[pl.DataFrame]:
    """Issues of cells that name another currency than their row has.

    ``texts``: the cells as written; ``currency``: the rows' codes, null where unknown.
    """
    found = []
    for name in columns:
        cells = texts.select(
            ROW, text=pl.col(name), known=currency.cast(pl.String)
        ).filter(
            pl.col("known").is_not_null()
            & pl.col("text").str.contains(r"\d")
            & pl.col("text").str.contains(rf"^[A-Z]{{3}}|[A-Z]{{3}}$|{_SIGN}")
        )
        if not cells.height:
            continue
        code = pl.coalesce(
            pl.col("text").str.extract(r"^([A-Z]{3})\b"),
            pl.col("text").str.extract(r"\b([A-Z]{3})$"),
            pl.col("text").str.extract(r"([A-Z]{3})$"),
        )
        sign = pl.col("text").str.extract(f"({_SIGN})")
        codes = [
            (pl.col("sign") == s) & ~pl.col("known").is_in(list(users))
            for s, users in SIGNS.items()
        ]
        wrong = cells.with_columns(code=code, sign=sign).filter(
            (pl.col("code").is_not_null() & (pl.col("code") != pl.col("known")))
            | (pl.col("code").is_null() & pl.any_horizontal(codes))
        )
        if wrong.height:
            found.append(
                issues_at(
                    wrong,
                    column=headers[name],
                    value=pl.col("text"),
                    code="currency_differs",
                    severity="error",
                    message=pl.format(
                        "“{}” names another currency than the row, which is in {}. "
                        "Correct one of them.",
                        "text",
                        "known",
                    ),
                )
            )
    return found
