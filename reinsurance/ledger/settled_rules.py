"""Rules over what would stand in the books after a load, in the contract's currency."""

from dataclasses import replace
from typing import Any

import polars as pl

from reinsurance.ledger import timelines
from reinsurance.ledger.checks import plain
from reinsurance.ledger.describing import open_statuses
from reinsurance.ledger.rates import rates_for
from reinsurance.models import Claim, ClaimPosition, Layer, LossEvent, Treaty
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import issues_at, no_issues
from reinsurance.resources.rules import minor_units, off_by_more_than

_PARTS = ("paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees")


def claim_issues(settlement: Any, conventions: Conventions) -> pl.DataFrame:
    """What is wrong with, or has to be looked at in, what the rows leave in the books."""
    seen = settlement.settled.filter("is_live")
    if not seen.height:
        return no_issues()
    settlement = replace(settlement, settled=seen)
    return pl.concat(
        [
            *_adding_up(seen),
            *_of_position(seen, conventions),
            *_without_date(settlement),
            *_in_contract_currency(settlement),
        ]
    )


def _issue(
    rows: pl.DataFrame,
    code: str,
    severity: str,
    column: str,
    message: pl.Expr,
    value: pl.Expr | None = None,
) -> pl.DataFrame:
    return issues_at(
        rows, column=column, value=value, code=code, severity=severity, message=message
    )


def _adding_up(seen: pl.DataFrame) -> list[pl.DataFrame]:
    """Told incurred against paid plus reserve as they stand at the row's period."""
    found = []
    for name, parts, said, code in (
        ("incurred", _PARTS, "", "incurred_does_not_add_up"),
        (
            "incurred_indemnity",
            ("paid_indemnity", "reserve_indemnity"),
            " (indemnity)",
            "indemnity_does_not_add_up",
        ),
        (
            "incurred_fees",
            ("paid_fees", "reserve_fees"),
            " (fees)",
            "fees_do_not_add_up",
        ),
    ):
        told = f"told_{name}"
        if told not in seen.columns:
            continue
        stands = pl.sum_horizontal(pl.col(f"at_{p}").fill_null(0) for p in parts)
        rows = seen.filter(
            off_by_more_than(pl.col(told), stands, units=minor_units())
        )
        text = f"Incurred {{}} is not paid plus reserve{said}, which make {{}}. Correct the amounts."
        message = pl.format(text, plain(pl.col(told)), plain(stands))
        found.append(_issue(rows, code, "error", name, message, pl.col(told)))
    return found


def _of_position(seen: pl.DataFrame, conventions: Conventions) -> list[pl.DataFrame]:
    """What a position says by itself."""
    opens = list(open_statuses())
    reserve = pl.col("now_reserve_indemnity").fill_null(0) + pl.col(
        "now_reserve_fees"
    ).fill_null(0)
    nothing = pl.all_horizontal(pl.col(f"at_{n}").fill_null(0) == 0 for n in _PARTS)
    closed = (
        pl.col("status_now").is_not_null()
        & ~pl.col("status_now").is_in(opens)
        & (reserve != 0)
    )
    found = [
        _issue(
            seen.filter(nothing),
            "no_money",
            "warning",
            "reserve_indemnity",
            pl.lit("The claim has neither a payment nor a reserve."),
        ),
        _issue(
            seen.filter(closed),
            "closed_with_reserve",
            "warning",
            "reserve_indemnity",
            pl.format(
                "The claim is closed but still has a reserve of {} {}.",
                plain(reserve),
                "currency",
            ),
        ),
    ]
    for amount, label in (
        ("paid_indemnity", "paid to date"),
        ("paid_fees", "paid to date, fees"),
        ("reserve_indemnity", "reserve"),
        ("reserve_fees", "reserve, fees"),
    ):
        found.append(
            _issue(
                seen.filter(pl.col(f"at_{amount}") < 0),
                "negative_amount",
                "warning",
                amount,
                pl.format(
                    f"The {label} is below zero: {{}} {{}}.",
                    plain(pl.col(f"at_{amount}")),
                    "currency",
                ),
                pl.col(f"at_{amount}"),
            )
        )
    for amount in ("paid_indemnity", "paid_fees"):
        before, at = pl.col(f"before_{amount}"), pl.col(f"at_{amount}")
        found.append(
            _issue(
                seen.filter(at < before),
                "paid_decreases",
                "warning",
                amount,
                pl.format(
                    "Paid to date goes down from {} to {} {}.",
                    plain(before),
                    plain(at),
                    "currency",
                ),
                at,
            )
        )
    factor = conventions.incurred_factor
    if factor:
        before = pl.col("before_incurred").cast(pl.Float64)
        at = pl.col("at_incurred").cast(pl.Float64)
        rows = seen.filter(
            (before > 0)
            & ((at > before * float(factor)) | (at * float(factor) < before))
        )
        found.append(
            _issue(
                rows,
                "incurred_changed",
                "breach",
                "incurred",
                pl.format(
                    f"Incurred changes from {{}} to {{}} {{}}, by more than the "
                    f"factor of {factor} that is looked at for this sender.",
                    plain(pl.col("before_incurred")),
                    plain(pl.col("at_incurred")),
                    "currency",
                ),
            )
        )
    return found


def _without_date(settlement: Any) -> list[pl.DataFrame]:
    """Claims that have no date of loss, which the standard allows."""
    claims = settlement.claims
    if "date_of_loss" in claims.columns:
        lacking = claims.filter(pl.col("date_of_loss").is_null())
    else:
        lacking = claims.filter(~pl.col("stands"))
    rows = settlement.settled.filter(pl.col("claim").is_in(lacking["claim"].implode()))
    return [
        _issue(
            rows,
            "no_date_of_loss",
            "warning",
            "date_of_loss",
            pl.lit("The claim has no date of loss. Ask the sender for it."),
        )
    ]


def _terms(claims: pl.DataFrame) -> pl.DataFrame:
    """Terms of the claims' contracts that a claim can break."""
    keys = claims["treaty"].unique().to_list()
    rows = Treaty.objects.filter(pk__in=keys).values_list(
        "pk", "currency_id", "loss_notification_threshold", "cash_loss_limit"
    )
    terms = pl.DataFrame(
        list(rows),
        schema={
            "treaty": pl.Int64,
            "contract_currency": pl.String,
            "threshold": pl.Float64,
            "cash_limit": pl.Float64,
        },
        orient="row",
    )
    layers = Layer.objects.filter(treaty_id__in=keys).values_list(
        "treaty_id",
        "risk_attachment",
        "risk_limit",
        "occurrence_attachment",
        "occurrence_limit",
    )
    tops: dict[int, dict[str, float | None]] = {}
    for treaty, risk_from, risk, event_from, event in layers:
        held = tops.setdefault(treaty, {})
        for name, start, limit in (
            ("risk_top", risk_from, risk),
            ("event_top", event_from, event),
        ):
            if limit is None:
                continue
            top = float((start or 0) + limit)
            held[name] = max(held.get(name) or 0.0, top)
    top_frame = pl.DataFrame(
        [(k, v.get("risk_top"), v.get("event_top")) for k, v in tops.items()],
        schema={"treaty": pl.Int64, "risk_top": pl.Float64, "event_top": pl.Float64},
        orient="row",
    )
    return terms.join(top_frame, on="treaty", how="left")


def _in_contract_currency(settlement: Any) -> list[pl.DataFrame]:
    """Thresholds and limits against the whole claim, in its contract's currency."""
    after = settlement.positions
    claims = settlement.claims
    terms = _terms(claims)
    watched = terms.filter(
        pl.any_horizontal(
            pl.col(n).is_not_null()
            for n in ("threshold", "cash_limit", "risk_top", "event_top")
        )
    )
    if not watched.height:
        return []
    touched = after.filter(pl.col("treaty").is_in(watched["treaty"].implode())).select(
        "position", "claim", "currency", "period_end", incurred=timelines.incurred()
    )
    every = pl.concat([touched, _others(touched)]).join(
        claims.select("claim", "treaty"), on="claim"
    )
    every = every.join(watched, on="treaty")
    wanted = every.select(base="currency", quote="contract_currency", day="period_end")
    every = every.join(
        rates_for(wanted),
        left_on=["currency", "contract_currency", "period_end"],
        right_on=["base", "quote", "day"],
        how="left",
        nulls_equal=True,
    )
    totals = every.group_by("claim").agg(
        pl.col(
            "treaty",
            "contract_currency",
            "threshold",
            "cash_limit",
            "risk_top",
            "event_top",
        ).first(),
        total=(pl.col("incurred").cast(pl.Float64) * pl.col("rate")).sum(),
        unknown=pl.col("currency").filter(pl.col("rate").is_null()).first(),
    )
    seen = settlement.settled.join(totals, on="claim").join(
        every.select("position", "rate").unique("position"), on="position", how="left"
    )
    first = seen.unique("claim", keep="first", maintain_order=True)
    money = pl.col("total").round(2).cast(pl.Decimal(20, 2)).cast(pl.String)
    found = [
        _issue(
            first.filter(pl.col("unknown").is_not_null()),
            "missing_rate",
            "warning",
            "currency",
            pl.format(
                "No rate of {} in {} is in the books for the period, so the limits of "
                "the contract cannot be looked at. Load the rate.",
                "unknown",
                "contract_currency",
            ),
        ),
        _issue(
            first.filter(pl.col("total") >= pl.col("threshold")),
            "above_notification_threshold",
            "breach",
            "claim_reference",
            pl.format(
                "The claim stands at {} {}, at or above the contract's loss "
                "notification threshold of {}.",
                money,
                "contract_currency",
                _text("threshold"),
            ),
        ),
        _issue(
            first.filter(pl.col("total") > pl.col("risk_top")),
            "above_risk_limit",
            "breach",
            "claim_reference",
            pl.format(
                "The claim stands at {} {}, above the top of the contract's layers, {} "
                "each risk.",
                money,
                "contract_currency",
                _text("risk_top"),
            ),
        ),
        _cash_losses(seen),
        *_events(settlement, totals),
    ]
    return found


def _text(name: str) -> pl.Expr:
    return pl.col(name).round(2).cast(pl.Decimal(20, 2)).cast(pl.String)


def _others(touched: pl.DataFrame) -> pl.DataFrame:
    """Standing positions of the same claims that the rows do not touch."""
    claims = touched.filter(pl.col("claim") > 0)["claim"].unique().to_list()
    rows = (
        ClaimPosition.objects.filter(claim_id__in=claims)
        .exclude(pk__in=touched.filter(pl.col("position") > 0)["position"].to_list())
        .values_list("pk", "claim_id", "currency_id", "period_end", "incurred")
        if claims
        else []
    )
    return pl.DataFrame(list(rows), schema=touched.schema, orient="row")


def _cash_losses(seen: pl.DataFrame) -> pl.DataFrame:
    """Paid in one period above the contract's limit for cash losses."""
    paid = [
        pl.col(f"at_{n}").fill_null(0) - pl.col(f"before_{n}").fill_null(0)
        for n in ("paid_indemnity", "paid_fees")
    ]
    paid_now = (paid[0] + paid[1]).cast(pl.Float64) * pl.col("rate")
    rows = seen.with_columns(paid_now=paid_now).filter(
        pl.col("paid_now") >= pl.col("cash_limit")
    )
    return _issue(
        rows,
        "above_cash_loss_limit",
        "breach",
        "claim_reference",
        pl.format(
            "{} {} were paid in the period, at or above the contract's cash-loss limit "
            "of {}.",
            _text("paid_now"),
            "contract_currency",
            _text("cash_limit"),
        ),
    )


def _events(settlement: Any, totals: pl.DataFrame) -> list[pl.DataFrame]:
    """Losses outside their event's dates, and events above the contract's limit."""
    claims = settlement.claims
    if "loss_event" not in claims.columns:
        return []
    told = claims.filter(pl.col("loss_event").is_not_null())
    if not told.height:
        return []
    events = pl.DataFrame(
        list(
            LossEvent.objects.filter(
                pk__in=told["loss_event"].unique().to_list()
            ).values_list("pk", "code")
        ),
        schema={"loss_event": pl.Int64, "event": pl.String},
        orient="row",
    )
    mine = told.select("claim", "treaty", "loss_event").join(
        totals.drop("treaty"), on="claim"
    )
    own = mine.group_by("treaty", "loss_event").agg(
        pl.col("total").sum(),
        pl.col("event_top", "contract_currency").first(),
        keys=pl.col("claim").filter(pl.col("claim") > 0),
        first=pl.col("claim").first(),
    )
    sums = []
    for treaty, event, total, top, currency, keys, claim in own.iter_rows():
        if top is None:
            continue
        rest = ClaimPosition.objects.filter(
            claim__in=Claim.objects.filter(
                treaty_id=treaty, loss_event_id=event
            ).exclude(pk__in=keys),
            currency_id=currency,
        ).values_list("incurred", flat=True)
        whole = total + float(sum(rest))
        if whole > top:
            sums.append((claim, event, whole, top, currency))
    above = pl.DataFrame(
        sums,
        schema={
            "claim": pl.Int64,
            "loss_event": pl.Int64,
            "whole": pl.Float64,
            "top": pl.Float64,
            "contract_currency": pl.String,
        },
        orient="row",
    ).join(events, on="loss_event")
    rows = settlement.settled.join(above, on="claim").unique("claim", keep="first")
    return [
        _issue(
            rows,
            "above_event_limit",
            "breach",
            "loss_event",
            pl.format(
                "The claims of event {} stand at {} {}, above the top of the "
                "contract's layers, {} each occurrence.",
                "event",
                _text("whole"),
                "contract_currency",
                _text("top"),
            ),
        )
    ]
