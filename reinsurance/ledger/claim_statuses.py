"""A claim's status from those of its positions."""

import polars as pl

from reinsurance.caching import Topic, remembered
from reinsurance.models import ClaimStatus

OPEN, CLOSED = "OPEN", "CLOSED"


def open_statuses() -> frozenset[str]:
    """Codes of the statuses under which more may be paid or reserved."""
    return remembered(
        Topic.REFERENCE,
        "open claim statuses",
        lambda: frozenset(
            ClaimStatus.objects.filter(is_open=True).values_list("pk", flat=True)
        ),
    )


def with_status(
    frame: pl.DataFrame, after: pl.DataFrame, positions: pl.DataFrame
) -> pl.DataFrame:
    """A claim is open if any of its positions is; then it shows no date closed."""
    others = positions.filter(
        pl.col("stands") & ~pl.col("position").is_in(after["position"].implode())
    ).select(
        "claim",
        pl.col("was_status").alias("status"),
        pl.col("was_period_end").alias("period_end"),
    )
    every = pl.concat(
        [after.select("claim", "status", "period_end"), others], how="vertical_relaxed"
    ).filter(pl.col("status").is_not_null())
    return status_of(frame, every)


def status_of(frame: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """Claims with ``status``, and their ``date_closed`` only while they are closed.

    ``positions``: ``claim``, ``status`` and ``period_end`` of those that stand.  Where
    no status was told of any, the claim is closed if there is a date of it.
    """
    opens = list(open_statuses())
    chosen = (
        positions.with_columns(is_open=pl.col("status").is_in(opens))
        .sort("is_open", "period_end", "status", nulls_last=False)
        .group_by("claim", maintain_order=True)
        .last()
        .select("claim", "status")
    )
    closed = pl.col("date_closed").is_not_null()
    untold = pl.when(closed).then(pl.lit(CLOSED)).otherwise(pl.lit(OPEN))
    return (
        frame.join(chosen, on="claim", how="left", maintain_order="left")
        .with_columns(status=pl.coalesce("status", untold))
        .with_columns(
            pl.when(~pl.col("status").is_in(opens))
            .then("date_closed")
            .alias("date_closed")
        )
    )
