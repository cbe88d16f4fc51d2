"""How a cell's text becomes a value: the one meaning of a date, amount or share.

Each parser takes tidy text (never empty) and raises :class:`CellError`, whose
message tells a clerk what to do.
"""

import datetime
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

BLANKS = " \t\r\n\v\f\u00a0\u2007\u200b\u202f\u3000\ufeff"
"""Characters that are cut from both ends of a cell."""

NOTHING = frozenset({"-", "--", "–", "n/a", "na", "nil", "none", "null", "#n/a"})
"""Texts, in small letters, that mean "no value" for dates, numbers and look-ups."""

NIL = frozenset({"-", "--", "–", "—", "nil"})
"""Texts, in small letters, that mean nil where an amount is expected."""


class CellError(ValueError):
    """A cell that cannot be understood: a stable code and a sentence for the clerk."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class CellOptions:
    """How a sender writes cells: ``DMY`` or ``MDY``, point or comma, per cent.

    ``cedants``: keys of those whose records the cells may refer to; None: of all.
    """

    date_order: str = "DMY"
    decimal_mark: str = "."
    percent: bool = False
    cedants: frozenset[int] | None = None


def tidy(value: object) -> str:
    """The cell's text without blanks around it; None is the empty text."""
    return "" if value is None else str(value).strip(BLANKS)


# ---------------------------------------------------------------------- numbers
PLAIN_NUMBER = r"^-?\d{1,16}(\.\d{1,4})?$"
"""Amounts that need no thought; the fast path takes exactly these."""

_CURRENCY = re.compile(r"^[A-Z]{3}\s*|\s*[A-Z]{3}$|[£$€¥₦₹]")
_GROUPS = {
    ".": re.compile(r"\d{1,3}(?:[,' ]\d{3})+(?:\.\d*)?|\d*\.?\d*"),
    ",": re.compile(r"\d{1,3}(?:[.' ]\d{3})+(?:,\d*)?|\d*,?\d*"),
}
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,2}")


def parse_number(text: str, options: CellOptions, *, what: str, code: str) -> Decimal:
    """A decimal number as people write it: ``1,234.50``, ``(12)``, ``5-``, ``£3``.

    ``what`` names the kind of value in the message, ``code`` is the issue's code.
    """
    if _SCIENTIFIC.fullmatch(text):
        return Decimal(text)
    body = re.sub("[\u00a0\u2007\u202f]", " ", text.replace("\u2212", "-"))
    body = _CURRENCY.sub("", body).strip()
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip()
    elif body.startswith("-"):
        negative, body = True, body[1:].strip()
    elif body.endswith("-"):
        negative, body = True, body[:-1].strip()
    elif body.startswith("+"):
        body = body[1:].strip()
    body = _CURRENCY.sub("", body).strip()
    if not _GROUPS[options.decimal_mark].fullmatch(body) or not re.search(
        r"[0-9]", body
    ):
        sample = "1234.56" if options.decimal_mark == "." else "1234,56"
        raise CellError(code, f"“{text}” is not {what}. Write it like {sample}.")
    if options.decimal_mark == ",":
        body = body.replace(".", "").replace(",", ".")
    number = Decimal(re.sub(r"[,' ]", "", body))
    return -number if negative else number


def fit(number: Decimal, *, digits: int, places: int, text: str, code: str) -> Decimal:
    """``number`` rounded half up to ``places``, if it has room in ``digits``."""
    limit = Decimal(10) ** (digits - places)
    if abs(number) >= limit:
        raise CellError(code, f"“{text}” is too large: it must be below {limit:,f}.")
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if abs(rounded) >= limit:
        raise CellError(code, f"“{text}” is too large: it must be below {limit:,f}.")
    return abs(rounded) if rounded == 0 else rounded


def parse_share(text: str, options: CellOptions) -> Decimal:
    """A share of the whole as a fraction from 0 to 1: ``0.3``, ``30%``."""
    percent = options.percent
    body = text
    if text.endswith("%"):
        percent, body = True, text[:-1].strip(BLANKS)
    number = parse_number(
        body, options, what="a share such as 0.3 or 30%", code="bad_share"
    )
    if percent:
        number /= 100
    if number < 0:
        raise CellError("bad_share", f"“{text}” is below zero; a share is 0 to 1.")
    if number > 1:
        raise CellError(
            "bad_share",
            f"“{text}” is more than the whole. Write 0.3 or 30%, or mark the column "
            "as per cent in the mapping.",
        )
    return number


def parse_integer(text: str) -> int:
    """A whole number of at least zero."""
    match = re.fullmatch(r"(\d{1,9})(?:\.0+)?", text)
    if not match:
        raise CellError("bad_number", f"“{text}” is not a whole number such as 3.")
    return int(match[1])


def parse_yes_no(text: str) -> bool:
    """Yes or no, in the ways people write them."""
    word = text.casefold()
    if word in {"y", "yes", "true", "t", "1", "x", "✓"}:
        return True
    if word in {"n", "no", "false", "f", "0"}:
        return False
    raise CellError("bad_choice", f"“{text}” is neither Yes nor No.")


# ------------------------------------------------------------------------ dates
PLAIN_DATE = r"^(19|20|21)\d\d-\d\d-\d\d$"
"""Dates that need no thought; the fast path takes exactly these."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_COMPACT = re.compile(r"((?:19|20|21)\d\d)(\d\d)(\d\d)")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){_TIME}")
_DAY_MONTH_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]*([A-Za-z]{3,9})\.?[-/., ]*(\d{4}|\d{2})"
)
_MONTH_NAME_DAY = re.compile(
    r"([A-Za-z]{3,9})\.?[- ]*(\d{1,2})(?:st|nd|rd|th)?[-, ]+(\d{4}|\d{2})"
)
_EXCEL_SERIAL = re.compile(r"[2-7]\d{4}")
_EXCEL_EPOCH = datetime.date(1899, 12, 30)


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 4:
        return year
    return 2000 + year if year < 70 else 1900 + year


def parse_date(text: str, options: CellOptions) -> datetime.date:
    """A calendar date; ``03/04/2026`` by the sender's order, Excel's day numbers too.

    A date that only the other order allows is refused, not guessed.
    """
    numbers: tuple[int, int, int] | None = None
    if match := _YEAR_FIRST.fullmatch(text):
        numbers = (int(match[1]), int(match[3]), int(match[4]))
    elif match := _COMPACT.fullmatch(text):
        numbers = (int(match[1]), int(match[2]), int(match[3]))
    elif match := _YEAR_LAST.fullmatch(text):
        first, second = int(match[1]), int(match[3])
        day, month = (first, second) if options.date_order == "DMY" else (second, first)
        numbers = (_year(match[4]), month, day)
    elif match := _DAY_MONTH_NAME.fullmatch(text):
        numbers = (_year(match[3]), _MONTHS.get(match[2].casefold(), 0), int(match[1]))
    elif match := _MONTH_NAME_DAY.fullmatch(text):
        numbers = (_year(match[3]), _MONTHS.get(match[1].casefold(), 0), int(match[2]))
    elif _EXCEL_SERIAL.fullmatch(text):
        return _EXCEL_EPOCH + datetime.timedelta(days=int(text))
    try:
        date = datetime.date(*numbers) if numbers else None
    except ValueError:
        date = None
    if date is None or not 1900 <= date.year <= 2199:
        order = "day" if options.date_order == "DMY" else "month"
        raise CellError(
            "bad_date",
            f"“{text}” is not a date this sender's order ({order} first) allows. "
            "Write it like 2026-04-30.",
        )
    return date
