"""Why an approval was withdrawn: what was different when the file was to be loaded."""

from importers.models import Ingestion
from importers.values import Status

BEFORE_LOAD = (Status.RECEIVED, Status.CHECKING, Status.READY)
MOST_LINES = 50


def withdrawn(ingestion: Ingestion) -> str:
    """What the log says of it; empty where no approval was withdrawn, or a new one is.

    Nothing else leads from *loading* back to *received*.
    """
    if ingestion.status not in BEFORE_LOAD:
        return ""
    lines = list(
        ingestion.events.order_by("-pk").values_list("status", "message")[:MOST_LINES]
    )
    for (status, message), (before, _) in zip(lines, lines[1:], strict=False):
        if (status, before) == (Status.RECEIVED, Status.LOADING):
            return str(message)
        if status == Status.APPROVED:
            return ""
    return ""
