"""Columns of a claim's money, and how they are told in the ledger's statements."""

from typing import Any

from reinsurance.ledger.amounts import (
    AS_AT,
    BASES,
    CHANGES,
    FEE_KINDS,
    LABELS,
    PAID,
    TO_DATE,
    told_as,
)
from reinsurance.resources.base import Column
from reinsurance.resources.widgets import AmountWidget

_CODES = {
    "this_period": ("CR0140", "CR0141", "CR0142", "CR0143", "CR0144"),
    "previously": ("CR0145", "CR0146", "CR0147", "CR0148", "CR0149"),
    "reserve": ("CR0150", "CR0151", "CR0152", "CR0153", "CR0154"),
}
_CALLED = {
    "expenses": "Expenses",
    "attorney": "Attorney Coverage Fees",
    "adjusters": "Adjusters Fees",
    "defence": "Defence Fees",
    "tpa": "TPA Fees",
}


MOST_DIGITS = 18
"""Of an amount told: two less than are stored, for sums of all kinds have room."""


def money(column_name: str, **options: Any) -> Column:
    """An amount of the claim's money; a control total. Empty: not told."""
    widget = AmountWidget(MOST_DIGITS)
    return Column(None, column_name, widget, total=True, **options)


def fee_columns() -> dict[str, Column]:
    """Fees by kind: paid to date, this period, previously, and reserved."""
    found: dict[str, Column] = {}
    for index, kind in enumerate(FEE_KINDS):
        label, called = LABELS[kind], _CALLED[kind]
        found[f"paid_{kind}"] = money(
            f"Paid to date, {label}", synonyms=(f"Paid to date - {called}",)
        )
        found[f"paid_{kind}_this_period"] = money(
            f"Paid this period, {label}",
            synonyms=(f"Paid this month - {called}", _CODES["this_period"][index]),
        )
        found[f"paid_{kind}_previously"] = money(
            f"Previously paid, {label}",
            synonyms=(f"Previously Paid - {called}", _CODES["previously"][index]),
        )
        found[f"reserve_{kind}"] = money(
            f"Reserve, {label}",
            synonyms=(f"Reserve - {called}", _CODES["reserve"][index]),
        )
    return found


STATEMENT_OF = {
    **{
        amount if basis == TO_DATE else told_as(amount, basis): told_as(amount, basis)
        for amount in PAID
        for basis in BASES
    },
    **{name: name for name in (*AS_AT, *CHANGES)},
}
"""Name of a column of money to the field of the statement that it is told in."""
