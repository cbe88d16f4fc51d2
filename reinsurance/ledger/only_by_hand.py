"""Amounts that would stand by a person's word alone once a load is undone.

Such a position has neither a status nor a description, and its claim perhaps nothing
but these amounts: what a person corrected is not there any more.
"""

from typing import Any

import polars as pl
from django.db import connection, transaction

from reinsurance.ledger.amounts import WITHDRAWN
from reinsurance.ledger.lineage_ranges import told_by
from reinsurance.ledger.statements import REPEATED, live_statements
from reinsurance.models import Edit, Load

_CORRECTED = f"""
    SELECT DISTINCT e.object_id FROM reinsurance_edit e
    WHERE e.model = 'claimposition' AND e.status = 'applied' AND EXISTS (
        SELECT FROM reinsurance_claimstatement s
        WHERE s.position_id = e.object_id
            AND {told_by("s.id", "s.load_id", REPEATED, "SELECT %(load)s")}
    )
"""  # noqa: S608 our names


def only_by_hand(load: Load) -> list[Edit]:
    """What people told last of each position that they alone would speak of."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CORRECTED, {"load": load.pk})
        keys = [key for (key,) in cursor.fetchall()]
        if not keys:
            return []
        left = _left(cursor, pl.Series(keys, dtype=pl.Int64), load)
    edits = Edit.objects.filter(model="claimposition", object_id__in=left)
    told = edits.exclude(reason__startswith=WITHDRAWN).select_related("user")
    last = {edit.object_id: edit for edit in told.order_by("at", "pk")}
    return sorted(last.values(), key=lambda edit: edit.pk)


def _left(cursor: Any, positions: pl.Series, load: Load) -> list[int]:
    """Positions for which no file's live word is left without this load's."""
    live = live_statements(cursor, positions, correction=load.number)
    loads = live["load"].unique().to_list()
    persons = Load.objects.filter(pk__in=loads, user__isnull=False)
    by_hand = pl.col("load").is_in(list(persons.values_list("pk", flat=True)))
    is_own = pl.col("load") == load.pk
    said = live.group_by("position").agg(
        left=is_own.any() & by_hand.any() & (is_own | by_hand).all()
    )
    return said.filter("left")["position"].to_list()
