"""The rows held out, as the sender wrote them: to download, mend and send again."""

import csv
from pathlib import Path

import polars as pl

from importers.pipeline.clean import ROW_IN_FILE
from importers.pipeline.frames import ROW
from importers.values import Severity
from reinsurance.resources.formats import harmless


class RejectedRows:
    """The rows held out, as the sender wrote them, with number and reasons, as CSV."""

    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        self.path = path
        names = [name or f"Column {n}" for n, name in enumerate(header, start=1)]
        with path.open("w", newline="", encoding="utf-8-sig") as stream:
            again = sum(name.startswith(ROW_IN_FILE) for name in names)
            suffix = f" {again + 1}" if again else ""
            more = (f"{ROW_IN_FILE}{suffix}", f"What is wrong{suffix}")
            csv.writer(stream).writerow([*map(harmless, names), *more])

    def add(
        self, chunk: pl.DataFrame, held_out: pl.Series, issues: pl.DataFrame
    ) -> None:
        """Append the rows of a chunk of text that are held out."""
        if not held_out.len():
            return
        reasons = (
            issues.filter(pl.col("severity") == Severity.ERROR.value)
            .group_by(ROW, maintain_order=True)
            .agg(pl.col("message").unique(maintain_order=True).str.join(" | "))
        )
        rows = chunk.filter(pl.col(ROW).is_in(held_out.implode())).join(
            reasons, on=ROW, how="left", maintain_order="left"
        )
        with self.path.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            for number, *cells, reason in rows.iter_rows():
                writer.writerow([*map(harmless, cells), number, harmless(reason or "")])
