"""Keys of all rows of a file, on disk: who shares one, in memory that does not grow.

A key is two hashes of 64 bits (that two keys share both is out of the question) with a
hash of what the row says about it.  Rows are looked at in portions by their first hash:
rows of one key are always in one portion.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from importers.pipeline.frames import ROW
from reinsurance.resources.no_limits import NONE, says_none

SEEDS = (11, 47)
PORTION = 250_000
"""Rows that are looked at together, about."""


class KeyBook:
    """Keys of one kind of record, written chunk by chunk."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._count = 0
        self._rows = 0
        self._shared: list[Path] | None = None

    def add(self, rows: pl.DataFrame, key: list[str], content: list[str]) -> None:
        """Write down the keys of a chunk's rows and what they say (``content``)."""
        first, second = (pl.struct(key).hash(seed) for seed in SEEDS)
        said = gaps = pl.lit(0, pl.UInt64)
        if content:
            rows = _with_none(rows, content)
            said = pl.struct(content).hash(SEEDS[0])
            empty = [
                (pl.col(n).fill_null("") == "").alias(n)
                if rows.schema[n] == pl.String
                else pl.col(n).is_null()
                for n in content
            ]
            gaps = pl.struct(empty).hash(SEEDS[0])
        hashes = rows.select(
            pl.col(ROW).cast(pl.UInt32), k1=first, k2=second, content=said, gaps=gaps
        )
        hashes.write_ipc(self._folder / f"{self._name}-{self._count:05d}.arrow")
        self._count += 1
        self._rows += hashes.height

    def shared(self) -> Iterator[pl.DataFrame]:
        """Rows whose key another row has too, portion by portion, in file order.

        Columns: ``row``, ``k1``, ``k2``, ``content`` and ``gaps`` (which cells are
        empty).  They are sought once, after
        the last chunk, and kept on disk for the next time they are asked for.
        """
        if self._shared is None:
            self._shared = list(self._find_shared())
        for path in self._shared:
            yield pl.read_ipc(path)

    def _find_shared(self) -> Iterator[Path]:
        portions = 1 + self._rows // PORTION
        for number in range(portions):
            mine = pl.col("k1") % portions == number
            parts = [pl.read_ipc(path).filter(mine) for path in self._paths()]
            if not parts:
                return
            suspects = pl.concat(parts).filter(pl.col("k1").is_duplicated())
            shared = suspects.filter(pl.struct("k1", "k2").is_duplicated())
            if shared.height:
                path = self._folder / f"{self._name}-shared-{number:05d}.arrow"
                shared.write_ipc(path)
                yield path

    def _paths(self) -> list[Path]:
        return [
            self._folder / f"{self._name}-{number:05d}.arrow"
            for number in range(self._count)
        ]


def _with_none(rows: pl.DataFrame, content: list[str]) -> pl.DataFrame:
    """The rows with a word where they say that there is no limit: that is no gap."""
    return rows.with_columns(
        pl.when(says_none(rows, name))
        .then(pl.lit("none"))
        .otherwise(pl.col(name).cast(pl.String))
        .alias(name)
        for name in content
        if NONE + name in rows.columns
    )
