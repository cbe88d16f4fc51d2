"""What the pages of inboxes and arrivals show, in words; nothing is changed here."""

from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from importers.admin.page import label_of
from importers.admin.words import ARRIVAL_COLOURS, moment
from importers.models import Arrival, Inbox
from importers.values import ArrivalStatus, InboxKind

SHOWN = 20


def state_of(inbox: Inbox) -> tuple[str, str]:
    """Where an inbox stands: a word, and the badge's colour."""
    if not inbox.is_active:
        return "Off", "quiet"
    if inbox.paused_at:
        return "Paused", "bad"
    if inbox.failing_since:
        return "Failing", "bad"
    return "Active", "good"


def what_next(inbox: Inbox) -> str:
    """One or two sentences: where the inbox stands and what happens next."""
    if not inbox.is_active:
        return "Switched off: nobody looks into it."
    if inbox.paused_at:
        return f"Paused since {moment(inbox.paused_at)}: {inbox.problem}"
    if inbox.failing_since:
        return (
            f"Nothing has come in since {moment(inbox.failing_since)}: {inbox.problem} "
            "It is looked into again at its next time."
        )
    every = f"every {inbox.every_minutes} minutes"
    if inbox.every_minutes == 1:
        every = "every minute"
    return f"It is looked into {every}. {inbox.problem}".strip()


def facts(inbox: Inbox) -> list[tuple[str, str, str]]:
    """The head's facts: label, value, and the page it leads to."""
    found = [
        ("Where", where(inbox), ""),
        ("Files", inbox.pattern, ""),
        ("Kind of record", label_of(inbox.record_type), ""),
        ("Sender", inbox.source.name, ""),
        ("Last look", moment(inbox.last_look_at) or "Never", ""),
        ("Last that went well", moment(inbox.last_collected_at) or "None", ""),
        ("Loads", "By itself" if inbox.loads_itself else "After approval", ""),
    ]
    return [fact for fact in found if fact[1]]


def where(inbox: Inbox) -> str:
    """The place, as people name it."""
    if inbox.kind == InboxKind.SFTP:
        return f"{inbox.host}: {inbox.path or '.'}"
    if inbox.kind == InboxKind.BUCKET:
        return f"{inbox.bucket}: {inbox.path or 'the whole bucket'}"
    return inbox.path


def arrivals_of(inbox: Inbox) -> list[dict[str, object]]:
    """The newest files of an inbox, as lines of its history."""
    rows = inbox.arrivals.select_related("ingestion").order_by("-pk")
    return [line_of(arrival) for arrival in rows[:SHOWN]]


def line_of(arrival: Arrival) -> dict[str, object]:
    """A file with what became of it, as people write it."""
    file = ""
    if arrival.ingestion_id:
        file = reverse("admin:importers_ingestion_change", args=[arrival.ingestion_id])
    return {
        "arrival": arrival,
        "name": str(arrival),
        "colour": colour_of(arrival),
        "size": filesizeformat(arrival.size),
        "seen": moment(arrival.seen_at),
        "file": file,
    }


def colour_of(arrival: Arrival) -> str:
    """Name of the badge's colour."""
    return ARRIVAL_COLOURS[ArrivalStatus(arrival.status)]
