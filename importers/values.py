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
    UNDOING = "undoing"
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


class Declared(StrEnum):
    """What a second file of one sender, contract, kind and period is."""

    ADDITIONAL = "additional"
    CORRECTION = "correction"


class SyncStatus(StrEnum):
    """Where a sync stands; the moves are drawn at ``models.Sync``."""

    WAITING = "waiting"
    FETCHING = "fetching"
    HANDED_IN = "handed in"
    NOTHING_NEW = "nothing new"
    FAILED = "failed"
    CANCELLED = "cancelled"


RUNNING = (SyncStatus.WAITING, SyncStatus.FETCHING)


class DeliveryStatus(StrEnum):
    """Where a message to a webhook stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class InboxKind(StrEnum):
    """Where the files of an inbox lie."""

    FOLDER = "folder"
    BUCKET = "bucket"
    SFTP = "sftp"


class ArrivalStatus(StrEnum):
    """Where a file in an inbox stands; the moves are drawn at ``models.Arrival``."""

    WAITING = "waiting"
    TAKEN = "taken"
    PROCESSED = "processed"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


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


class AuthKind(StrEnum):
    """How we prove who we are."""

    NONE = "none"
    HEADER_KEY = "header key"
    QUERY_KEY = "query key"
    BASIC = "basic"
    BEARER = "bearer"
    CLIENT_CREDENTIALS = "client credentials"
    REFRESH_TOKEN = "refresh token"  # noqa: S105 a word, no secret


class Paging(StrEnum):
    """How a service cuts its records into pages."""

    AUTO = "auto"
    SINGLE = "single"
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    NEXT_LINK = "next link"
    LINK_HEADER = "link header"
    ODATA = "odata"
    JSON_API = "json api"


class Format(StrEnum):
    """How a page is written."""

    JSON = "json"
    JSON_LINES = "json lines"
    CSV = "csv"
    XML = "xml"


class Incremental(StrEnum):
    """What a sync asks for: everything, what is new, or one span of days at a time."""

    FULL = "full"
    CURSOR = "cursor"
    WINDOWS = "windows"


class ContractMode(StrEnum):
    """What happens with records that deviate from the schema."""

    FREEZE = "freeze"
    DISCARD = "discard row"
    EVOLVE = "evolve"


class Secret:
    """A text that no log, error or page shows; :meth:`reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(…)" if self._text else "Secret()"

    __str__ = __repr__
