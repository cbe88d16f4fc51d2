"""Records of differing names stacked up, and turned into one frame of text."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from importers.exceptions import BadEncoding
from importers.readers.json_records import Cell, text_of
from importers.readers.table import ROW


class Stack:
    """Records waiting to become a frame, those of the same names run by run."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._runs: list[tuple[tuple[str, ...], list[tuple[Cell, ...]]]] = []
        #: Records waiting.
        self.height = 0

    def add(self, number: int, names: tuple[str, ...], cells: tuple[Cell, ...]) -> bool:
        """Take the record of a line; whether its names differ from the last one's."""
        is_new = not self._runs or self._runs[-1][0] != names
        if is_new:
            self._runs.append((names, []))
        self._runs[-1][1].append(cells)
        self._numbers.append(number)
        self.height += 1
        return is_new

    def take(self, columns: Sequence[str]) -> pl.DataFrame:
        """All of them as one frame: ``row``, then c0, c1, … for the columns named.

        Raises BadEncoding where a text has half of a character in it.
        """
        height = self.height
        found: dict[str, list[Cell]] = {}
        start = 0
        for names, records in self._runs:
            end = start + len(records)
            for name, cells in zip(names, zip(*records, strict=True), strict=True):
                if name not in found:
                    found[name] = [None] * height
                found[name][start:end] = cells
            start = end
        data = {ROW: pl.Series(self._numbers, dtype=pl.Int64)}
        blank = pl.Series([""]).new_from_index(0, height)
        for i, name in enumerate(columns):
            data[f"c{i}"] = (
                self._texts(found.pop(name), name) if name in found else blank
            )
        self._numbers, self._runs, self.height = [], [], 0
        return pl.DataFrame(data)

    def _texts(self, cells: list[Cell], name: str) -> pl.Series:
        try:
            try:
                series = pl.Series(cells, dtype=pl.String)
            except TypeError:  # true or false is among them
                series = pl.Series([text_of(c) for c in cells], dtype=pl.String)
        except UnicodeEncodeError as error:
            at = next(i for i, cell in enumerate(cells) if is_broken(text_of(cell)))
            raise BadEncoding(
                f"Line {self._numbers[at]}: field {name[:80]!r} has half of a "
                "character in it (a lone \\ud800 to \\udfff). Have the sender export "
                "the text anew and send the file again."
            ) from error
        return series.fill_null("")


def is_broken(text: str) -> bool:
    """Whether half of a character is in it, so that it cannot be written down."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
