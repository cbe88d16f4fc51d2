"""What whole files do at once, for stock import-export: row by row."""

from typing import Any

import polars as pl
from django.core.exceptions import ValidationError

from reinsurance.ledger.periods import END, START, with_periods
from reinsurance.resources.cells import CellError

NAMES = ("period_start", "period_end")


def settle_period(row: Any, columns: Any) -> None:
    """Put the month that the row's period means in its place.

    Raises ValidationError where it means none; a cell that is not understood stays.
    """
    labels = {name: str(columns[name].column_name) for name in NAMES}
    try:
        told = {n: columns[n].widget.clean(row.get(labels[n])) for n in NAMES}
    except CellError:
        return
    frame = pl.DataFrame(
        {"row": [0], **{n: pl.Series([v], dtype=pl.Date) for n, v in told.items()}}
    )
    frame, unclear = with_periods(frame, start=None, end=None, frequency="month")
    for message in unclear.filter(pl.col("severity") == "error")["message"]:
        raise ValidationError(message)
    if told["period_end"] is not None:
        row[labels["period_start"]] = frame[START].item().isoformat()
        row[labels["period_end"]] = frame[END].item().isoformat()
