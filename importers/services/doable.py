"""What a user may do with an ingestion now; the services have the last word."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from importers import record_types
from importers.models import Ingestion
from importers.services import ingestions, permissions
from importers.values import Status

MOVING = (
    Status.RECEIVED,
    Status.CHECKING,
    Status.APPROVED,
    Status.LOADING,
    Status.UNDOING,
)
"""Where the cluster is, or will be, at work on a file."""


@dataclass(frozen=True, slots=True)
class Doable:
    """What this user may do with the ingestion now, and why not where they may not."""

    map_columns: bool = False
    approve: bool = False
    why_not_approve: str = ""
    reject: bool = False
    cancel: bool = False
    retry: bool = False
    undo: bool = False
    declare: bool = False


def doable(ingestion: Ingestion, user: User) -> Doable:
    """The moves offered on the page; the services have the last word."""
    status = Status(ingestion.status)
    submits = permissions.may_submit(user)
    reviews = user.has_perm("importers.approve_ingestion")
    ready = status == Status.READY
    reason = permissions.why_not_approve(user, ingestion) if ready else ""
    if ready and ingestion.needs_declaration:
        reason = ingestions.DECLARE
    return Doable(
        map_columns=submits
        and status in ingestions.MAPPABLE
        and bool(ingestion.table and ingestion.original),
        approve=ready and not reason,
        why_not_approve=reason if submits or reviews else "",
        reject=reviews and status in {Status.READY, Status.NEEDS_MAPPING},
        cancel=submits and status in ingestions.WAITS,
        retry=submits and status == Status.FAILED,
        undo=permissions.may_undo(user) and status == Status.LOADED,
        declare=submits and ready and _may_be_second(ingestion),
    )


def _may_be_second(ingestion: Ingestion) -> bool:
    """Whether it matters what the file is: it is asked, or was said already.

    A register may be the whole of one, or add to another.
    """
    kind = record_types.RECORD_TYPES.get(ingestion.record_type)
    if kind is None:
        return False
    is_second = ingestion.needs_declaration or bool(ingestion.declared)
    return kind.is_register or (kind.ledger is not None and is_second)
