"""What the books hold above limits of contracts that are lowered, or new."""

from typing import Any

import polars as pl
from django.db import connection

from reinsurance.ledger.cash_losses import in_money
from reinsurance.ledger.copying import copy_out
from reinsurance.ledger.lowered_limits import LIMITS
from reinsurance.ledger.matching import stands_by_sets
from reinsurance.ledger.premium_income import written
from reinsurance.ledger.rates import LOAD_IT, with_rates
from reinsurance.models import LossEvent, PremiumEntry
from reinsurance.resources.issues import ROW, issues_at, no_issues


def above_limits(terms: pl.DataFrame) -> pl.DataFrame:
    """Breaches: what stands in the books above limits (:data:`lowered_limits.TERMS`).

    Of what has no rate a warning: it is in none of the sums.
    """
    if not terms.height:
        return no_issues()
    positions = _positions(terms)
    claims = _claims(positions)
    premium = _premium(terms, "already, above the new premium income limit of")
    unknown = _without_rate(positions, "claims", "new limits of its claims")
    return pl.concat([premium, *_of_claims(claims), _of_events(claims), unknown])


def premium_above(terms: pl.DataFrame) -> pl.DataFrame:
    """Breaches: premium that stands above the limits of :data:`lowered_limits.TERMS`.

    Of premium that has no rate a warning.
    """
    return _premium(terms, "then, above its premium income limit of")


def _premium(terms: pl.DataFrame, said: str) -> pl.DataFrame:
    limited = terms.filter(pl.col("premium_income_limit").is_not_null())
    if not limited.height:
        return no_issues()
    entries = PremiumEntry.objects.filter(treaty__in=limited["treaty"].to_list())
    sums = written(entries).join(
        limited, left_on="treaty_reference", right_on="treaty", suffix="_text"
    )
    valued = with_rates(sums, base="currency", quote="contract_currency", day="day")
    valued = valued.with_columns(total=pl.col("gross") * pl.col("rate")).rename(
        {"treaty_reference": "treaty", "treaty_reference_text": "treaty_reference"}
    )
    totals = (
        valued.group_by("treaty", "amounts_are")
        .agg(
            pl.col("total").sum().round(4),
            pl.col(*_TOLD, "treaty_reference").first(),
        )
        .sort(*_LARGEST, "amounts_are", descending=[False, True, False, False])
        .unique("treaty", keep="first", maintain_order=True)
    )
    breaches = _breach(
        totals.filter(pl.col("total") > pl.col("premium_income_limit")),
        "premium_income_limit",
        "above_premium_income_limit",
        pl.format(
            f"The premium of contract “{{}}” stands at {{}} {{}} {said} {{}}.",
            "treaty_reference",
            in_money("total"),
            "contract_currency",
            in_money("premium_income_limit"),
        ),
    )
    unknown = _without_rate(valued, "premium", "premium income limit")
    return pl.concat([breaches, unknown])


_TOLD = (ROW, "contract_currency", *LIMITS)
_LARGEST = (ROW, "total", "treaty")
"""The largest first; of equal ones the same at every check: an approval is of it."""


def _positions(terms: pl.DataFrame) -> pl.DataFrame:
    """Positions of claims of the contracts, ``total`` in the contract's currency."""
    limits = terms.filter(pl.any_horizontal(pl.col(LIMITS[1:]).is_not_null()))
    keys = ", ".join(str(int(key)) for key in limits["treaty"].to_list()) or "NULL"
    schema: dict[str, pl.DataType] = {
        "treaty": pl.Int64(),
        "claim": pl.String(),
        "loss_event": pl.Int64(),
        "currency": pl.String(),
        "day": pl.Date(),
        "incurred": pl.Float64(),
    }
    query = (
        "SELECT c.treaty_id, c.reference, c.loss_event_id, p.currency_id, "  # noqa: S608
        "p.period_end, p.incurred FROM reinsurance_claim c "
        "JOIN reinsurance_claimposition p ON p.claim_id = c.id "
        f"WHERE c.treaty_id IN ({keys}) AND {stands_by_sets('c')} "
        f"AND {stands_by_sets('p')}"
    )
    with connection.cursor() as cursor:
        positions = copy_out(cursor, query, schema).join(limits, on="treaty")
    return with_rates(
        positions, base="currency", quote="contract_currency", day="day"
    ).with_columns(total=pl.col("incurred") * pl.col("rate"))


def _claims(positions: pl.DataFrame) -> pl.DataFrame:
    """What each claim stands at (``total``), the largest first."""
    return (
        positions.group_by("treaty", "claim")
        .agg(
            pl.col("total").sum().round(4),
            pl.col("loss_event", "treaty_reference", *_TOLD).first(),
        )
        .sort(*_LARGEST, "claim", descending=[False, True, False, False])
    )


def _of_claims(claims: pl.DataFrame) -> list[pl.DataFrame]:
    """Of each contract: how many claims stand above, and the largest of them."""
    found = []
    for name, code, said in (
        (
            "loss_notification_threshold",
            "above_notification_threshold",
            "at or above the new loss notification threshold of {}",
        ),
        (
            "risk_top",
            "above_risk_limit",
            "above the new top of its layers, {} each risk",
        ),
    ):
        is_above = pl.col("total") > pl.col(name)
        if name == "loss_notification_threshold":
            is_above = pl.col("total") >= pl.col(name)
        rows = (
            claims.filter(is_above)
            .group_by("treaty", maintain_order=True)
            .agg(
                pl.col("claim", "total", "treaty_reference", *_TOLD).first(),
                others=pl.len() - 1,
            )
        )
        more = pl.when(pl.col("others") > 0).then(
            pl.format(" ({} more claims of it as well)", "others")
        )
        message = pl.format(
            f"Claim “{{}}” of contract “{{}}” stands at {{}} {{}} already, {said}{{}}.",
            "claim",
            "treaty_reference",
            in_money("total"),
            "contract_currency",
            in_money(name),
            more.fill_null(""),
        )
        found.append(_breach(rows, _COLUMN.get(name, name), code, message))
    return found


_COLUMN = {"risk_top": "risk_limit", "event_top": "occurrence_limit"}


def _of_events(claims: pl.DataFrame) -> pl.DataFrame:
    events = (
        claims.drop_nulls(["loss_event", "event_top"])
        .group_by("treaty", "loss_event", maintain_order=True)
        .agg(
            pl.col("total").sum().round(4),
            pl.col("treaty_reference", *_TOLD).first(),
        )
        .filter(pl.col("total") > pl.col("event_top"))
    )
    codes: dict[Any, str] = dict(
        LossEvent.objects.filter(pk__in=events["loss_event"].to_list()).values_list(
            "pk", "code"
        )
    )
    event = pl.col("loss_event").replace_strict(codes, return_dtype=pl.String)
    return _breach(
        events,
        _COLUMN["event_top"],
        "above_event_limit",
        pl.format(
            "The claims of event {} on contract “{}” stand at {} {} already, above the "
            "new top of its layers, {} each occurrence.",
            event,
            "treaty_reference",
            in_money("total"),
            "contract_currency",
            in_money("event_top"),
        ),
    )


def _without_rate(valued: pl.DataFrame, what: str, limits: str) -> pl.DataFrame:
    """A warning for each contract of which amounts could not be added up."""
    lacking = (
        valued.filter(pl.col("rate").is_null())
        .sort("currency", "day")
        .group_by("treaty", maintain_order=True)
        .agg(pl.col("currency", "day", "treaty_reference", *_TOLD).first())
        .sort(ROW, "treaty")
    )
    return issues_at(
        lacking,
        column="currency",
        value=None,
        code="missing_rate",
        severity="warning",
        message=pl.format(
            f"Contract “{{}}” has {what} in {{}}, of which no rate in {{}} is in the "
            f"books for {{}}, so the {limits} cannot be looked at whole. {LOAD_IT}",
            "treaty_reference",
            "currency",
            "contract_currency",
            pl.col("day").cast(pl.String).fill_null("any day"),
        ),
    )


def _breach(
    rows: pl.DataFrame, column: str, code: str, message: pl.Expr
) -> pl.DataFrame:
    return issues_at(
        rows, column=column, value=None, code=code, severity="breach", message=message
    )
