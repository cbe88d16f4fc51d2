"""What must not be true of a row of claims."""

import polars as pl

from reinsurance.resources.rules import Rule, off_by_more_than

IS_LOSSES_OCCURRING = pl.col("treaty_reference__basis") == "LO"
IS_RISKS_ATTACHING = pl.col("treaty_reference__basis") == "RA"


def _outside_period(date: str) -> pl.Expr:
    """Whether the column's date is known and not within the treaty's period."""
    day = pl.col(date)
    is_before = day < pl.col("treaty_reference__inception")
    is_after = day > pl.col("treaty_reference__expiry")
    return (is_before | is_after).fill_null(value=False)


CLAIM_RULES = (
    Rule(
        "notified_before_loss",
        "error",
        "date_notified",
        "Notified on {date_notified}, before the loss on {date_of_loss}. "
        "Correct one of the dates.",
        pl.col("date_notified") < pl.col("date_of_loss"),
    ),
    Rule(
        "closed_before_loss",
        "error",
        "date_closed",
        "Closed on {date_closed}, before the loss on {date_of_loss}. "
        "Correct one of the dates.",
        pl.col("date_closed") < pl.col("date_of_loss"),
    ),
    Rule(
        "policy_expiry_before_inception",
        "error",
        "policy_expiry",
        "The policy expires on {policy_expiry}, before its inception on "
        "{policy_inception}. Correct one of the dates.",
        pl.col("policy_expiry") < pl.col("policy_inception"),
    ),
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
    Rule(
        "loss_before_treaty",
        "error",
        "date_of_loss",
        "The loss of {date_of_loss} is before the treaty's inception on "
        "{treaty_reference__inception}. Correct the date or the treaty reference.",
        IS_RISKS_ATTACHING
        & (pl.col("date_of_loss") < pl.col("treaty_reference__inception")),
    ),
    Rule(
        "indemnity_does_not_add_up",
        "error",
        "incurred_indemnity",
        "Incurred {incurred_indemnity} is not paid {paid_indemnity} plus reserve "
        "{reserve_indemnity} (indemnity). Correct the amounts.",
        off_by_more_than(
            pl.col("incurred_indemnity"),
            pl.col("paid_indemnity") + pl.col("reserve_indemnity"),
        ),
    ),
    Rule(
        "fees_do_not_add_up",
        "error",
        "incurred_fees",
        "Incurred {incurred_fees} is not paid {paid_fees} plus reserve "
        "{reserve_fees} (fees). Correct the amounts.",
        off_by_more_than(
            pl.col("incurred_fees"), pl.col("paid_fees") + pl.col("reserve_fees")
        ),
    ),
    Rule(
        "incurred_does_not_add_up",
        "error",
        "incurred",
        "Incurred {incurred} is not paid plus reserve, which make {position}. "
        "Correct the amounts.",
        off_by_more_than(pl.col("incurred"), pl.col("position")),
    ),
    Rule(
        "no_money",
        "warning",
        "reserve_indemnity",
        "The claim has neither a payment nor a reserve.",
        pl.col("position") == 0,
    ),
    Rule(
        "closed_with_reserve",
        "warning",
        "reserve_indemnity",
        "The claim is closed but still has a reserve.",
        ~pl.col("claim_status__is_open") & (pl.col("reserve") != 0),
    ),
    Rule(
        "above_notification_threshold",
        "breach",
        "date_of_loss",
        "The claim stands at {position}, at or above the treaty's loss notification "
        "threshold of {treaty_reference__loss_notification_threshold}.",
        pl.col("position") >= pl.col("treaty_reference__loss_notification_threshold"),
    ),
)
