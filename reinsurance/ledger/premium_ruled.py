"""Rules over what would stand of premiums after a load, now and as at its day."""

import polars as pl

from reinsurance.ledger.premium_as_at import AtDay, stand_then
from reinsurance.ledger.premium_late_rows import LateRows, left_out_later
from reinsurance.ledger.premium_settled_rules import settled_issues
from reinsurance.ledger.premium_share_rules import share_changed, share_of_others
from reinsurance.resources.conventions import Conventions

_AS_AT = " This is what would stand as at {}."


def ruled(
    entries: pl.DataFrame,
    counting: pl.DataFrame,
    late: LateRows | None,
    days: list[AtDay],
    conventions: Conventions,
) -> pl.DataFrame:
    """Issues of rows with what the books have of their transactions.

    ``entries``: rows beside the books; ``counting``: ``late`` ones, as far as they
    count; ``days``: rows that stand at their own period's end alone, which are asked
    of that.
    """
    found = [_of_rows(entries, conventions), share_changed(counting, conventions)]
    then = stand_then(days)
    if then is not None:
        issues = _of_rows(then, conventions)
        ends = then.select("row", day=pl.col("period_end").cast(pl.String))
        of_days = issues.join(ends.unique("row"), on="row", maintain_order="left")
        message = pl.concat_str("message", pl.format(_AS_AT, "day"))
        found.append(of_days.with_columns(message=message).select(issues.columns))
    if late is not None:
        found.append(left_out_later(late))
    return pl.concat(found)


def _of_rows(rows: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    return pl.concat(
        [
            settled_issues(rows),
            share_changed(rows, conventions),
            share_of_others(rows, conventions),
        ]
    )
