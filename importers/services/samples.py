"""A few values of each column, for who has to say what the columns mean."""

from itertools import islice

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
