"""Put source, layout and body rule together: judged pieces of one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from importers.exceptions import DuplicateHeader, EmptyFile, FileProblem, NoRows
from importers.readers import structure
from importers.readers.body import NOTE, skipped_rows
from importers.readers.csv_reader import counted, first_few
from importers.readers.sources import Piece, Source
from importers.readers.structure import Layout
from importers.readers.table import ROW, letters


@dataclass(frozen=True, slots=True)
class Judged:
    """The data rows of a piece, and which records they and the skipped ones were."""

    frame: pl.DataFrame
    data: list[int]
    skipped: list[tuple[int, int, str, str]]  # record, source row, reason, text


@dataclass(slots=True)
class Reading:
    """One table under way: walk :meth:`judged` once, then ask for ``repairs``."""

    source: Source
    layout: Layout
    width: int = 0
    _short: list[int] = field(default_factory=list)
    _long: list[int] = field(default_factory=list)
    _spilt: int = 0

    @classmethod
    def of(cls, source: Source) -> Reading:
        """Look at the sample of a source and decide on its layout."""
        layout = structure.find(source.sample)
        return cls(source, layout, layout.width)

    @property
    def header(self) -> tuple[str, ...]:
        """Names, with "" for columns only some rows have; empty without a header."""
        names = self.layout.header
        return names + ("",) * (self.width - len(names)) if names else ()

    @property
    def header_records(self) -> list[int]:
        """Record numbers of the header rows."""
        return [self.source.first_record + i for i in self.layout.header_rows]

    def check_header(self) -> None:
        """Raise DuplicateHeader for names that later stages cannot tell apart."""
        seen: dict[str, int] = {}
        for i, name in enumerate(self.header):
            key = name.strip().casefold()
            if not key:
                continue
            if key in seen:
                first = self.source.first_column
                one, two = letters(seen[key] + first), letters(i + first)
                raise DuplicateHeader(
                    f"Column {name!r} appears twice (columns {one} and {two}). Rename "
                    "one of them and send the file again."
                )
            seen[key] = i

    def place(self, column: int) -> str:
        """How Excel calls a column."""
        return f"column {letters(column + self.source.first_column)}"

    def judged(self, *, wants_records: bool = True) -> Iterator[Judged]:
        """Every piece with its data rows kept and the others named."""
        if not self.layout.width:
            return
        for piece in self.source.pieces(self.layout.width):
            yield self._judge(piece, wants_records)

    def _judge(self, piece: Piece, wants_records: bool) -> Judged:
        frame, first = piece.frame, piece.first_record
        head = max(0, self.layout.first_data + self.source.first_record - first)
        skipped = skipped_rows(frame, self.layout.profile)
        header = set(self.header_records)
        for position, row in enumerate(frame.head(head).iter_rows()):
            if first + position in header:
                skipped.pop(position, None)
            elif position not in skipped:
                text = " | ".join(c.strip() for c in row[1:] if c)[:200]
                skipped[position] = (NOTE, text)
        numbers = frame[ROW]
        out = [
            (first + position, numbers[position], reason, text)
            for position, (reason, text) in sorted(skipped.items())
        ]
        dropped = set(skipped) | {h - first for h in header}
        dropped = {p for p in dropped if 0 <= p < frame.height}
        if dropped:
            keep = pl.Series([True]).new_from_index(0, frame.height)
            keep = keep.scatter(sorted(dropped), False)
            frame = frame.filter(keep)
        self._count_uneven(piece, frame)
        self.width = max(self.width, len(frame.columns) - 1)
        data: list[int] = []
        if wants_records:
            records = range(first, first + piece.frame.height)
            data = [r for p, r in enumerate(records) if p not in dropped]
        return Judged(frame, data, out)

    def _count_uneven(self, piece: Piece, kept: pl.DataFrame) -> None:
        if not piece.uneven:
            return
        rows = set(kept[ROW].to_list())
        for number, cells in piece.uneven.items():
            if number in rows:
                short = cells < self.layout.width
                (self._short if short else self._long).append(number)

    def no_rows(self) -> FileProblem:
        """What to raise where not one row was left."""
        if not self.layout.width:
            return EmptyFile(
                "The file has no table in it; check the sheet and send it again."
            )
        return NoRows(
            "The file has a header but no data rows; ask the sender whether the "
            "period is nil."
        )

    def repairs(self) -> tuple[str, ...]:
        """Sentences for everything mended; complete after :meth:`judged`."""
        said = self.source.repairs()
        if lines := self._long:
            said.append(
                f"{first_few(lines).capitalize()} had more cells than the header; "
                "what is beyond it is kept in columns without a name."
            )
        if lines := self._short:
            said.append(
                f"{counted(len(lines), 'line')} had fewer cells than the header; the "
                f"missing cells are left empty ({first_few(lines)})."
            )
        return tuple(said)
