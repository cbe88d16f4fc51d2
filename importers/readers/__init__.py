"""Files of any kind become one plain value: a table of text.

``read`` parses in this process and judges nothing; whoever handles files from
outside goes through :func:`importers.readers.sandbox.spill` instead.
"""

from __future__ import annotations

from pathlib import Path

from importers.readers.kinds import kind_of
from importers.readers.opening import open_reading
from importers.readers.table import Rows, Table

__all__ = ["Table", "read"]


def read(path: str | Path, sheet: str | None = None) -> Table:
    """The table in a file; an empty file gives an empty table.

    Raises FileProblem where the file cannot be opened at all (a password, damage,
    an unknown sheet), or has a line that is no JSON. Do not use it on files from
    outside: see ``sandbox.spill``.
    """
    path = Path(path)
    reading = open_reading(path, kind_of(path), sheet)
    source = reading.source
    try:
        frames, data, skipped = [], [], []
        for judged in reading.judged():
            frames.append(judged.frame)
            data += judged.data
            skipped += judged.skipped
        return Table(
            header=reading.header,
            rows=Rows(tuple(frames), reading.width),
            roles={
                "header": reading.header_records,
                "data": data,
                "skipped": [record for record, *_rest in skipped],
            },
            repairs=reading.repairs(),
            format=source.format,
            encoding=source.encoding,
            delimiter=source.delimiter,
            sheet=source.sheet,
            sheets=source.sheets,
            skipped=tuple((row, why, text) for _r, row, why, text in skipped),
        )
    finally:
        source.close()
