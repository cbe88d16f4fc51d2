"""import-export widgets over the cell parsers, each with a columnar fast path.

``clean`` is the meaning of a cell.  ``vectorised`` may decide, for a whole column of
tidy, non-empty text at once, the cells whose meaning is beyond doubt, and leaves null
where it is not; tests prove that both agree.
"""

import copy
import datetime
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Self

import polars as pl
from django.db import models
from import_export.widgets import Widget

from reinsurance.resources import cells
from reinsurance.resources.cells import CellError, CellOptions, tidy
from reinsurance.validators import is_lei


class CellWidget(Widget):
    """Base of our widgets: tidy text in, a value or CellError out."""

    dtype: pl.DataType = pl.String()
    blank: Any = None
    options = CellOptions()

    def configured(self, options: CellOptions) -> Self:
        """This widget for a sender who writes cells as ``options`` say."""
        twin = copy.copy(self)
        twin.options = options
        return twin

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """The value of a cell; ``blank`` for an empty one."""
        text = tidy(value)
        if not text or text.casefold() in self.nothing:
            return self.blank
        return self.parse(text)

    nothing: frozenset[str] = cells.NOTHING

    def parse(self, text: str) -> Any:
        """The value of tidy, non-empty text; raises CellError."""
        raise NotImplementedError

    def parse_many(self, texts: Iterable[str]) -> dict[str, Any]:
        """Values (or CellErrors) of distinct tidy, non-empty texts."""
        found: dict[str, Any] = {}
        for text in texts:
            try:
                found[text] = self.clean(text)
            except CellError as error:
                found[text] = error.with_traceback(None)
        return found

    def vectorised(self, texts: pl.Expr) -> pl.Expr | None:
        """Values where they are beyond doubt, null elsewhere; None: no fast path."""
        return None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        """The value as exported: numbers stay numbers, dates are ISO text."""
        if isinstance(value, datetime.date):
            return value.isoformat()
        return "" if value is None else value


class TextWidget(CellWidget):
    """Text of limited length; an empty cell is the empty text."""

    blank = ""
    nothing = frozenset()

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.max_length = max_length

    def parse(self, text: str) -> str:
        if len(text) > self.max_length:
            raise CellError(
                "too_long",
                f"The text has {len(text)} characters; {self.max_length} are "
                "allowed. Shorten it.",
            )
        return text

    def vectorised(self, texts: pl.Expr) -> pl.Expr:
        return pl.when(texts.str.len_chars() <= self.max_length).then(texts)


class LeiWidget(CellWidget):
    """Legal entity identifier with right check digits (ISO 17442)."""

    blank = ""

    def parse(self, text: str) -> str:
        lei = text.upper().replace(" ", "")
        if not is_lei(lei):
            raise CellError(
                "bad_lei",
                f"“{text}” is not a LEI: 20 letters and digits, the last two being "
                "check digits. Correct it or leave it empty.",
            )
        return lei


class DateWidget(CellWidget):
    """A calendar date."""

    dtype = pl.Date()

    def parse(self, text: str) -> datetime.date:
        return cells.parse_date(text, self.options)

    def vectorised(self, texts: pl.Expr) -> pl.Expr:
        return (
            pl.when(texts.str.contains(cells.PLAIN_DATE))
            .then(texts)
            .str.to_date("%Y-%m-%d", strict=False)
        )


class DecimalWidget(CellWidget):
    """A decimal number of ``digits`` digits, ``places`` of them after the point."""

    code = "bad_number"
    what = "a number"

    def __init__(self, digits: int = 20, places: int = 4) -> None:
        super().__init__()
        self.digits = digits
        self.places = places
        self.dtype = pl.Decimal(digits, places)

    def parse(self, text: str) -> Decimal | None:
        number = cells.parse_number(text, self.options, what=self.what, code=self.code)
        return cells.fit(
            number, digits=self.digits, places=self.places, text=text, code=self.code
        )


class AmountWidget(DecimalWidget):
    """An amount of money, to four decimals; rules check those of its currency."""

    code = "bad_amount"
    what = "an amount"
    nothing = cells.NOTHING - cells.NIL - {"#n/a"}

    def parse(self, text: str) -> Decimal | None:
        if text.casefold() in cells.NIL:
            return Decimal(0)
        return super().parse(text)

    def vectorised(self, texts: pl.Expr) -> pl.Expr | None:
        if self.options.decimal_mark != ".":
            return None
        return (
            pl.when(texts.str.contains(cells.PLAIN_NUMBER))
            .then(texts)
            .cast(self.dtype, strict=False)
        )


class LimitWidget(AmountWidget):
    """A limit; None where there is none, as zero and "unlimited" say (OED).

    The empty cell alone tells nothing: :meth:`means_none`.
    """

    nothing = frozenset()
    none = (cells.NOTHING - {"#n/a"}) | {"unlimited", "unl", "no limit"}

    def parse(self, text: str) -> Decimal | None:
        if text.casefold() in self.none:
            return None
        return super().parse(text) or None

    def means_none(self, texts: pl.Series, values: pl.Series) -> pl.Series:
        """Whether tidy texts of those values say that there is no limit."""
        return (texts.fill_null("") != "") & values.is_null()

    def vectorised(self, texts: pl.Expr) -> pl.Expr | None:
        amounts = super().vectorised(texts)
        return None if amounts is None else pl.when(amounts != 0).then(amounts)


class RateWidget(DecimalWidget):
    """A rate of exchange."""

    what = "a rate of exchange"

    def __init__(self) -> None:
        super().__init__(digits=20, places=10)


class ShareWidget(DecimalWidget):
    """A share of the whole as a fraction from 0 to 1."""

    def __init__(self) -> None:
        super().__init__(digits=9, places=8)

    def parse(self, text: str) -> Decimal:
        share = cells.parse_share(text, self.options)
        return cells.fit(
            share, digits=self.digits, places=self.places, text=text, code="bad_share"
        )


class IntegerWidget(CellWidget):
    """A whole number from ``least`` to ``most``."""

    dtype = pl.Int64()

    def __init__(self, least: int = 0, most: int = 2_147_483_647) -> None:
        super().__init__()
        self.least = least
        self.most = most

    def parse(self, text: str) -> int:
        number = cells.parse_integer(text)
        if not self.least <= number <= self.most:
            raise CellError(
                "bad_number", f"“{text}” is not between {self.least} and {self.most}."
            )
        return number


class YesNoWidget(CellWidget):
    """Yes or no."""

    dtype = pl.Boolean()
    blank = False

    def parse(self, text: str) -> bool:
        return cells.parse_yes_no(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "Yes" if value else "No"


def key_of(text: str) -> str:
    """Letters and digits of ``text`` in small letters: how names are compared."""
    return re.sub(r"[^0-9a-z]+", "", text.casefold())


class ChoiceWidget(CellWidget):
    """One of a closed list, by its code, its label or another word for it."""

    blank = ""

    def __init__(
        self,
        choices: type[models.TextChoices],
        also: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.labels = [str(label) for label in choices.labels]
        self.words = {
            key_of(word): code
            for code, label in choices.choices
            for word in (code, str(label))
        }
        self.words.update({key_of(word): code for word, code in (also or {}).items()})

    def parse(self, text: str) -> str:
        found = self.words.get(key_of(text))
        if found is None:
            raise CellError(
                "bad_choice",
                f"“{text}” is not known here. Use one of: {', '.join(self.labels)}.",
            )
        return found
