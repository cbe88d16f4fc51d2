"""What is kept of a table beside the ingestion: its kind, its rows, some values."""

from itertools import islice
from typing import Any

from importers.readers.sandbox import Spilled

LOOKED_AT = 100
LONGEST = 60


def samples_of(spilled: Spilled, count: int = 3) -> dict[str, list[str]]:
    """The first ``count`` different values under each header, from the first rows."""
    found: dict[str, list[str]] = {header: [] for header in spilled.header}
    for chunk in islice(spilled.chunks(), 1):
        for _row, *cells in chunk.head(LOOKED_AT).iter_rows():
            for header, cell in zip(spilled.header, cells, strict=False):
                values, text = found[header], cell.strip()[:LONGEST]
                if text and text not in values and len(values) < count:
                    values.append(text)
    return found


def table_of(spilled: Spilled) -> dict[str, Any]:
    """What is told of a table: kind, encoding, sheet, rows, what was left out."""
    return {
        "format": spilled.format,
        "encoding": spilled.encoding,
        "delimiter": spilled.delimiter,
        "sheet": spilled.sheet,
        "sheets": list(spilled.sheets),
        "header": list(spilled.header),
        "header_rows": list(spilled.header_rows),
        "rows": spilled.row_count,
        "skipped_count": spilled.skipped_count,
        "skipped": [list(row) for row in spilled.skipped[:100]],
        "repairs": list(spilled.repairs),
        "samples": samples_of(spilled),
    }
