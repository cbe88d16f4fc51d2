"""What was told within the period of a file; of a list of the year, that year."""

import polars as pl


def is_within(*, lists_year: bool) -> pl.Expr:
    """Whether what was told to ``period_end`` is of the file's period (``own_end``).

    Of lists the year, also what a later one told: it may be loaded before an earlier
    one.
    """
    told, own = pl.col("period_end"), pl.col("own_end")
    if lists_year:
        return told.dt.year() == own.dt.year()
    return told.eq_missing(own)


def listed_by_itself(
    told: pl.DataFrame, own_end: object, shared: pl.Series
) -> pl.Series:
    """Contracts that were listed to the same day by a file of their own.

    ``told``: ``treaty``, ``period_end`` and ``file``; ``shared``: numbers of files
    that told of contracts of this file, too: one of them may be what it corrects.
    """
    listed = told.filter(pl.col("period_end") == own_end)
    with_mine = listed.filter(pl.col("file").is_in(shared.implode()))["treaty"]
    return listed.filter(~pl.col("treaty").is_in(with_mine.implode()))["treaty"]
