"""CSV and Excel as we export them: no text is ever taken for a formula.

What :func:`harmless` does, :func:`as_written` undoes, for any text.
"""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import polars as pl
import tablib
from import_export.formats.base_formats import CSV, XLSX

_FORMULA = "^'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_NUMBER = r"^'*[+-]?[0-9][0-9,.' ]*%?$"
_RISKY = re.compile(_FORMULA)
_PLAIN = re.compile(rf"{_NUMBER[:-1]}\Z")
GUARD = "'"
_UNSPOKEN = re.compile(r"[\x00-\x08\x0b-\x1f]|\A[ \t\n]|[ \t\n]\Z")
_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")
MOST_DIGITS = 15
"""Significant digits that a number keeps in a spreadsheet program."""


def _needs_guard(text: str) -> bool:
    """Whether a text, or what its apostrophes stand before, may be run as a formula."""
    return bool(_RISKY.match(text)) and not _PLAIN.match(text)


def harmless(text: str) -> str:
    """Text that a spreadsheet program shows as text, never runs as a formula.

    A leading apostrophe does it (OWASP, CSV injection); plain numbers stay as they
    are.  A text that looks as if it had one already gets another.
    """
    return f"{GUARD}{text}" if _needs_guard(text) else text


def as_written(text: str) -> str:
    """The text that :func:`harmless` was given."""
    return text[1:] if text.startswith(GUARD) and _needs_guard(text) else text


def unguarded(texts: pl.Expr) -> pl.Expr:
    """As :func:`as_written`, of a whole column."""
    is_guarded = (
        texts.str.starts_with(GUARD)
        & texts.str.contains(_FORMULA)
        & ~texts.str.contains(_NUMBER)
    )
    return pl.when(is_guarded).then(texts.str.slice(1)).otherwise(texts)


def _harmless_rows(dataset: tablib.Dataset) -> tablib.Dataset:
    safe = tablib.Dataset(headers=dataset.headers, title=dataset.title)
    for row in dataset:
        safe.append([harmless(v) if isinstance(v, str) else v for v in row])
    return safe


class SafeCSV(CSV):
    """Comma-separated values with formulas made harmless.

    Every cell is quoted: an apostrophe is never taken for a quote.
    """

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> Any:
        """The file's content."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        safe = _harmless_rows(dataset)
        writer.writerow(safe.headers or ())
        writer.writerows(safe)
        return text.getvalue()


class SafeXLSX(XLSX):
    """An Excel workbook with formulas made harmless and numbers kept numbers.

    Numbers of more digits than Excel keeps are text; control characters, and
    blanks at an end, which would be lost, are written as ``_x000D_``.
    """

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> Any:
        """The file's content."""
        safe = tablib.Dataset(headers=dataset.headers, title=dataset.title)
        for row in _harmless_rows(dataset):
            safe.append([_for_excel(value) for value in row])
        return super().export_data(safe, **kwargs)


def _for_excel(value: Any) -> Any:
    if isinstance(value, str):
        literal = _ESCAPED.sub(r"_x005F\g<0>", value)
        return _UNSPOKEN.sub(lambda found: f"_x{ord(found[0]):04X}_", literal)
    if isinstance(value, Decimal):
        digits = "".join(map(str, value.normalize().as_tuple().digits))
        return format(value, "f") if len(digits) > MOST_DIGITS else value
    return value


EXPORT_FORMATS = [SafeCSV, SafeXLSX]
"""What the lists offer under *Export*."""
