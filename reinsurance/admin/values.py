"""How values look on our pages: amounts, shares, and the inputs they are typed in."""

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.forms import NumberInput
from django.utils.html import format_html
from django.utils.safestring import SafeString

MINOR_UNITS = dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
"""Currencies of ISO 4217 with more than two digits after the point.

The table of currencies says the same; no page asks it for each amount that it shows.
"""


def money(amount: Decimal | None, currency: str | None = "") -> str:
    """An amount with thousands separators and its currency's digits, at least two.

    Digits that the amount has beyond those are shown; zeros that say nothing are not.
    Nothing for None.
    """
    if amount is None:
        return ""
    exponent = amount.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) else 0
    return f"{amount:,.{max(2, MINOR_UNITS.get(currency or '', 2), own)}f}"


def capital(text: str) -> str:
    """The text with a capital at its beginning, the rest as it is: ``TPA fees``."""
    return text[:1].upper() + text[1:]


def share(fraction: Decimal | None) -> str:
    """A fraction as per cent without needless zeros: ``0.175`` is ``17.5%``."""
    if fraction is None:
        return ""
    return f"{(fraction * 100).normalize():f}%"


def amount_heading(title: str) -> SafeString:
    """The heading of a column of figures, right-aligned as they are."""
    return format_html('<span class="amount">{}</span>', capital(title))


def _column(name: str, title: str, show: Callable[[Any], str]) -> Callable[..., Any]:
    @admin.display(description=amount_heading(title), ordering=name)
    def column(self: Any, record: Any) -> SafeString:
        return format_html('<span class="amount">{}</span>', show(record))

    return column


def money_column(
    name: str, title: str, *, currency: str = "currency_id"
) -> Callable[..., Any]:
    """A list column of the amounts in the field ``name``, right-aligned.

    ``currency``: where the record has its currency's code (``treaty.currency_id``).
    """
    code = attrgetter(currency)
    return _column(name, title, lambda r: money(getattr(r, name), code(r)))


def share_column(name: str, title: str) -> Callable[..., Any]:
    """A list column of the shares in the field ``name``, as per cent."""
    return _column(name, title, lambda record: share(getattr(record, name)))


def currency_column() -> Callable[..., Any]:
    """A list column of the currency's code; it does not ask for the currency."""

    @admin.display(description="currency")
    def column(self: Any, record: Any) -> str:
        return record.currency_id

    return column


def inception_column(treaty: str) -> Callable[..., Any]:
    """A list column of when the treaty incepts, as references of renewals repeat."""
    found = attrgetter(treaty)
    order = f"{treaty.replace('.', '__')}__inception"

    @admin.display(description="inception", ordering=order)
    def column(self: Any, record: Any) -> Any:
        return found(record).inception

    return column


class DecimalInput(NumberInput):
    """A number to type in, shown without zeros that say nothing."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "vDecimalField form-control", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """``0.60000000`` as ``0.6``; what cannot be read as it was typed."""
        if isinstance(value, Decimal):
            return f"{value.normalize():f}"
        return super().format_value(value)
