"""Tables made in a test, run through the stages without a file or a queue."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from importers.models import Ingestion, Source
from importers.pipeline.effects import Effect
from importers.pipeline.examine import Examined, examine
from importers.pipeline.fingerprints import as_plain, difference
from importers.pipeline.load import load
from importers.pipeline.match import match
from importers.record_types import RecordType
from importers.services.ingestions import source_of
from reinsurance.resources.cells import CellOptions
from reinsurance.resources.conventions import Conventions, FileContext


@dataclass(frozen=True, slots=True)
class Table:
    """What the stages need of a spilled file: a header and chunks of text.

    The header is in row 1; ``chunk`` is how many rows a chunk has.
    """

    header: tuple[str, ...]
    rows: list[list[str]]
    chunk: int = 7

    @property
    def chunk_count(self) -> int:
        """How many chunks the rows make."""
        return -(-len(self.rows) // self.chunk)

    def chunks(self) -> Iterator[pl.DataFrame]:
        """The rows as the reader would hand them on."""
        for start in range(0, len(self.rows), self.chunk):
            part = self.rows[start : start + self.chunk]
            columns = list(zip(*part, strict=True))
            yield pl.DataFrame(
                {
                    "row": pl.int_range(
                        start + 2, start + 2 + len(part), eager=True, dtype=pl.Int64
                    ),
                    **{
                        f"c{index}": pl.Series(cells, dtype=pl.String)
                        for index, cells in enumerate(columns)
                    },
                }
            )


def ingestion_of(record_type: RecordType, source: Source | None = None) -> Ingestion:
    """An ingestion that rows can be loaded for; numbers rise as they are made."""
    return Ingestion.objects.create(
        record_type=record_type.slug,
        source=source or source_of(None),
        door="test",
        file_name="test.csv",
        file_size=0,
        sha256=f"{Ingestion.objects.count():064d}",
        original="none",
    )


def check(
    table: Table,
    record_type: RecordType,
    context: FileContext,
    options: CellOptions | None = None,
) -> Examined:
    """Check and stage the table, by the headers' own names."""
    matches = match(table.header, record_type)
    assert matches.is_settled, matches
    with tempfile.TemporaryDirectory() as folder:
        return examine(
            table,  # type: ignore[arg-type]
            record_type,
            matches,
            options=options or CellOptions(),
            context=context,
            prefix=f"staged/{context.number}",
            folder=Path(folder),
        )


def run(
    table: Table,
    record_type: RecordType,
    *,
    options: CellOptions | None = None,
    period_start: date | None = None,
    period_end: date | None = None,
    conventions: Conventions | None = None,
    ingestion: Ingestion | None = None,
    as_settled: bool = False,
) -> tuple[Examined, Counter[str], Ingestion]:
    """Check, stage and load the table's good rows, by the headers' own names.

    What is loaded is what was seen at the check; ``as_settled``: it is written as it
    was settled then, not settled anew.
    """
    ingestion = ingestion or ingestion_of(record_type)
    told = conventions or Conventions()
    if told.sender is None:
        told = replace(told, sender=ingestion.source_id)
    context = FileContext(
        number=ingestion.pk,
        conventions=told,
        period_start=period_start,
        period_end=period_end,
    )
    examined = check(table, record_type, context, options)
    seen, effect = examined.staged.effect, Effect()
    context = replace(
        context,
        held_out=seen.named(),
        rejected=tuple(seen.rejected()),
        held_out_lines=seen.lines(),
    )
    loaded = load(
        examined.staged.parts,
        record_type,
        context=context,
        effect=effect,
        settled_at=examined.books if as_settled else "",
    )
    if effect.is_settled:
        moved = difference(as_plain(seen), as_plain(effect))
        assert not moved, moved
    return examined, +loaded, ingestion


def rejected_rows(examined: Examined) -> set[int]:
    """Row numbers with an error."""
    errors = examined.issues.filter(pl.col("severity") == "error")
    return set(errors.get_column("row").to_list())
