"""How values look on our pages: amounts, shares, and the inputs they are typed in."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.forms import NumberInput
from django.utils.html import format_html
from django.utils.safestring import SafeString


def money(amount: Decimal | None) -> str:
    """An amount with thousands separators and cents; nothing for None."""
    return "" if amount is None else f"{amount:,.2f}"


def share(fraction: Decimal | None) -> str:
    """A fraction as per cent without needless zeros: ``0.175`` is ``17.5%``."""
    if fraction is None:
        return ""
    return f"{(fraction * 100).normalize():f}%"


def amount_heading(title: str) -> SafeString:
    """The heading of a column of figures, right-aligned as they are."""
    return format_html('<span class="amount">{}</span>', title.capitalize())


def _column(name: str, title: str, show: Callable[[Any], str]) -> Callable[..., Any]:
    @admin.display(description=amount_heading(title), ordering=name)
    def column(self: Any, record: Any) -> SafeString:
        return format_html(
            '<span class="amount">{}</span>', show(getattr(record, name))
        )

    return column


def money_column(name: str, title: str) -> Callable[..., Any]:
    """A list column of the amounts in the field ``name``, right-aligned."""
    return _column(name, title, money)


def share_column(name: str, title: str) -> Callable[..., Any]:
    """A list column of the shares in the field ``name``, as per cent."""
    return _column(name, title, share)


def currency_column() -> Callable[..., Any]:
    """A list column of the currency's code; it does not ask for the currency."""

    @admin.display(description="currency")
    def column(self: Any, record: Any) -> str:
        return record.currency_id

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
