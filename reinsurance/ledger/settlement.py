"""What rows of a claims file do to the books, as a value."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.matching import WAS

_PARTS = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")


@dataclass(frozen=True, slots=True)
class Settlement:
    """What rows do to the books; keys below zero are of records still to be made.

    ``rows``: ``row``, ``claim``, ``position``, ``period_end``, ``__action`` of those
    that hold.
    ``held_out``: rows that do not, for the reasons in ``issues`` (columns by the names
    of fields).  ``claims``: claims that are new, or differ (``stands``: they stood
    before).  ``positions``: alike.  ``statements``: to be added.  ``repeats``: ``row``
    and the ``statement`` that it repeats.  ``overrides``: ``statement`` and what it
    told before its claim's value changed (JSON).  ``settled``: the rows that hold
    beside what stands in the books after them, for rules.  ``paid``: what is paid
    in each period after them, of all positions of their claims
    (:func:`paid_periods.paid_by_period`).  ``later``: periods beside theirs that the
    rows change (:func:`later_periods`).
    """

    rows: pl.DataFrame
    held_out: pl.Series
    issues: pl.DataFrame
    claims: pl.DataFrame
    positions: pl.DataFrame
    statements: pl.DataFrame
    repeats: pl.DataFrame
    overrides: pl.DataFrame
    settled: pl.DataFrame
    paid: pl.DataFrame
    later: pl.DataFrame

    @property
    def moves(self) -> dict[str, Any]:
        """By how much paid and incurred change in all, by currency."""
        kept = self.positions
        was = {n: pl.when(pl.col("stands")).then(WAS + n).fill_null(0) for n in _PARTS}
        sums = kept.group_by("currency").agg(
            paid=(
                pl.sum_horizontal(pl.col(n).fill_null(0) - was[n] for n in _PARTS[:2])
            ).sum(),
            incurred=(
                pl.sum_horizontal(pl.col(n).fill_null(0) - was[n] for n in _PARTS)
            ).sum(),
        )
        return {
            f"{name} {currency}": amount
            for currency, *amounts in sums.iter_rows()
            for name, amount in zip(("paid", "incurred"), amounts, strict=True)
            if amount
        }

    @property
    def present(self) -> pl.DataFrame:
        """Positions of the books that rows are about, with the period of each."""
        return (
            self.rows.filter(pl.col("position") > 0)
            .select("position", "period_end")
            .unique()
        )

    @property
    def beside(self) -> pl.DataFrame:
        """Claims of the books that rows are about, with position and period of each.

        A position that the books do not have yet is null.
        """
        known = pl.when(pl.col("position") > 0).then("position").alias("position")
        return (
            self.rows.filter(pl.col("claim") > 0, pl.col("period_end").is_not_null())
            .select("claim", known, "period_end")
            .unique()
        )
