"""Foreign keys of a load, checked as sets instead of row by row.

Where triggers rest (:mod:`reinsurance.ledger.triggers`), the distinct parents are
locked ``FOR KEY SHARE`` before the rows that refer to them are copied: what the
triggers would do, once for each parent.
"""

from typing import Any

import polars as pl
from django.db import IntegrityError, models

from importers.record_types import RecordType
from reinsurance.ledger.triggers import may_rest
from reinsurance.models import Claim, ClaimPosition, PremiumEntry
from reinsurance.resources.base import record_field_of

OTHERS: dict[str, dict[str, models.Field]] = {
    "claims": {
        "treaty_reference": Claim._meta.get_field("treaty"),
        "claim_status": Claim._meta.get_field("status"),
        "currency": ClaimPosition._meta.get_field("currency"),
    },
    "premiums": {"treaty_reference": PremiumEntry._meta.get_field("treaty")},
}


def hold_parents(cursor: Any, record_type: RecordType, frame: pl.DataFrame) -> None:
    """Lock the records that rows refer to; raises IntegrityError where one is gone."""
    if not may_rest():
        return
    for name, field in _keys(record_type, frame).items():
        values = frame.get_column(name).drop_nulls().unique()
        if values.dtype == pl.String:
            values = values.filter(values != "")
        if not values.len():
            continue
        target: Any = field.related_model
        parent = target._meta
        column = parent.pk.column
        cursor.execute(
            f"SELECT count(*) FROM (SELECT FROM {parent.db_table} "  # noqa: S608
            f'WHERE "{column}" = ANY(%s) FOR KEY SHARE) AS held',
            [values.to_list()],
        )
        if cursor.fetchone()[0] != values.len():
            raise IntegrityError(f"A {parent.verbose_name} that rows name is gone.")


def _keys(record_type: RecordType, frame: pl.DataFrame) -> dict[str, models.Field]:
    found = dict(OTHERS.get(record_type.ledger or "", {}))
    for resource in record_type.resources:
        for name in resource.fields:
            field = record_field_of(resource, name)
            if field is not None and field.many_to_one:
                found.setdefault(name, field)
    return {name: field for name, field in found.items() if name in frame.columns}
