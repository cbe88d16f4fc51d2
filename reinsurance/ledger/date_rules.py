"""The dates of a claim as they would stand in the books, whichever files told them."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.descriptions import has_bit
from reinsurance.ledger.matching import ALWAYS, WAS
from reinsurance.ledger.rule_issues import rule_issue
from reinsurance.models import LossEvent


@dataclass(frozen=True, slots=True)
class _DateRule:
    """Two or more fields of a claim that must not stand together.

    ``column``: where the issue is shown; ``message`` names fields in braces.
    """

    code: str
    severity: str
    column: str
    fields: tuple[str, ...]
    message: str
    is_wrong: pl.Expr


_RULES = (
    _DateRule(
        "notified_before_loss",
        "error",
        "date_notified",
        ("date_notified", "date_of_loss"),
        "With what is in the books, the claim would be notified on {date_notified}, "
        "before the loss on {date_of_loss}. Correct one of the dates.",
        pl.col("date_notified") < pl.col("date_of_loss"),
    ),
    _DateRule(
        "closed_before_loss",
        "error",
        "date_closed",
        ("date_closed", "date_of_loss"),
        "With what is in the books, the claim would be closed on {date_closed}, "
        "before the loss on {date_of_loss}. Correct one of the dates.",
        pl.col("date_closed") < pl.col("date_of_loss"),
    ),
    _DateRule(
        "loss_ends_before_start",
        "error",
        "date_of_loss_to",
        ("date_of_loss_to", "date_of_loss"),
        "With what is in the books, the loss would end on {date_of_loss_to}, before it "
        "begins on {date_of_loss}. Correct one of the dates.",
        pl.col("date_of_loss_to") < pl.col("date_of_loss"),
    ),
    _DateRule(
        "policy_expiry_before_inception",
        "error",
        "policy_expiry",
        ("policy_expiry", "policy_inception"),
        "With what is in the books, the policy would expire on {policy_expiry}, before "
        "its inception on {policy_inception}. Correct one of the dates.",
        pl.col("policy_expiry") < pl.col("policy_inception"),
    ),
    _DateRule(
        "loss_outside_policy",
        "warning",
        "date_of_loss",
        ("date_of_loss", "policy_inception", "policy_expiry"),
        "The loss of {date_of_loss} is not within the policy, {policy_inception} to "
        "{policy_expiry}.",
        ~pl.col("date_of_loss").is_between("policy_inception", "policy_expiry"),
    ),
    _DateRule(
        "loss_outside_event",
        "warning",
        "date_of_loss",
        ("date_of_loss", "loss_event"),
        "The loss of {date_of_loss} is not within the event's dates, {event_from} to "
        "{event_to}.",
        ~pl.col("date_of_loss").is_between("event_from", "event_to"),
    ),
)


def date_issues(settlement: Any) -> list[pl.DataFrame]:
    """Dates that contradict each other, or are lacking, in what would stand."""
    claims = _with_event(_now(settlement.claims))
    rows = settlement.settled
    found = []
    for rule in _RULES:
        wrong = claims.filter(rule.is_wrong)
        if rule.severity == "error":
            # What the books hold already is not the fault of a row that repeats it.
            wrong = wrong.filter(
                pl.any_horizontal(pl.col(f"__new_{n}") for n in rule.fields)
            )
        if not wrong.height:
            continue
        brings = pl.any_horizontal(has_bit(name) for name in rule.fields)
        found.append(
            rule_issue(
                rows.filter(brings).join(wrong, on="claim", maintain_order="left"),
                rule.code,
                rule.severity,
                rule.column,
                _text(rule.message),
                pl.col(rule.column),
            )
        )
    lacking = rows.join(
        claims.filter(pl.col("date_of_loss").is_null()),
        on="claim",
        how="semi",
        maintain_order="left",
    )
    found.append(
        rule_issue(
            lacking,
            "no_date_of_loss",
            "warning",
            "date_of_loss",
            pl.lit("The claim has no date of loss. Ask the sender for it."),
        )
    )
    return found


def warnings_of_dates(claims: pl.DataFrame) -> list[str]:
    """What a file with the claims' dates would be warned of, in words.

    ``claims`` has the dates and ``loss_event``.
    """
    rows = _with_event(claims)
    return [
        text
        for rule in _RULES
        if rule.severity == "warning"
        for text in rows.filter(rule.is_wrong).select(_text(rule.message)).to_series()
    ]


def _now(claims: pl.DataFrame) -> pl.DataFrame:
    """``claim``, the fields as they will stand and ``__new_<field>``: it differs."""

    def now(name: str) -> pl.Expr:
        if name in claims.columns:
            return pl.col(name)
        return pl.when(pl.col("stands")).then(pl.col(WAS + name)).alias(name)

    return claims.select(
        "claim",
        *(now(name) for name in ALWAYS),
        *(
            (now(name).ne_missing(pl.col(WAS + name)) | ~pl.col("stands")).alias(
                f"__new_{name}"
            )
            for name in ALWAYS
        ),
    )


def _with_event(claims: pl.DataFrame) -> pl.DataFrame:
    """The claims with ``event_from`` and ``event_to`` of their loss events."""
    keys = claims["loss_event"].drop_nulls().unique().to_list()
    events = pl.DataFrame(
        list(
            LossEvent.objects.filter(pk__in=keys).values_list(
                "pk", "date_from", "date_to"
            )
        )
        if keys
        else [],
        schema={"loss_event": pl.Int64, "event_from": pl.Date, "event_to": pl.Date},
        orient="row",
    )
    return claims.join(events, on="loss_event", how="left", maintain_order="left")


def _text(message: str) -> pl.Expr:
    """The message with the dates that it names in braces."""
    parts = message.replace("}", "{").split("{")
    dates = [pl.col(name).cast(pl.String).fill_null("?") for name in parts[1::2]]
    return pl.format("{}".join(parts[::2]), *dates)
