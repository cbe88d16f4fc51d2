"""The amounts of a claim's money, by kind and by the basis in which they are told.

Terms of the Coverholder Reporting Standards 5.2.  Paid amounts and recoveries received
are told *to date*, *this period* or as *previously*; reserves, recoveries outstanding
and the amount claimed are told as at the end of the period.
"""

FEE_KINDS = ("expenses", "attorney", "adjusters", "defence", "tpa")
"""Fees by kind: expenses, attorney coverage, adjusters, defence, TPA."""

FIRST_ROW_BY_HAND = 2_000_000_000
"""Rows from here on are no rows of a file: a person told them, after the file's."""
WITHDRAWN = "Withdrawn: "
"""Before the reason of a change by hand that withdraws what a person told."""

PAID_FEES = tuple(f"paid_{kind}" for kind in FEE_KINDS)
RESERVE_FEES = tuple(f"reserve_{kind}" for kind in FEE_KINDS)

PAID = ("paid_indemnity", "paid_fees", *PAID_FEES, "recovered")
"""Amounts that add up from period to period; ``paid_fees`` is the total of the fees."""

AS_AT = (
    "reserve_indemnity",
    "reserve_fees",
    *RESERVE_FEES,
    "recoverable",
    "amount_claimed",
)
"""Amounts that stand as at the end of a period."""

CHANGES = ("change_indemnity", "change_fees")
"""Change this month (CR0132, CR0133): kept as told, part of no sum.

It is held against the books (:mod:`change_rules`).
"""

POSITION = (*PAID, *AS_AT)
"""What a position holds."""

MAIN = (
    "paid_indemnity",
    "paid_fees",
    "reserve_indemnity",
    "reserve_fees",
    "recovered",
)
"""Amounts that a position always has; what was never told is nil."""

TO_DATE, THIS_PERIOD, PREVIOUSLY = "to_date", "this_period", "previously"
BASES = (TO_DATE, THIS_PERIOD, PREVIOUSLY)

LABELS = {
    "indemnity": "indemnity",
    "fees": "fees",
    "expenses": "expenses",
    "attorney": "attorney coverage fees",
    "adjusters": "adjusters fees",
    "defence": "defence fees",
    "tpa": "TPA fees",
}


def told_as(amount: str, basis: str) -> str:
    """Name of the statement's field for an amount in a basis."""
    return f"{amount}_{basis}"


TOLD = (
    *(told_as(amount, basis) for amount in PAID for basis in BASES),
    *AS_AT,
    *CHANGES,
)
"""The amounts of a statement."""


def label_of(amount: str) -> str:
    """What an amount is called: ``paid_tpa`` is "paid, TPA fees"."""
    if amount in _OWN_LABELS:
        return _OWN_LABELS[amount]
    kind, _, of = amount.partition("_")
    return f"{kind}, {LABELS[of]}"


_OWN_LABELS = {
    "recovered": "recoveries received",
    "recoverable": "recoveries outstanding",
    "amount_claimed": "amount claimed",
}


def amounts_of(statement: object) -> list[str]:
    """Names of the amounts that a statement tells, in whatever basis."""
    return [
        name
        for name in POSITION
        if any(
            getattr(statement, told, None) is not None
            for told in (name, *(told_as(name, basis) for basis in BASES))
        )
    ]
