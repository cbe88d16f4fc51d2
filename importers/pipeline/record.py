"""Last stage: what was found is written beside the ingestion."""

import polars as pl
from django.db import connection

from importers.models import Issue
from reinsurance.ledger.copying import copy_in


def record_issues(ingestion: int, issues: pl.DataFrame) -> None:
    """Replace the ingestion's issues by those of the frame (inside a transaction)."""
    Issue.objects.filter(ingestion_id=ingestion).delete()
    if not issues.height:
        return
    frame = issues.sort("row").with_columns(
        pl.lit(ingestion).alias("ingestion_id"),
        pl.col("column").str.slice(0, 200),
    )
    with connection.cursor() as cursor:
        copy_in(cursor, Issue._meta.db_table, frame)
