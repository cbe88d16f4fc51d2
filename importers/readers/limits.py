"""How much a file may ask of us, and how the sandbox is told."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from importers.readers.table import MAX_CELL, MAX_COLUMNS

_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a file and on the child process that reads it.

    Sizes are in bytes, times in seconds. ``memory`` is what the child may have in use:
    its parent looks. ``address_space`` bounds what it may reserve between two looks,
    and is generous because polars reserves far more than it uses.
    """

    chunk_rows: int = 15_000
    columns: int = MAX_COLUMNS
    cell_characters: int = MAX_CELL
    zip_entries: int = 1_000
    unpacked: int = 400 * _MB
    ratio: int = 200
    #: Small parts may compress better than any ratio: blank styles, themes.
    ratio_from: int = 10 * _MB
    memory: int = 1024 * _MB
    address_space: int = 4096 * _MB
    file_bytes: int = 2048 * _MB
    open_files: int = 128
    cpu_seconds: int = 120
    wall_seconds: float = 180.0
    threads: int = 2
    block_bytes: int = 8 * _MB

    def to_json(self) -> str:
        """For the command line of the child."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Limits:
        """What :meth:`to_json` wrote."""
        return cls(**json.loads(text))
