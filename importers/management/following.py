"""An ingestion followed to its end by a command, and what is told of it."""

import time
from collections.abc import Container
from enum import StrEnum

from importers.exceptions import StateProblem
from importers.models import Ingestion, Sync
from importers.services import ingestions, work
from importers.services.withdrawals import withdrawn
from importers.values import Status

MOST_TRIES = 3
"""So often a file is approved again where the books have moved meanwhile."""
GOOD = (Status.READY, Status.LOADED)
MOVING = (
    Status.RECEIVED,
    Status.CHECKING,
    Status.APPROVED,
    Status.LOADING,
    Status.UNDOING,
)


def rows_of(ingestion: Ingestion | None) -> dict[str, int]:
    """What became of the rows, as commands print it; none of them without a file."""
    names = ("read", "created", "updated", "unchanged", "rejected")
    return {n: getattr(ingestion, f"rows_{n}") if ingestion else 0 for n in names}


def in_words(rows: dict[str, int]) -> str:
    """What became of the rows, for people."""
    return (
        f"{rows['read']:,} rows read: {rows['created']:,} created, "
        f"{rows['updated']:,} updated, {rows['unchanged']:,} unchanged, "
        f"{rows['rejected']:,} rejected"
    )


def follow(ingestion: Ingestion, *, queue: bool, approve: bool, timeout: float) -> None:
    """Check an ingestion and, if asked to, load it: here, or in the cluster.

    What loads without approval is loaded in any case.  Raises StateProblem where the
    cluster takes longer than ``timeout`` seconds, and where the approval is withdrawn
    each time.
    """
    if not queue:
        work.check(ingestion.pk)
    wait(ingestion, MOVING if queue else (), timeout)
    for _ in range(MOST_TRIES):
        if approve and ingestion.status == Status.READY:
            ingestions.approve(ingestion.pk, enqueue=queue)
            ingestion.refresh_from_db()
        if not queue and ingestion.status == Status.APPROVED:
            work.load(ingestion.pk)
        wait(ingestion, MOVING if queue else (), timeout)
        if ingestion.status == Status.RECEIVED and not queue:
            work.check(ingestion.pk)  # the books moved meanwhile
            ingestion.refresh_from_db()
        if not approve or ingestion.status != Status.READY:
            return
    if why := withdrawn(ingestion):
        raise StateProblem(f"Approved {MOST_TRIES} times in vain. {why}")


def wait(record: Ingestion | Sync, moving: Container[StrEnum], timeout: float) -> None:
    """Wait as long as the record is on the move; raises StateProblem for too long."""
    deadline = time.monotonic() + timeout
    record.refresh_from_db()
    while record.status in moving:
        if time.monotonic() > deadline:
            raise StateProblem(
                f"Still {record.status} after {timeout:.0f} seconds. "
                "Is the cluster running?"
            )
        time.sleep(0.1)
        record.refresh_from_db()
