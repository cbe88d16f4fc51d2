"""What undoing a load of registers, parties, rates or events does: done and taken back.

Which value stands without a load follows from the words of all files after it.  That is
not worked out a second time here: the undo is tried in a savepoint, and the records
that the load told are held against what they were.
"""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from importers.exceptions import LoadConflict
from importers.models import RowChange
from importers.pipeline.undo import take_back
from importers.record_types import RecordType
from importers.services.undo_counts import CHANGES, GOES, MOST_NAMED, RETURNS, Found
from reinsurance.models import Load

MOST_WORDS = 5_000
"""Words of a load that is no register which are tried; rates come by the hundred
thousand, and have one value each."""

Image = dict[int, str]
"""Records by key, and what they say, as a digest."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What the undo does to records of a model: keys, and names of those returning."""

    model: type[models.Model]
    effects: dict[str, list[int]]
    returning: tuple[str, ...]


def count_tried(found: Found, kind: RecordType, load: Load) -> bool:
    """Take up what the undo does; False where it was not tried, or is refused."""
    words = RowChange.objects.filter(ingestion=load.number)
    if not kind.is_register and words[: MOST_WORDS + 1].count() > MOST_WORDS:
        return False
    tried = _tried(found, kind, load)
    for part in tried or ():
        for effect, keys in part.effects.items():
            named = part.returning
            if effect != RETURNS:
                named = found.named(part.model, keys[:MOST_NAMED])
            found.add(part.model, effect, len(keys), named)
    return tried is not None


def _tried(found: Found, kind: RecordType, load: Load) -> list[Tried] | None:
    """Do it, look, and take it back; None where other records stand in the way."""
    kinds: list[type[models.Model]] = [r._meta.model for r in kind.resources]
    with connection.cursor() as cursor:
        before = [_images(cursor, model, load) for model in kinds]
        try:
            with transaction.atomic():
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
                take_back(cursor, kind, load)
                tried = [
                    _compared(found, model, was, _images(cursor, model, load))
                    for model, was in zip(kinds, before, strict=True)
                ]
                transaction.set_rollback(True)
        except (IntegrityError, LoadConflict):
            return None
    return tried


def _images(cursor: Any, model: type[models.Model], load: Load) -> Image:
    """The records of a model that the load told, as far as they are in the books."""
    cursor.execute(
        "SELECT x.id, md5((to_jsonb(x) - 'updated_at')::text) "  # noqa: S608 our names
        f"FROM {model._meta.db_table} x WHERE x.id IN (SELECT c.object_id "
        f"FROM {RowChange._meta.db_table} c "
        "WHERE c.ingestion_id = %s AND c.model = %s) ORDER BY x.id",
        [load.number, model._meta.model_name],
    )
    return dict(cursor.fetchall())


def _compared(
    found: Found, model: type[models.Model], before: Image, after: Image
) -> Tried:
    effects = {
        GOES: [key for key in before if key not in after],
        CHANGES: [k for k in before if k in after and after[k] != before[k]],
        RETURNS: [key for key in after if key not in before],
    }
    return Tried(model, effects, found.named(model, effects[RETURNS][:MOST_NAMED]))
