"""Parts of a record's key that rows tell which do not bring the record themselves.

Rows of one contract may tell its inception or leave it out: it is the same contract.
The first of them brings it; what only a later one tells is a word of that row.
"""

from collections import defaultdict

import polars as pl

from importers.models import RowChange
from importers.pipeline.changes import Change
from importers.pipeline.compare import ID, TELLS, table_column
from importers.pipeline.frames import ROW
from importers.pipeline.undo_records import REPEATED
from reinsurance.resources.base import UNTOLD


class ToldKeys:
    """Which parts of which keys the rows of a load told so far."""

    def __init__(self, ingestion: int) -> None:
        self._ingestion = ingestion
        self._told: defaultdict[str, set[int]] = defaultdict(set)

    def add(self, change: Change, created: pl.Series) -> None:
        """Take up a chunk, once its records are traced; ``created`` are new keys.

        What a row tells beyond the one that brings its record is written down.
        """
        rows = change.compared.frame
        for name in change.compared.names:
            if UNTOLD + name not in rows.columns:
                continue
            told = self._told[name]
            told |= set(created.filter(change.created[TELLS + name]))
            tells = rows.filter(pl.col(ID).is_not_null() & pl.col(TELLS + name))
            brings = pl.concat([change.updated[ROW], change.repeated[ROW]])
            told |= set(tells.filter(pl.col(ROW).is_in(brings.implode()))[ID])
            more = tells.filter(~pl.col(ID).is_in(list(told))).sort(ROW)
            self._write(change, name, more.unique(ID, keep="first"))
            told |= set(more[ID])

    def _write(self, change: Change, name: str, rows: pl.DataFrame) -> None:
        column = table_column(change.resource, name)
        RowChange.objects.bulk_create(
            RowChange(
                ingestion_id=self._ingestion,
                row=row,
                model=change.resource._meta.model._meta.model_name,
                object_id=key,
                action=REPEATED,
                confirmed=[column],
            )
            for row, key in rows.select(ROW, ID).sort(ROW).iter_rows()
        )
