"""Read a text file in blocks of whole lines, always as UTF-8 bytes."""

from __future__ import annotations

import codecs
from pathlib import Path

from importers.exceptions import TooLarge
from importers.readers.encoding import Encoding

#: Big enough for polars to be quick, small enough to keep memory flat.
BLOCK_BYTES = 8 << 20
#: A line longer than this is no line of a table.
LINE_BYTES = 256 << 20


class Blocks:
    """Blocks that end at a line end (or the end of the file); what a consumer did
    not need can be given back. Nothing but the current block is kept in memory."""

    def __init__(
        self, path: Path, encoding: Encoding, block_bytes: int = BLOCK_BYTES
    ) -> None:
        self._encoding = encoding
        self._block_bytes = block_bytes
        self._file = path.open("rb")
        self._file.seek(encoding.bom_length)
        self._pending = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        if encoding.name != "utf-8" or encoding.is_mixed:
            self._decoder = codecs.getincrementaldecoder(encoding.name)("replace")
        self._is_at_end = False

    def __enter__(self) -> Blocks:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def give_back(self, lines: bytes) -> None:
        """Put whole lines back in front."""
        self._pending = lines + self._pending

    def take(self, least: int = 0) -> bytes:
        """The next block, of at least so many bytes; b"" at the end of the file."""
        least = max(least, self._block_bytes)
        parts = [self._pending]
        length = len(self._pending)
        self._pending = b""
        while True:
            whole = b"\n" in parts[-1]
            if length and (self._is_at_end or (whole and length >= least)):
                break
            piece = self._read()
            if piece:
                parts.append(piece)
                length += len(piece)
                if length > LINE_BYTES and b"\n" not in piece:
                    raise TooLarge(
                        "One line of the file is longer than 256 MB; "
                        "check that it is a table and send it again."
                    )
            elif self._is_at_end:
                break
        data = b"".join(parts)
        cut = data.find(b"\n", least - 1) + 1
        if not cut:
            if self._is_at_end:
                return data
            cut = data.rindex(b"\n") + 1
        self._pending = data[cut:]
        return data[:cut]

    def _read(self) -> bytes:
        raw = self._file.read(self._block_bytes)
        if len(raw) < self._block_bytes:
            self._is_at_end = True
        if self._decoder is not None:
            raw = self._decoder.decode(raw, self._is_at_end).encode()
        if self._encoding.has_only_cr:
            # Old Macintosh: no line feed anywhere, so nothing is lost by this.
            raw = raw.replace(b"\r", b"\n")
        return raw
