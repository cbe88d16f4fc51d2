"""What must not be true of a row of claims, whatever the books hold.

What rows and books together say of a claim's dates: ``reinsurance.ledger.date_rules``.
"""

import polars as pl

from reinsurance.resources.rules import Rule

IS_LOSSES_OCCURRING = pl.col("treaty_reference__basis") == "LO"
IS_RISKS_ATTACHING = pl.col("treaty_reference__basis") == "RA"


def _outside_period(date: str) -> pl.Expr:
    """Whether the column's date is known and not within the treaty's period."""
    day = pl.col(date)
    is_before = day < pl.col("treaty_reference__inception")
    is_after = day > pl.col("treaty_reference__expiry")
    return (is_before | is_after).fill_null(value=False)


def _in_order(code: str, column: str, message: str, first: str) -> Rule:
    """An error where the date in ``column`` is before that in ``first``."""
    return Rule(code, "error", column, message, pl.col(column) < pl.col(first))


def _in_future(column: str, what: str) -> Rule:
    """A warning where a date lies in the future of the machine that checks."""
    return Rule(
        "date_in_future",
        "warning",
        column,
        f"{what} on {{{column}}} lies in the future. Is its year right?",
        pl.col(column) > pl.col("today"),
    )


CLAIM_RULES = (
    _in_order(
        "notified_before_loss",
        "date_notified",
        "Notified on {date_notified}, before the loss on {date_of_loss}. "
        "Correct one of the dates.",
        "date_of_loss",
    ),
    _in_order(
        "closed_before_loss",
        "date_closed",
        "Closed on {date_closed}, before the loss on {date_of_loss}. "
        "Correct one of the dates.",
        "date_of_loss",
    ),
    _in_order(
        "loss_ends_before_start",
        "date_of_loss_to",
        "The loss ends on {date_of_loss_to}, before it begins on {date_of_loss}. "
        "Correct one of the dates.",
        "date_of_loss",
    ),
    _in_order(
        "policy_expiry_before_inception",
        "policy_expiry",
        "The policy expires on {policy_expiry}, before its inception on "
        "{policy_inception}. Correct one of the dates.",
        "policy_inception",
    ),
    _in_future("date_of_loss", "A loss"),
    _in_future("date_of_loss_to", "The end of a loss"),
    _in_future("date_notified", "A notification"),
    _in_future("date_opened", "The opening of a claim"),
    _in_future("date_closed", "The closing of a claim"),
    Rule(
        "loss_outside_treaty_period",
        "error",
        "date_of_loss",
        "The loss of {date_of_loss} is outside the treaty's period, "
        "{treaty_reference__inception} to {treaty_reference__expiry} "
        "(losses occurring). Correct the date or the treaty reference.",
        IS_LOSSES_OCCURRING & _outside_period("date_of_loss"),
    ),
    Rule(
        "policy_outside_treaty_period",
        "error",
        "policy_inception",
        "The policy begins on {policy_inception}, outside the treaty's period, "
        "{treaty_reference__inception} to {treaty_reference__expiry} "
        "(risks attaching). Correct the date or the treaty reference.",
        IS_RISKS_ATTACHING & _outside_period("policy_inception"),
    ),
)
