"""CSV and Excel as we export them: no text is ever taken for a formula."""

import re
from typing import Any

import tablib
from import_export.formats.base_formats import CSV, XLSX

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"[+-]?\d[\d,.' ]*%?")


def harmless(text: str) -> str:
    """Text that a spreadsheet program shows as text, never runs as a formula.

    A leading apostrophe does it (OWASP, CSV injection); plain numbers stay as they
    are.
    """
    if text.startswith(_RISKY) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _harmless_rows(dataset: tablib.Dataset) -> tablib.Dataset:
    safe = tablib.Dataset(headers=dataset.headers, title=dataset.title)
    for row in dataset:
        safe.append([harmless(v) if isinstance(v, str) else v for v in row])
    return safe


class SafeCSV(CSV):
    """Comma-separated values with formulas made harmless."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> Any:
        """The file's content."""
        return super().export_data(_harmless_rows(dataset), **kwargs)


class SafeXLSX(XLSX):
    """An Excel workbook with formulas made harmless and numbers kept numbers."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> Any:
        """The file's content."""
        return super().export_data(_harmless_rows(dataset), **kwargs)


EXPORT_FORMATS = [SafeCSV, SafeXLSX]
"""What the lists offer under *Export*."""
