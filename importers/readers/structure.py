"""Find the header and the shape of the table in the first records of a file.

Titles may stand over the header, the header may have several rows, or there is none.
The body is looked at first: a column of numbers with a text over it shows where the
header is. This is a sound first rule, kept apart so that a better one can take over.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence
from dataclasses import dataclass

from importers.readers.body import Profile, reason_to_skip

_NUMBER = re.compile(
    r"[-+(]?\s*(?:[$£€¥₦]|[A-Z]{3}\s)?\s*[-+]?\s*(?:\d[\d,.' \u00a0]*|\.\d+)"
    r"(?:[eE][-+]?\d+)?\s*%?\s*\)?-?[*ErpPRFe]?"
)
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?Z?)?"
    r"|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2,4}|\d{1,2}:\d\d(?::\d\d)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d(?:\.0)?")
_NOTHING = frozenset(
    {"-", "–", "—", "..", "...", "n/a", "na", "nil", "*", "x", "#", "."}
)

Rows = Sequence[list[str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header is (positions in the sample), its names, and the body."""

    header_rows: tuple[int, ...]
    header: tuple[str, ...]
    first_data: int
    width: int
    profile: Profile


def kind(cell: str) -> str:
    """What a cell is: "n" for a number, amount, date or time; "y" for a year; "t" for
    text; "-" for a sign of nothing; "" for a blank."""
    cell = cell.strip()
    if not cell:
        return ""
    if cell.lower() in _NOTHING:
        return "-"
    if len(cell) > 40:
        return "t"
    if _YEAR.fullmatch(cell):
        return "y"
    if _NUMBER.fullmatch(cell) or _DATE.fullmatch(cell):
        return "n"
    return "t"


def find(rows: Rows) -> Layout:
    """The layout of a table from its first records."""
    kinds = [[kind(cell) for cell in row] for row in rows]
    fills = [sum(1 for k in row if k) for row in kinds]
    wide = collections.Counter(f for f in fills if f > 1)
    if not wide:
        return _one_column(rows, kinds, fills)
    typical = max(wide, key=lambda f: (wide[f], f))
    need = max(2.0, 0.6 * typical)
    start = next(i for i, f in enumerate(fills) if f >= need)
    numeric = _numeric_columns(kinds, fills, start, need)
    header = _header_rows(kinds, fills, start, need, numeric)
    first_data = header[-1] + 1 if header else start
    return _layout(rows, kinds, fills, header, first_data)


def _numeric_columns(
    kinds: list[list[str]], fills: list[int], start: int, need: float
) -> set[int]:
    """Columns whose filled cells under the first wide row are mostly numbers."""
    numbers: collections.Counter[int] = collections.Counter()
    filled: collections.Counter[int] = collections.Counter()
    body = [i for i in range(start + 1, len(kinds)) if fills[i] >= 0.5 * need]
    body = body[min(3, len(body) // 3) :]
    for i in body:
        for column, k in enumerate(kinds[i]):
            if k and k != "-":
                filled[column] += 1
                numbers[column] += k in "ny"
    return {
        c
        for c, n in filled.items()
        if numbers[c] >= 0.7 * n and n >= max(1, 0.15 * len(body))
    }


def _looks_like_header(row: list[str], numeric: set[int]) -> bool:
    """Texts (or a run of years) stand where the body has numbers."""
    texts = sum(1 for c, k in enumerate(row) if k == "t" and c in numeric)
    years = sum(1 for c, k in enumerate(row) if k == "y" and c in numeric)
    numbers = sum(1 for c, k in enumerate(row) if k == "n" and c in numeric)
    if numeric:
        return texts + (years if years > 1 or texts else 0) > numbers
    return not any(k == "n" for k in row)


def _header_rows(
    kinds: list[list[str]],
    fills: list[int],
    start: int,
    need: float,
    numeric: set[int],
) -> list[int]:
    """Positions of the header rows around the first wide row, or none."""
    if not _looks_like_header(kinds[start], numeric):
        return []
    last = start
    if numeric:
        blanks = 0
        for i in range(start + 1, min(start + 12, len(kinds))):
            if not fills[i]:
                blanks += 1
                if blanks > 2:
                    break
                continue
            # Only rows of nothing but text (or years) carry a header on.
            row = kinds[i]
            if "n" in row or fills[i] < 2 or not _looks_like_header(row, numeric):
                break
            last = i
    header = [i for i in range(start, last + 1) if fills[i]]
    first = start
    while first and fills[first - 1] > 1 and _is_band(kinds[first - 1]):
        first -= 1
    return [*range(first, start), *header]


def _is_band(row: list[str]) -> bool:
    """A row of a few texts over groups of columns; not "name: value" on the left."""
    texts = [c for c, k in enumerate(row) if k in ("t", "y")]
    return "n" not in row and len(texts) > 1 and (texts[-1] > 1 or len(row) < 3)


def _one_column(rows: Rows, kinds: list[list[str]], fills: list[int]) -> Layout:
    """A list: its first line is the header unless all lines are of one kind and
    that kind is a number."""
    filled = [i for i, f in enumerate(fills) if f]
    if not filled:
        return Layout((), (), 0, 0, Profile())
    first = filled[0]
    column = next(c for c, k in enumerate(kinds[first]) if k)
    is_header = kinds[first][column] == "t"
    header = [first] if is_header else []
    return _layout(rows, kinds, fills, header, first + is_header)


def _layout(
    rows: Rows,
    kinds: list[list[str]],
    fills: list[int],
    header: list[int],
    first_data: int,
) -> Layout:
    head_width = max((_length(rows[i]) for i in header), default=0)
    body = [i for i in range(first_data, len(rows)) if fills[i]]
    # Without a header every column counts, an empty last one too.
    length = _length if header else len
    lengths = collections.Counter(length(rows[i]) for i in body)
    # Unnamed columns belong to the table where most rows have them; what only a few
    # rows have is a slip, and is reported.
    common = max(lengths, key=lambda n: (lengths[n], n)) if lengths else 0
    if header and 2 * lengths[common] <= len(body):
        common = 0
    width = max(head_width, common)
    names = _join_names([rows[i] for i in header], width)
    profile = _profile([rows[i] for i in body], [kinds[i] for i in body], width)
    written = tuple(
        tuple(cell.strip() for cell in _pad(rows[i], width)) for i in header
    )
    profile = Profile(
        width, profile.typical, profile.keys, profile.probes, profile.labels, written
    )
    return Layout(tuple(header), names, first_data, width, profile)


def _profile(rows: Rows, kinds: list[list[str]], width: int) -> Profile:
    """Usual fill, identifying columns and fullest columns of the data rows."""
    fills = [sum(1 for k in row if k) for row in kinds]
    wide = collections.Counter(f for f in fills if f > 1)
    typical = max(wide, key=lambda f: (wide[f], f)) if wide else 1
    real = [i for i, f in enumerate(fills) if f >= 0.5 * typical]
    filled = [0] * width
    texts = [0] * width
    for i in real:
        for column, k in enumerate(kinds[i][:width]):
            if k:
                filled[column] += 1
                texts[column] += k == "t"
    dense = 0.9 * len(real)
    keys = tuple(
        c for c in range(width) if filled[c] >= dense and texts[c] >= 0.5 * filled[c]
    )
    order = sorted(range(width), key=lambda c: (-filled[c], c))
    probes = tuple(order[:2]) or (0,)
    labels = [c for c in range(width) if texts[c]] or [0]
    return Profile(width, typical, keys if real else (), probes, tuple(labels[:6]))


def _length(row: Sequence[str]) -> int:
    length = len(row)
    while length and not row[length - 1].strip():
        length -= 1
    return length


def _pad(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))][:width]


def _clean(cell: str) -> str:
    return " ".join(cell.split())


def _join_names(rows: Rows, width: int) -> tuple[str, ...]:
    """One name a column: the header rows joined by a space.

    A band over several columns is written over the first of them only; where names
    would be alike without it, it is carried to the right.
    """
    if not rows:
        return ()
    cells = [[_clean(c) for c in _pad(row, width)] for row in rows]
    names = [" ".join(filter(None, column)) for column in zip(*cells, strict=True)]
    if len(rows) == 1:
        return tuple(names)
    carried = [list(row) for row in cells]
    for row in carried[:-1]:
        for c in range(1, width):
            row[c] = row[c] or row[c - 1]
    full = [" ".join(filter(None, column)) for column in zip(*carried, strict=True)]
    seen = collections.Counter(name.casefold() for name in names if name)
    return tuple(
        full[c] if name and seen[name.casefold()] > 1 else name
        for c, name in enumerate(names)
    )


def has_data(rows: Rows, layout: Layout) -> bool:
    """Whether any sampled record is a data row."""
    return any(
        reason_to_skip(_pad(row, layout.width), layout.profile) is None
        for row in rows[layout.first_data :]
    )
