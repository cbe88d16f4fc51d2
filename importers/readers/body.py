"""Tell data rows from blank rows, totals, notes and repeated headers.

One rule in Python decides; a cheap polars filter finds the few rows that could be
skipped at all, so that a million rows cost a glance at a few columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from importers.readers.table import ROW

BLANK = "blank"
NOTE = "title or note"
TOTAL = "total"
REPEATED_HEADER = "repeated header"

# Labels of total rows, written so that Python and Rust read them alike.
_KIND = (
    r"(?i)^[^a-z0-9]*(?:(?:grand|sub|net|gross|overall|page|sheet|sum|column|report|"
    r"category|class|section)[ ._-]*)?"
)
TOTAL_PATTERN = _KIND + (
    r"(?:totals?|sum|average|mean|median|carried forward|brought forward|c/f|b/f|nil|"
    r"nil return)(?:[^a-z]|$)"
)
#: Nothing but the word: no name of a policy or a person.
BARE_TOTAL_PATTERN = _KIND + r"totals?[^a-z]*$"
#: What Python calls space; Rust leaves out the four separators.
_SPACES = r"^[\s\x1c-\x1f]+$"
#: Characters of a name that make a row suspect. Polars makes a pattern of what it is to
#: find, at a cost that grows with the square of its length.
_ENOUGH = 60
_TOTAL = re.compile(TOTAL_PATTERN)
_BARE_TOTAL = re.compile(BARE_TOTAL_PATTERN)


@dataclass(frozen=True, slots=True)
class Profile:
    """What data rows look like, learned from the head of the table.

    ``keys`` are the columns that identify a row: text, and nearly always filled.
    ``probes`` are the two fullest columns: a row with one cell or none has at least
    one of them empty. ``typical`` is the usual number of filled cells.
    """

    width: int = 1
    typical: int = 1
    keys: tuple[int, ...] = ()
    probes: tuple[int, ...] = (0,)
    #: Columns a total's label may stand in.
    labels: tuple[int, ...] = (0,)
    #: Header rows as written, to know a header printed again on every page.
    headers: tuple[tuple[str, ...], ...] = ()


def reason_to_skip(cells: list[str], profile: Profile) -> str | None:
    """Why the row is no data row, or None: it is one."""
    filled = [i for i, cell in enumerate(cells) if cell and not cell.isspace()]
    if not filled:
        return BLANK
    if len(filled) == 1 and profile.typical > 2:
        return NOTE
    if len(filled) == 1 and profile.typical == 2 and len(cells[filled[0]]) > 60:
        return NOTE
    first = filled[0]
    if first == profile.labels[0] and _BARE_TOTAL.match(cells[first]):
        return TOTAL
    if first in profile.labels and _TOTAL.match(cells[first]):
        others = [key for key in profile.keys if key != first]
        named = sum(1 for key in others if key < len(cells) and cells[key].strip())
        if not others or 2 * named < len(others):
            return TOTAL
    if profile.headers and len(filled) > 1:
        stripped = tuple(cell.strip() for cell in cells[: profile.width])
        if stripped in profile.headers:
            return REPEATED_HEADER
    return None


def suspects(frame: pl.DataFrame, profile: Profile) -> pl.Series:
    """True for every row :func:`reason_to_skip` could have a reason for."""
    checks = []
    for i in sorted({*profile.probes, *profile.keys}):
        checks.append(_is_blank(i))
    # The bare word is enough; where no other key column exists, any label is.
    label = pl.col(f"c{profile.labels[0]}")
    checks.append(label.str.contains(BARE_TOTAL_PATTERN))
    if len(profile.keys) < 2:
        for i in profile.labels:
            checks.append(pl.col(f"c{i}").str.contains(TOTAL_PATTERN))
    probe = profile.probes[0]
    for header in profile.headers:
        if name := header[probe][:_ENOUGH]:
            checks.append(pl.col(f"c{probe}").str.contains(name, literal=True))
    return frame.select(pl.any_horizontal(checks).alias("suspect"))["suspect"]


def _is_blank(column: int) -> pl.Expr:
    cell = pl.col(f"c{column}")
    # The length is free, stripping is not: only short cells can be blanks.
    return (cell.str.len_bytes() == 0) | cell.str.contains(_SPACES)


def skipped_rows(frame: pl.DataFrame, profile: Profile) -> dict[int, tuple[str, str]]:
    """Position in the frame → reason and text, of each row to leave out."""
    positions = suspects(frame, profile).arg_true()
    if not len(positions):
        return {}
    found = {}
    rows = frame[positions].drop(ROW).iter_rows()
    for position, row in zip(positions.to_list(), rows, strict=True):
        cells = list(row)
        reason = reason_to_skip(cells, profile)
        if reason is not None:
            found[position] = (reason, " | ".join(c.strip() for c in cells if c)[:200])
    return found
