"""What a user may do with an ingestion now; the services have the last word."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from importers.models import Ingestion
from importers.services import ingestions, permissions
from importers.values import Status


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


def doable(ingestion: Ingestion, user: User) -> Doable:
    """The moves offered on the page; the services have the last word."""
    status = Status(ingestion.status)
    submits = permissions.may_submit(user)
    reviews = user.has_perm("importers.approve_ingestion")
    ready = status == Status.READY
    reason = permissions.why_not_approve(user, ingestion) if ready else ""
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
    )
