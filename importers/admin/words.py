"""Choices and states of services, feeds and syncs in words for people."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.admin import display
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from importers.values import (
    ArrivalStatus,
    AuthKind,
    ContractMode,
    Format,
    InboxKind,
    Incremental,
    Paging,
    SyncStatus,
)

SIGN_INS: Mapping[AuthKind, str] = {
    AuthKind.NONE: "None",
    AuthKind.HEADER_KEY: "Key in a header",
    AuthKind.QUERY_KEY: "Key in the address",
    AuthKind.BASIC: "User name and password (Basic)",
    AuthKind.BEARER: "Fixed token (Bearer)",
    AuthKind.CLIENT_CREDENTIALS: "OAuth2, client credentials",
    AuthKind.REFRESH_TOKEN: "OAuth2, refresh token",
}
PAGINGS: Mapping[Paging, str] = {
    Paging.AUTO: "Recognised by the first answer",
    Paging.SINGLE: "One page holds everything",
    Paging.PAGE: "Asked for by page number",
    Paging.OFFSET: "Asked for by offset",
    Paging.CURSOR: "Asked for by a cursor that the answer tells",
    Paging.NEXT_LINK: "By a link in the answer",
    Paging.LINK_HEADER: "By the Link header (RFC 8288)",
    Paging.ODATA: "OData (@odata.nextLink)",
    Paging.JSON_API: "JSON:API (links.next)",
}
FORMATS: Mapping[Format, str] = {
    Format.JSON: "JSON",
    Format.JSON_LINES: "JSON lines",
    Format.CSV: "CSV",
    Format.XML: "XML",
}
ASKS_FOR: Mapping[Incremental, str] = {
    Incremental.FULL: "Everything, every time",
    Incremental.CURSOR: "What is new since the last load",
    Incremental.WINDOWS: "Spans of days, one after the other",
}
DEVIATIONS: Mapping[ContractMode, str] = {
    ContractMode.EVOLVE: "Take them, and say what is new",
    ContractMode.DISCARD: "Leave them out",
    ContractMode.FREEZE: "Stop the sync",
}
INBOX_KINDS: Mapping[InboxKind, str] = {
    InboxKind.FOLDER: "A folder of this installation",
    InboxKind.BUCKET: "A bucket (S3)",
    InboxKind.SFTP: "An SFTP server",
}
ARRIVAL_COLOURS: Mapping[ArrivalStatus, str] = {
    ArrivalStatus.WAITING: "waiting",
    ArrivalStatus.TAKEN: "moving",
    ArrivalStatus.PROCESSED: "good",
    ArrivalStatus.REJECTED: "bad",
    ArrivalStatus.DUPLICATE: "quiet",
}
SYNC_COLOURS: Mapping[SyncStatus, str] = {
    SyncStatus.WAITING: "waiting",
    SyncStatus.FETCHING: "moving",
    SyncStatus.HANDED_IN: "good",
    SyncStatus.NOTHING_NEW: "quiet",
    SyncStatus.FAILED: "bad",
    SyncStatus.CANCELLED: "quiet",
}
DOORS = {
    "admin": "Button of a page",
    "admin upload": "Upload page",
    "api": "Interface (API)",
    "command": "Command",
    "cluster command": "Command",
    "demonstration": "Demonstration",
    "follow-up": "Rows held out, answered",
    "inbox": "Inbox",
    "schedule": "Schedule",
    "web service": "Web service",
}


def shown(name: str, words: Mapping[Any, str], label: str) -> Callable[[Any, Any], str]:
    """A read-only line of a page: the choice of the field ``name`` in words."""

    @display(description=label)
    def line(admin: Any, record: Any) -> str:
        return words.get(getattr(record, name), "")

    return line


def badge(label: str, colour: str) -> SafeString:
    """A word as a coloured badge."""
    return format_html('<span class="state state-{}">{}</span>', colour, label)


def colour_of_sync(status: str) -> str:
    """Name of the badge's colour."""
    return SYNC_COLOURS.get(SyncStatus(status), "quiet")


def door(name: str) -> str:
    """By which way something came or was started."""
    return DOORS.get(name, name.capitalize())


def moment(at: datetime | None) -> str:
    """A date and time the way our pages write it."""
    return date_format(localtime(at), "j M Y, H:i") if at else ""
