"""Rows of records that several chunks tell of: put aside, and settled together.

What a row does to the books depends on the other rows about the same record, so these
have to be looked at in one go.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from importers.pipeline.check import Checker
from importers.pipeline.frames import ROW, no_issues

PORTION = 50_000
"""Rows put aside that are settled together, about."""


@dataclass(slots=True)
class Aside:
    """Which rows are put aside, and into which portion; on disk till their turn."""

    folder: Path
    rows: pl.DataFrame
    _written: dict[int, list[Path]] = field(default_factory=dict)

    @classmethod
    def of(cls, checker: Checker, ends: Sequence[int], folder: Path) -> "Aside":
        """Rows that share a record with rows of another chunk (``ends``: last rows)."""
        found = []
        if checker.record_type.ledger is not None and len(ends) > 1:
            for shared in checker.groups():
                chunks = [bisect_left(ends, row) for row in shared[ROW].to_list()]
                spread = shared.with_columns(
                    pl.Series("chunk", chunks, dtype=pl.Int64)
                ).filter(pl.col("chunk").n_unique().over("k1", "k2") > 1)
                found.append(spread.select(ROW, "k1"))
        if not found:
            return cls(
                folder, pl.DataFrame(schema={ROW: pl.Int64, "portion": pl.Int64})
            )
        rows = pl.concat(found)
        portions = 1 + rows.height // PORTION
        placed = rows.select(
            pl.col(ROW).cast(pl.Int64),
            portion=(pl.col("k1") % portions).cast(pl.Int64),
        )
        return cls(folder, placed)

    def put(
        self,
        number: int,
        frame: pl.DataFrame,
        chunk: pl.DataFrame,
        issues: pl.DataFrame,
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Put rows of a chunk aside; frame and chunk without them."""
        here = self.rows.filter(
            pl.col(ROW).is_between(chunk[ROW].min(), chunk[ROW].max())
        )
        if not here.height:
            return frame, chunk
        for portion in here["portion"].unique().sort().to_list():
            mine = here.filter(pl.col("portion") == portion)[ROW].implode()
            name = f"aside-{portion:05d}-{number:05d}"
            for part, kind in ((frame, "clean"), (chunk, "text"), (issues, "issues")):
                picked = part.filter(pl.col(ROW).is_in(mine))
                picked.write_ipc(self.folder / f"{name}-{kind}.arrow")
            self._written.setdefault(portion, []).append(self.folder / name)
        rows = here[ROW].implode()
        return (
            frame.filter(~pl.col(ROW).is_in(rows)),
            chunk.filter(~pl.col(ROW).is_in(rows)),
        )

    def portions(self) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
        """Frame, chunk of text and issues of each portion."""
        for paths in self._written.values():
            parts: dict[str, pl.DataFrame] = {}
            for kind in ("clean", "text", "issues"):
                files = [path.with_name(f"{path.name}-{kind}.arrow") for path in paths]
                frames = [pl.read_ipc(file) for file in files]
                parts[kind] = pl.concat(frames) if frames else no_issues()
                for file in files:
                    file.unlink()
            yield parts["clean"].sort(ROW), parts["text"].sort(ROW), parts["issues"]
