"""The period of a row: a month, quarter or year, not a day that somebody typed."""

import datetime

import polars as pl
from django.utils import timezone

from reinsurance.ledger.contract_names import contract_names
from reinsurance.models import Treaty
from reinsurance.resources.issues import issues_at, no_issues

MOST_DAYS_OFF = 5
"""So many days before the end of the month, quarter or year still mean its end."""

_LENGTH = {"month": "1mo", "quarter": "3mo", "year": "12mo"}
_TRUNCATE = {"month": "1mo", "quarter": "1q", "year": "1y"}
START, END = "__period_start", "__period_end"


def snapped(day: datetime.date, frequency: str = "month") -> datetime.date | None:
    """The end of the period that a day means; None where it means none."""
    frame = pl.DataFrame({"end": [day]}).select(_end(pl.col("end"), frequency))
    found: datetime.date | None = frame.item()
    return found


def _end(day: pl.Expr, frequency: str) -> pl.Expr:
    last = (
        day.dt.truncate(_TRUNCATE[frequency])
        .dt.offset_by(_LENGTH[frequency])
        .dt.offset_by("-1d")
    )
    is_near = (last - day) <= pl.duration(days=MOST_DAYS_OFF)
    return pl.when(is_near).then(last)


def with_periods(
    frame: pl.DataFrame,
    *,
    start: datetime.date | None,
    end: datetime.date | None,
    frequency: str,
    is_correction: bool = False,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with ``__period_start`` and ``__period_end``, and what is unclear.

    ``start`` and ``end`` are those of the form; what a row tells beats them.  A
    correction has to say what it corrects.
    """
    own = [
        pl.col(n) if n in frame.columns else pl.lit(None, dtype=pl.Date)
        for n in ("period_start", "period_end")
    ]
    told_start = pl.coalesce(own[0], pl.lit(start, dtype=pl.Date))
    told_end = pl.coalesce(own[1], pl.lit(end, dtype=pl.Date))
    frame = frame.with_columns(__told_start=told_start, __told_end=told_end)
    frame = frame.with_columns(_end(pl.col("__told_end"), frequency).alias(END))
    first = pl.col(END).dt.truncate(_TRUNCATE[frequency])
    beginning = pl.coalesce(pl.col("__told_start").dt.truncate("1mo"), first)
    frame = frame.with_columns(
        pl.when(pl.col(END).is_not_null()).then(beginning).alias(START)
    )
    found = [no_issues(), _not_begun(frame)]
    if is_correction:
        found.append(_without_period(frame))
    unclear = frame.filter(pl.col("__told_end").is_not_null() & pl.col(END).is_null())
    if unclear.height:
        found.append(
            issues_at(
                unclear,
                column="period_end",
                value=pl.col("__told_end"),
                code="period_unclear",
                severity="error",
                message=pl.format(
                    f"A period that ends on {{}} is no {frequency} of this sender: "
                    f"it ends more than {MOST_DAYS_OFF} days before the {frequency} "
                    "does. Write the period's last day, or change how often the sender "
                    "reports.",
                    pl.col("__told_end").cast(pl.String),
                ),
            )
        )
    backwards = frame.filter(pl.col(START) > pl.col(END))
    if backwards.height:
        found.append(
            issues_at(
                backwards,
                column="period_end",
                value=pl.col("__told_end"),
                code="period_ends_before_start",
                severity="error",
                message=pl.lit("The period ends before it starts. Correct it."),
            )
        )
    if "period_end" in frame.columns and end is not None:
        whole = snapped(end, frequency) or end
        differs = frame.filter(
            pl.col("period_end").is_not_null() & (pl.col(END) != pl.lit(whole))
        )
        if differs.height:
            found.append(
                issues_at(
                    differs,
                    column="period_end",
                    value=pl.col("period_end"),
                    code="period_differs",
                    severity="warning",
                    message=pl.format(
                        f"The row says that its period ends on {{}}, the file was "
                        f"handed in for the period to {end}. The row counts.",
                        pl.col("period_end").cast(pl.String),
                    ),
                )
            )
    return frame.drop("__told_start", "__told_end"), pl.concat(found)


def _not_begun(frame: pl.DataFrame) -> pl.DataFrame:
    """Periods that lie in the future, each once: all later files come before them."""
    future = frame.filter(pl.col(START) > pl.lit(timezone.localdate())).unique(
        END, keep="first", maintain_order=True
    )
    return issues_at(
        future,
        column="period_end",
        value=pl.col("__told_end"),
        code="period_in_future",
        severity="warning",
        message=pl.format(
            "The period to {} has not begun yet. Is its year right? What is told for "
            "it stands before all that comes for the periods until then.",
            pl.col(END).cast(pl.String),
        ),
    )


def before_contract(frame: pl.DataFrame) -> pl.DataFrame:
    """Warnings ``period_before_contract``, once for each contract and period.

    ``frame`` has ``treaty_reference`` (the contract's key) and the period of each row.
    """
    told = frame.drop_nulls(["treaty_reference", END]).unique(
        ["treaty_reference", END], keep="first", maintain_order=True
    )
    keys = told["treaty_reference"].unique().to_list()
    known = Treaty.objects.filter(pk__in=keys, inception__isnull=False)
    contracts = pl.DataFrame(
        list(known.values_list("pk", "inception")),
        schema={
            "treaty_reference": told.schema["treaty_reference"],
            "__inception": pl.Date(),
        },
        orient="row",
    )
    told = told.join(contracts, on="treaty_reference", maintain_order="left")
    early = told.filter(pl.col(END) < pl.col("__inception"))
    names = contract_names(early["treaty_reference"])
    called = [names[key] for key in early["treaty_reference"]]
    return issues_at(
        early.with_columns(__contract=pl.Series(called, dtype=pl.String)),
        column="period_end",
        value=pl.col(END),
        code="period_before_contract",
        severity="warning",
        message=pl.format(
            "The period to {} ends before contract “{}” begins, on {}. Is the year of "
            "the period right, and is this the renewal that is meant? Correct the one "
            "that is wrong.",
            pl.col(END).cast(pl.String),
            "__contract",
            pl.col("__inception").cast(pl.String),
        ),
    )


def _without_period(frame: pl.DataFrame) -> pl.DataFrame:
    return issues_at(
        frame.filter(pl.col("__told_end").is_null()),
        column="period_end",
        value=None,
        code="missing_period",
        severity="error",
        message=pl.lit(
            "A correction says which period it corrects. Hand the file in again with "
            "the end of the period, or add a column with it."
        ),
    )
