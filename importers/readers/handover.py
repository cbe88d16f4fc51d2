"""Names of the files the sandboxed child leaves in the folder for its parent."""

from __future__ import annotations

#: What is known of the table; written last, so its presence means success.
TABLE = "table.json"
#: Code and message of an expected failure.
PROBLEM = "problem.json"
#: The data rows, in order of their names.
CHUNK = "chunk-{:05d}.arrow"
CHUNKS = "chunk-*.arrow"

__all__ = ["CHUNK", "CHUNKS", "PROBLEM", "TABLE"]
