"""Premium files of one contract, loaded through the stages, for tests of the ledger."""

import datetime
from decimal import Decimal
from typing import Any

from importers import record_types
from importers.models import Source
from importers.pipeline.examine import Examined
from reinsurance.models import Layer, PremiumEntry, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, ingestion_of, run

PREMIUMS = record_types.get("premiums")
JANUARY, FEBRUARY, MARCH = (
    datetime.date(2026, 1, 31),
    datetime.date(2026, 2, 28),
    datetime.date(2026, 3, 31),
)
USUAL = {
    "UMR": "T1",
    "Policy No": "P1",
    "Transaction type": "Original",
    "Effective date": "2026-01-01",
    "Ccy": "GBP",
}
"""Cells of a row that a test does not care about."""


def send(
    period: datetime.date | None,
    *rows: dict[str, str],
    source: Source | None = None,
    number: Any = None,
    **told: Any,
) -> tuple[Examined, int]:
    """Load a file with the good ones of these rows (``told``: conventions)."""
    treaty, _ = Treaty.objects.get_or_create(
        reference="T1", defaults={"treaty_type": "QS", "currency_id": "GBP"}
    )
    Layer.objects.get_or_create(
        treaty=treaty, number=1, defaults={"commission": Decimal("0.25")}
    )
    whole = [{**USUAL, **row} for row in rows]
    header = tuple(dict.fromkeys(name for row in whole for name in row))
    table = Table(header, [[row.get(name, "") for name in header] for row in whole])
    number = number or ingestion_of(PREMIUMS, source)
    examined, _, _ = run(
        table,
        PREMIUMS,
        period_end=period,
        conventions=Conventions(**told),
        ingestion=number,
    )
    return examined, number.pk


def books(*names: str) -> list[tuple[Any, ...]]:
    """Gross premium and columns of the entries that stand, in order."""
    rows = PremiumEntry.objects.values_list("gross_premium", *names)
    return sorted(rows, key=str)


def said(examined: Examined) -> list[tuple[int, str, str]]:
    """Row, code and column of all issues."""
    return sorted(examined.issues.select("row", "code", "column").rows())
