"""A few values of each column of a stored file, for who has to say what it means."""

import tempfile
from itertools import islice
from pathlib import Path

from importers.exceptions import FileProblem
from importers.models import Ingestion
from importers.pipeline.read import read

CHEAP_BYTES = 10_000_000
"""Files above this are not read again just to show samples."""


def samples_of(ingestion: Ingestion, count: int = 3) -> dict[str, list[str]]:
    """The first ``count`` different values under each header; empty: not cheap.

    Looks at the first rows only; a file that cannot be read has no samples.
    """
    if ingestion.file_size > CHEAP_BYTES:
        return {}
    with tempfile.TemporaryDirectory(prefix="samples-") as folder:
        try:
            spilled = read(
                ingestion.original,
                Path(folder),
                name=ingestion.file_name,
                sheet=ingestion.sheet,
            )
        except FileProblem:
            return {}
        found: dict[str, list[str]] = {header: [] for header in spilled.header}
        for chunk in islice(spilled.chunks(), 1):
            for _row, *cells in chunk.head(100).iter_rows():
                for header, cell in zip(spilled.header, cells, strict=False):
                    values = found[header]
                    if cell.strip() and cell not in values and len(values) < count:
                        values.append(cell)
    return found
