"""Names of the files the sandboxed child leaves in the folder for its parent."""

from __future__ import annotations

#: What is known of the table; written last, so its presence means success.
TABLE = "table.json"
#: Code and message of an expected failure.
PROBLEM = "problem.json"
#: The data rows, in order of their names.
CHUNK = "chunk-{:05d}.arrow"
CHUNKS = "chunk-*.arrow"
#: What the child wrote to stderr; only of use where there is neither of the first two.
LAST_WORDS = "last-words.txt"

__all__ = ["CHUNK", "CHUNKS", "LAST_WORDS", "PROBLEM", "TABLE"]
