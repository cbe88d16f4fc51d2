"""Read a file of JSON lines: one object a line, in blocks of whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from importers.exceptions import BadEncoding, NulBytes
from importers.readers.blocks import BLOCK_BYTES, Blocks
from importers.readers.encoding import detect


class JsonLines:
    """A file of JSON lines, opened; raises BadEncoding and NulBytes when it is no
    clean UTF-8 text."""

    format = "jsonl"
    encoding: str | None = "utf-8"
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()

    def __init__(self, path: Path, *, block_bytes: int = BLOCK_BYTES) -> None:
        found = detect(path)
        if found.has_nul:
            raise NulBytes(
                "The file has NUL characters between the text, so it is damaged or no "
                "JSON; export it again and send it anew."
            )
        if found.name != "utf-8" or found.is_mixed:
            raise BadEncoding(
                "The text of the file is not UTF-8, as JSON has to be, or it is "
                "damaged; save it as UTF-8 and send it again."
            )
        self._blocks = Blocks(path, found, block_bytes)

    def blocks(self) -> Iterator[tuple[int, list[str]]]:
        """Lines in order, block by block, with the number (from 1) of the first."""
        number = 1
        while block := self._blocks.take():
            lines = block.decode().split("\n")
            if not lines[-1]:
                lines.pop()
            yield number, lines
            number += len(lines)

    def close(self) -> None:
        """Close the file."""
        self._blocks.__exit__()
