"""Limits of the books that rows say there are none of: each is said before it goes."""

import polars as pl

from importers.pipeline.compare import WAS
from importers.pipeline.frames import issues_at, no_issues
from reinsurance.ledger.beside import plain
from reinsurance.resources.base import DomainResource
from reinsurance.resources.no_limits import says_none


def limits_removed(
    resource: type[DomainResource], updated: pl.DataFrame
) -> pl.DataFrame:
    """Warnings ``limit_removed``, by the names of fields.

    ``updated``: rows that change a record of the books, with ``was.<name>``.
    """
    found = [no_issues()]
    for name, column in resource.fields.items():
        if WAS + name not in updated.columns:
            continue
        removed = pl.col(WAS + name).is_not_null() & says_none(updated, name)
        rows = updated.filter(removed)
        if rows.height:
            found.append(_warnings(rows, name, str(column.column_name)))
    return pl.concat(found)


def _warnings(rows: pl.DataFrame, name: str, label: str) -> pl.DataFrame:
    return issues_at(
        rows,
        column=name,
        value=None,
        code="limit_removed",
        severity="warning",
        message=pl.format(
            f"{label}: {{}} stands in the books, and the row says that there is none: "
            "after the load it is unlimited. If the limit is to stay, write it, or "
            "leave the cell empty.",
            plain(pl.col(WAS + name)),
        ),
    )
