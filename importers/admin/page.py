"""What the page of one ingestion shows: its state in words, figures, what may be done.

Nothing here changes anything; the rules are those of ``services``.
"""

from decimal import Decimal
from typing import Any, cast

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format

from importers import record_types
from importers.admin import words
from importers.admin.shown import duration
from importers.models import Ingestion
from importers.record_types import RecordType
from importers.services.conventions import is_additional
from importers.services.follow_ups import needs_contracts
from importers.values import Declared, Status
from reinsurance.admin.values import money

COLOURS = {
    Status.RECEIVED: "waiting",
    Status.CHECKING: "moving",
    Status.NEEDS_MAPPING: "asking",
    Status.READY: "asking",
    Status.APPROVED: "moving",
    Status.LOADING: "moving",
    Status.LOADED: "good",
    Status.UNDOING: "moving",
    Status.UNDONE: "quiet",
    Status.REJECTED: "bad",
    Status.FAILED: "bad",
    Status.CANCELLED: "quiet",
}
TABS = {
    "summary": "Summary",
    "issues": "Issues",
    "contracts": "Needs a contract",
    "changes": "Changes",
    "file": "File and columns",
    "history": "History",
}
DECLARED = {
    Declared.ADDITIONAL.value: "Additional to the file of the period",
    Declared.CORRECTION.value: "A correction of the file of the period",
}
MOVED = {"paid": "Paid", "incurred": "Incurred", "premium": "Gross premium"}
"""What loading moves, in the order of the page."""


def tabs_of(ingestion: Ingestion) -> dict[str, str]:
    """Name and label of the tabs; contracts are asked for where any is needed."""
    hidden = () if needs_contracts(ingestion) else ("contracts",)
    return {name: label for name, label in TABS.items() if name not in hidden}


def label_of(slug: str) -> str:
    """A record type's label; the slug itself where the type is no longer known."""
    known = record_types.RECORD_TYPES.get(slug)
    return known.label if known else slug


def colour_of(status: str) -> str:
    """Name of the badge's colour."""
    return COLOURS.get(Status(status), "quiet")


def what_next(ingestion: Ingestion) -> str:
    """One sentence: where the file stands and what happens next."""
    good = ingestion.rows_read - ingestion.rows_rejected
    said = ingestion.message
    return {
        Status.RECEIVED: "The file is kept and waits to be checked.",
        Status.CHECKING: "The file is being read and checked.",
        Status.NEEDS_MAPPING: said or "Say what the columns of this file mean.",
        Status.READY: f"Checked: {_rows(good)} can be loaded, "
        f"{_rows(ingestion.rows_rejected)} held out. Nothing is in the books yet; "
        + (
            "say first what this file is."
            if ingestion.needs_declaration
            else "approval loads the file."
        ),
        Status.APPROVED: "Approved, and waits to be loaded.",
        Status.LOADING: "The file is being loaded.",
        Status.LOADED: "The file is in the books."
        + (
            f" {_rows(ingestion.rows_rejected)} held out: download, correct and hand "
            f"{'it' if ingestion.rows_rejected == 1 else 'them'} in again"
            + (", or pick the contract." if needs_contracts(ingestion) else ".")
            if ingestion.rows_rejected
            else ""
        ),
        Status.UNDOING: "The load is being undone.",
        Status.UNDONE: "The load was undone; nothing of the file is in the books "
        "any more.",
        Status.REJECTED: said or "The file was rejected; nothing of it was loaded.",
        Status.FAILED: said or "Something went wrong on our side. Nothing was loaded.",
        Status.CANCELLED: said or "The file was withdrawn. Nothing was loaded.",
    }[Status(ingestion.status)]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def tiles(ingestion: Ingestion) -> list[dict[str, Any]]:
    """The row counts: read is the sum of the other four."""
    done = ingestion.status == Status.LOADED
    return [
        {"label": "rows read", "count": ingestion.rows_read, "kind": "read"},
        {
            "label": "created" if done else "to create",
            "count": ingestion.rows_created,
            "kind": "created",
        },
        {
            "label": "updated" if done else "to update",
            "count": ingestion.rows_updated,
            "kind": "updated",
        },
        {"label": "unchanged", "count": ingestion.rows_unchanged, "kind": "unchanged"},
        {"label": "held out", "count": ingestion.rows_rejected, "kind": "rejected"},
    ]


def totals(ingestion: Ingestion, kind: RecordType) -> dict[str, Any]:
    """Control totals as a table: a column for each currency, a row for each sum."""
    by_currency = [sums for _, sums in sorted(ingestion.totals.items())]
    return {
        "currencies": [name or "No currency" for name in sorted(ingestion.totals)],
        "rows": [
            {"label": "Rows", "sums": [f"{s.get('rows', 0):,}" for s in by_currency]},
            *(
                {
                    "label": str(column.column_name),
                    "sums": [_amount(sums.get(name)) for sums in by_currency],
                }
                for name, column in kind.columns.items()
                if any(name in sums for sums in by_currency)
            ),
        ],
    }


def _amount(text: str | None) -> str:
    return money(Decimal(text)) if text else ""


def moves(ingestion: Ingestion) -> dict[str, Any]:
    """By how much loading changes the books: currencies, and a row for each sum."""
    effect = ingestion.effect_parts.get("effect", {})
    by_name: dict[str, dict[str, str]] = {}
    for name, amount in effect.get("moves", {}).items():
        what, _, currency = name.partition(" ")
        by_name.setdefault(what, {})[currency] = str(amount)
    currencies = sorted({c for amounts in by_name.values() for c in amounts})
    return {
        "currencies": currencies,
        "rows": [
            {
                "label": label,
                "sums": [_signed(by_name[what].get(c)) for c in currencies],
            }
            for what, label in MOVED.items()
            if what in by_name
        ],
        "lacking": effect.get("lacking", 0),
    }


def _signed(text: str | None) -> str:
    """An amount with its sign; nothing for none."""
    if not text:
        return "0.00"
    amount = money(Decimal(text))
    return amount if text.startswith("-") else f"+{amount}"


def taken_as(ingestion: Ingestion) -> str:
    """What the file was declared, or is taken for; in words."""
    if ingestion.declared:
        said = DECLARED[ingestion.declared]
        said = f"Declared: {said[:1].lower()}{said[1:]}."
    elif is_additional(ingestion):
        said = (
            "Nothing was declared. The file has rows of another one, mended, and is "
            "taken as an addition to it."
        )
    else:
        said = (
            "Nothing was declared. The file is taken as the whole register: who is "
            "missing has left the panel."
        )
    return f"{said} Said otherwise, the file is checked anew by that."


def facts(ingestion: Ingestion) -> list[tuple[str, Any]]:
    """The head's facts: label and value; nothing that is not known."""
    period = " to ".join(
        date_format(day, "j M Y")
        for day in (ingestion.period_start, ingestion.period_end)
        if day
    )
    return [
        (label, value)
        for label, value in (
            ("Kind of file", label_of(ingestion.record_type)),
            ("Source", ingestion.source.name),
            ("Period", period),
            ("Declared", DECLARED.get(ingestion.declared, "")),
            ("Came in by", words.door(ingestion.door)),
            ("Handed in by", named(ingestion.submitted_by) or "The system"),
            ("Received", ingestion.received_at),
            ("Approved by", named(ingestion.approved_by)),
            ("Loaded", ingestion.loaded_at),
            ("Rows in detail cleared", ingestion.cleared_at),
            ("Work took", took(ingestion)),
            ("Bad rows", ingestion.get_policy_display()),
        )
        if value
    ]


def took(ingestion: Ingestion) -> str:
    """How long reading, checking and loading took together."""
    parts = [ingestion.seconds.get(name) for name in ("read", "check", "load")]
    known = [seconds for seconds in parts if seconds is not None]
    return duration(sum(known)) if known else ""


def user_of(request: HttpRequest) -> User:
    """Who is signed in; ``admin_view`` lets nobody else in."""
    return cast(User, request.user)


def named(user: Any) -> str:
    """A user's full name, or the name they sign in with."""
    return (user.get_full_name() or user.get_username()) if user else ""


def records_link(ingestion: Ingestion) -> dict[str, str] | None:
    """Where the loaded records can be seen; None before there are any."""
    if ingestion.status != Status.LOADED:
        return None
    kind = record_types.RECORD_TYPES.get(ingestion.record_type)
    if kind is None:
        return None
    opts = kind.resources[0]._meta.model._meta
    return {
        "url": reverse(f"admin:reinsurance_{opts.model_name}_changelist"),
        "label": f"Open {opts.verbose_name_plural}",
    }
