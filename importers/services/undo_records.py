"""What undoing a load of registers, parties, rates or events would do, by lineage."""

from typing import Any

from django.db import connection, models

from importers.models import Ingestion, RowChange
from importers.services.undo_counts import CHANGES, GOES, RETURNS, Found

_TABLE = RowChange._meta.db_table
_TOLD_AGAIN = f"""
    SELECT FROM {_TABLE} o
    JOIN reinsurance_load l ON l.number = o.ingestion_id AND l.undone_at IS NULL
        AND l.user_id IS NULL
    WHERE o.model = c.model AND o.object_id = c.object_id AND o.id > c.id
        AND o.ingestion_id <> c.ingestion_id
"""  # noqa: S608 our names
_CREATED_HERE = f"""
    SELECT FROM {_TABLE} f WHERE f.ingestion_id = c.ingestion_id
        AND f.model = c.model AND f.object_id = c.object_id AND f.action = 'created'
"""  # noqa: S608 our names
_EFFECTS = {
    GOES: f"c.action = 'created' AND NOT EXISTS ({_TOLD_AGAIN})",
    CHANGES: f"c.action = 'updated' AND NOT EXISTS ({_CREATED_HERE})",
    RETURNS: f"c.action = 'deleted' AND NOT EXISTS ({_TOLD_AGAIN})",
}


def _keys(model: str, effect: str) -> str:
    """SQL: keys of records; ``model`` is the name of a parameter."""
    return (
        f"SELECT DISTINCT c.object_id AS id FROM {_TABLE} c "  # noqa: S608 our names
        f"WHERE c.ingestion_id = %(number)s AND c.model = %({model})s "
        f"AND {_EFFECTS[effect]}"
    )


def count_records(
    found: Found, kinds: list[type[models.Model]], ingestion: Ingestion
) -> None:
    """Records that go, change and return; and what refers to those that go."""
    with connection.cursor() as cursor:
        for model in kinds:
            own = {"number": ingestion.pk, "model": model._meta.model_name}
            for effect in _EFFECTS:
                found.count(cursor, model, effect, _keys("model", effect), own)
        for model in kinds:
            for key in _leading_to(model):
                _refer(found, cursor, model, key, ingestion)


def _leading_to(model: type[models.Model]) -> list[Any]:
    """Foreign keys, of any table, to the model."""
    return [
        relation.field  # type: ignore[union-attr]
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and relation.one_to_many
    ]


def _refer(
    found: Found,
    cursor: Any,
    model: type[models.Model],
    key: Any,
    ingestion: Ingestion,
) -> None:
    """Records that refer to created ones and do not go themselves."""
    opts = key.model._meta
    query = (
        f'SELECT r."{opts.pk.column}" AS id FROM {opts.db_table} r '  # noqa: S608
        f'WHERE r."{key.column}" IN ({_keys("model", GOES)}) '
    )
    if isinstance(opts.pk, models.IntegerField):
        query += f'AND r."{opts.pk.column}" NOT IN ({_keys("child", GOES)})'
    names = {"model": model._meta.model_name, "child": opts.model_name}
    found.refer(cursor, key.model, query, {"number": ingestion.pk, **names})
