"""The quick path through a CSV: a whole block by polars, or None where in doubt.

A block is taken only when every line of it is one record of exactly the expected
width: then polars and the csv module cannot differ (a test holds them to it).
"""

from __future__ import annotations

import codecs
import re

import polars as pl

from importers.readers.dialect import Dialect
from importers.readers.table import ROW, column_names

#: The check of quoted lines is one regular expression as long as the row is wide.
_MAX_CHECKED_WIDTH = 200
#: Unit separator: no text has it, so a "table" of it is a list of lines.
_NO_DELIMITER = "\x1f"


def parse_block(
    block: bytes, first_line: int, dialect: Dialect, width: int
) -> pl.DataFrame | None:
    """Frame of the block with source row numbers, or None: take the careful path."""
    if not dialect.is_simple or block.startswith(codecs.BOM_UTF8):
        return None
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    returns = block.count(b"\r")
    if returns and returns != block.count(b"\r\n"):
        return None
    delimiter = dialect.delimiter or "\x1e"
    quote = dialect.quote
    if quote is None or quote.encode() not in block:
        quote = None
        if block.count(delimiter.encode()) != (width - 1) * lines:
            return None
    elif not _is_well_formed(block, delimiter, quote, width, lines):
        return None
    try:
        frame = pl.read_csv(
            block,
            has_header=False,
            separator=delimiter,
            quote_char=quote,
            schema=dict.fromkeys(column_names(width), pl.String),
            infer_schema=False,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.height != lines:
        return None
    numbers = pl.int_range(first_line, first_line + lines, dtype=pl.Int64, eager=True)
    return frame.insert_column(0, numbers.alias(ROW))


def _is_well_formed(
    block: bytes, delimiter: str, quote: str, width: int, lines: int
) -> bool:
    """Whether each line is a whole record whose quotes all open or close a cell."""
    if width > _MAX_CHECKED_WIDTH or _NO_DELIMITER.encode() in block:
        return False
    if delimiter == _NO_DELIMITER:
        return False
    try:
        frame = pl.read_csv(
            block,
            has_header=False,
            separator=_NO_DELIMITER,
            quote_char=None,
            schema={"line": pl.String},
            infer_schema=False,
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        return False
    if frame.height != lines:
        return False
    mark, cut = re.escape(quote), re.escape(delimiter)
    cell = f"(?:{mark}(?:[^{mark}]|{mark}{mark})*{mark}|[^{mark}{cut}]*)"
    pattern = f"^{cell}(?:{cut}{cell}){{{width - 1}}}$"
    return bool(frame["line"].str.contains(pattern).all())
