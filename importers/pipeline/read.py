"""Stage two: the stored bytes become a table of text, in a child process."""

from pathlib import Path

from django.conf import settings

from importers.pipeline import storage
from importers.readers.sandbox import Limits, Spilled, spill


def read(key: str, folder: Path, *, name: str, sheet: str = "") -> Spilled:
    """The table of a stored file, its chunks written to ``folder``.

    Raises FileProblem with a sentence for the clerk where there is no table.
    """
    limits = Limits(memory=settings.PARSER_MAX_MB << 20)
    with storage.local(key) as path:
        return spill(path, folder, sheet=sheet or None, name=name, limits=limits)
