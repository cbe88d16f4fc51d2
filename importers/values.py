"""Small values that every room of the machine may use; no Django models here."""

from enum import StrEnum


class Status(StrEnum):
    """Where an ingestion stands; the moves are drawn at ``models.Ingestion``."""

    RECEIVED = "received"
    CHECKING = "checking"
    NEEDS_MAPPING = "needs mapping"
    READY = "ready"
    APPROVED = "approved"
    LOADING = "loading"
    LOADED = "loaded"
    UNDONE = "undone"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (
    Status.RECEIVED,
    Status.CHECKING,
    Status.NEEDS_MAPPING,
    Status.READY,
    Status.APPROVED,
    Status.LOADING,
    Status.FAILED,
)
WORKING = (Status.CHECKING, Status.LOADING)


class Severity(StrEnum):
    """How wrong a row is."""

    ERROR = "error"
    WARNING = "warning"
    BREACH = "breach"


class Action(StrEnum):
    """What loading does, or did, with a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
