"""What is told of one position, and what it holds at the end of each period."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import connection

from reinsurance.ledger import timelines
from reinsurance.ledger.statements import live_statements
from reinsurance.models import ClaimPosition


@dataclass(frozen=True, slots=True)
class PositionBooks:
    """What is told of a position, and what holds at the end of each period."""

    told: pl.DataFrame
    line: pl.DataFrame
    live: pl.DataFrame

    def held_at(self, end: date) -> dict[str, Any]:
        """What the position holds at the end of a period."""
        if not self.line.height:
            return {}
        rows = timelines.as_at(self.line, end).to_dicts()
        return rows[0] if rows else {}

    def told_for(self, end: date) -> dict[str, Any]:
        """What was told last for the period, of each amount in its basis."""
        if not self.told.height:
            return {}
        rows = self.told.filter(pl.col("period_end") == end).to_dicts()
        return rows[0] if rows else {}

    def teller_of(self, end: date, name: str) -> dict[str, Any]:
        """The statement that told an amount in its basis last for the period."""
        said = pl.col(name).is_not_null() & (pl.col("period_end") == end)
        return self.live.filter(said).sort("number", "row").tail(1).row(0, named=True)


def counting(positions: list[int]) -> list[int]:
    """Keys of the statements that count of the positions; inside a transaction."""
    with connection.cursor() as cursor:
        live = live_statements(cursor, pl.Series(positions, dtype=pl.Int64))
    return live["statement"].unique().sort().to_list()


def books_of(cursor: Any, position: ClaimPosition) -> PositionBooks:
    """What live statements tell of the position; inside a transaction."""
    live = live_statements(cursor, pl.Series([position.pk], dtype=pl.Int64))
    told = timelines.best(live) if live.height else live
    periods = timelines.with_periods(live) if live.height else live
    return PositionBooks(told, timelines.timeline(live), periods)
