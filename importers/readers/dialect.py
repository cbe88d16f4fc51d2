"""Guess how a text table is written: delimiter, quoting, escapes and width."""

from __future__ import annotations

import collections
import csv
import io
import re
from dataclasses import dataclass, replace
from typing import Any

from importers.readers.table import MAX_COLUMNS

#: Characters tried as delimiter, the likelier first.
DELIMITERS = (",", ";", "\t", "|", "^", "~", ":", " ", "\x1f", "§", "¦", "#", "&")
_LINES = 400
_PLAIN = re.compile(
    r"""\s*(?:
      [-+(]?\s*[$£€¥₦]?\s*\d[\d.,' \u00a0]*\s*%?\)?-?   # number or amount
    | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d\d?:\d\d(?::\d\d)?(?:\.\d+)?Z?)?  # date
    | \d\d?:\d\d(?::\d\d)?                               # time
    | [^\W\d_][\w.'-]*(?:[ ][\w.'&()/-]+){0,8}           # a few words
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+ | https?://\S+        # addresses
    | [A-Za-z0-9]+(?:[-/_.][A-Za-z0-9]+)*                # references
    )\s*""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to cut lines into cells; ``width`` is the commonest number of cells.

    ``delimiter`` is None for a file of one column, ``quote`` None where quote
    characters are ordinary text.
    """

    delimiter: str | None = ","
    quote: str | None = '"'
    escape: str | None = None
    skips_space: bool = False
    width: int = 1

    def reader_options(self) -> dict[str, Any]:
        """Arguments for :func:`csv.reader`."""
        options: dict[str, Any] = {
            # A file of one column still needs some delimiter for the csv module.
            "delimiter": self.delimiter or "\x1e",
            "skipinitialspace": self.skips_space,
            "doublequote": self.escape is None,
            "escapechar": self.escape,
        }
        if self.quote is None:
            return options | {"quoting": csv.QUOTE_NONE, "quotechar": None}
        return options | {"quotechar": self.quote}

    @property
    def is_simple(self) -> bool:
        """Whether polars reads it exactly as the csv module does."""
        return (
            not self.skips_space
            and self.escape is None
            and len((self.delimiter or ",").encode()) == 1
        )


def detect(text: str) -> Dialect:
    """The dialect under which the head of a file looks most like a table.

    As in CleverCSV (van den Burg et al., 2019) a dialect scores by how regular the
    row widths are times how many cells look like something known.
    """
    lines = text.splitlines(keepends=True)[:_LINES] if "\n" in text else None
    sample = "".join(lines) if lines else text[: 1 << 16]
    quotes = _quotes(sample)
    best, best_score = Dialect(delimiter=None, quote=quotes[0]), 0.0
    for quote in quotes:
        for delimiter in DELIMITERS:
            if delimiter not in sample:
                continue
            tried = _finish(Dialect(delimiter, quote), sample)
            rows = parse(sample, tried)
            score, width = _score(rows, delimiter)
            if score > best_score * 1.001:
                best, best_score = replace(tried, width=width), score
    if best.delimiter is None and '"' in sample:
        best = replace(best, quote='"')
    return best


def parse(text: str, dialect: Dialect) -> list[list[str]]:
    """Rows of a piece of text under the dialect, by the csv module."""
    lines = io.StringIO(text, newline="")
    return list(csv.reader(lines, **dialect.reader_options()))


def _quotes(sample: str) -> list[str | None]:
    """Quote characters to try: the double one, and the single one where cells open
    and close with it."""
    if '"' in sample or "'" not in sample:
        return ['"']
    opens = len(re.findall(r"(?m)(?:^|[,;\t|] ?)'", sample))
    closes = len(re.findall(r"(?m)'(?:$|\r|[,;\t|])", sample))
    return ["'", '"'] if opens > 1 and 0.8 < opens / max(1, closes) < 1.25 else ['"']


def _finish(dialect: Dialect, sample: str) -> Dialect:
    """Add escape and space after the delimiter, where the sample shows them."""
    quote, delimiter = dialect.quote, dialect.delimiter or ","
    if quote:
        escaped = sample.count("\\" + quote)
        # A path that ends in a backslash ("C:\") also shows \" before a delimiter.
        ends = sample.count("\\" + quote + delimiter) + sample.count(f"\\{quote}\n")
        doubled = len(re.findall(f"[^{re.escape(delimiter)}\n]{quote}{quote}", sample))
        if escaped > ends and escaped > doubled:
            dialect = replace(dialect, escape="\\")
        if delimiter not in " \t":
            spaced = sample.count(f"{delimiter} {quote}")
            if spaced and spaced > sample.count(delimiter + quote):
                return replace(dialect, skips_space=True)
    if delimiter not in " \t":
        spaced = sample.count(delimiter + " ")
        if spaced and spaced >= 0.98 * sample.count(delimiter):
            dialect = replace(dialect, skips_space=True)
    return dialect


def _score(rows: list[list[str]], delimiter: str) -> tuple[float, int]:
    """Regularity of widths times share of known cells; and the commonest width."""
    rows = [row for row in rows if any(row)]
    if not rows:
        return 0.0, 1
    widths = collections.Counter(map(len, rows))
    pattern = sum(n * (w - 1) / w for w, n in widths.items()) / len(widths)
    width = max(widths, key=lambda w: (widths[w] * (w > 1), w))
    if width > MAX_COLUMNS:
        return 0.0, width
    cells = [cell for row in rows for cell in row[:200]]
    known = sum(1 for c in cells if len(c) < 200 and (not c or _PLAIN.fullmatch(c)))
    kind = max(known / len(cells), 1e-10)
    share = widths[width] / len(rows)
    weight = 0.2 if delimiter in " :#&§¦" else 1.0
    return pattern * kind * share * weight, width
