"""Taking a load back, and telling in the log what stands in the way."""

import contextlib

from django.db import IntegrityError, transaction

from importers import record_types
from importers.exceptions import LoadConflict, NotItsTurn, StateProblem
from importers.models import Ingestion
from importers.pipeline.undo import undo as undo_load
from importers.services import bordereaux, cursors
from importers.services.states import move
from importers.values import Status

STILL_USED = (
    "Other records refer to what this file created. Remove or undo those first."
)


def undo(ingestion: int, *, patience: float | None = None) -> None:
    """Take a load back, in one transaction; what is in the way is told in the log.

    Does nothing where the ingestion is not loaded (any more).  Raises NotItsTurn where
    another file of its kind is being loaded for longer than ``patience`` seconds.
    """
    record = Ingestion.objects.get(pk=ingestion)
    if record.status not in {Status.LOADED, Status.UNDOING}:
        return
    try:
        with transaction.atomic():
            undo_load(
                record_types.get(record.record_type),
                ingestion=ingestion,
                patience=patience,
            )
            move(
                ingestion,
                from_=[Status.LOADED, Status.UNDOING],
                to=Status.UNDONE,
                event="Undone: nothing of this file is in the books any more.",
            )
            bordereaux.take_back(record)
            cursors.take_back(ingestion)
    except NotItsTurn:
        raise
    except StateProblem:
        return
    except LoadConflict as conflict:
        _stays(ingestion, f"Not undone: {conflict}")
    except IntegrityError:
        _stays(ingestion, f"Not undone: {STILL_USED}")


def _stays(ingestion: int, message: str) -> None:
    """The load stands, and the log says why."""
    with contextlib.suppress(StateProblem):
        move(
            ingestion,
            from_=[Status.LOADED, Status.UNDOING],
            to=Status.LOADED,
            event=message,
        )
