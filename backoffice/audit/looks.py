"""Which addresses show personal data, and the entry that a look at them leaves.

Claims and premiums name the insured, and so do received files and all that is told of
their rows.  The entry names the record, or what was asked for and how many rows it
gave; never a value of a record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from backoffice.audit.entries import Kind
from backoffice.audit.writing import Record, record

KEYS = ("object_id", "pk", "id")
SEEN = (200, 206, 304)
"""The answers that show something, or say that what one has is still so."""


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody sees at an address: of which model, as what."""

    kind: Kind
    model: str


def _admin(model: str, page: str) -> str:
    return f"admin:{model.replace('.', '_')}_{page}"


_RECORDS = (
    "reinsurance.claim",
    "reinsurance.claimposition",
    "reinsurance.premiumentry",
)
_IN_API = dict(zip(("claims", "claim-positions", "premiums"), _RECORDS, strict=True))
_FILE = "importers.ingestion"
_SYNC = "importers.sync"

SHOWING: Mapping[str, Look] = {
    **{_admin(model, "changelist"): Look(Kind.LISTED, model) for model in _RECORDS},
    **{_admin(model, "change"): Look(Kind.LOOKED, model) for model in _RECORDS},
    **{_admin(model, "history"): Look(Kind.LOOKED, model) for model in _RECORDS},
    **{_admin(model, "export"): Look(Kind.TOOK, model) for model in _RECORDS},
    **{f"api:{name}-list": Look(Kind.LISTED, m) for name, m in _IN_API.items()},
    **{f"api:{name}-detail": Look(Kind.LOOKED, m) for name, m in _IN_API.items()},
    **{
        f"api:{name}-lineage": Look(Kind.LOOKED, model)
        for name, model in _IN_API.items()
        if name != "claim-positions"
    },
    "api:claim-statements-list": Look(Kind.LISTED, "reinsurance.claimstatement"),
    "api:claim-statements-detail": Look(Kind.LOOKED, "reinsurance.claimstatement"),
    "api:claim-movements-list": Look(Kind.LISTED, "reinsurance.claimposition"),
    "api:claims-positions": Look(Kind.LOOKED, "reinsurance.claim"),
    "api:claims-movements": Look(Kind.LOOKED, "reinsurance.claim"),
    # What a file holds: its rows, what is wrong with them, what they changed.
    **{_admin(_FILE, page): Look(Kind.LOOKED, _FILE) for page in ("change", "columns")},
    **{
        f"api:ingestions-{page}": Look(Kind.LOOKED, _FILE)
        for page in ("issues", "changes", "rows", "columns")
    },
    **{
        name: Look(Kind.TOOK, _FILE)
        for name in (
            _admin(_FILE, "original"), _admin(_FILE, "rejected_rows"),
            "api:ingestions-file", "api:ingestions-rejected-rows",
        )
    },
    **{_admin(_SYNC, p): Look(Kind.TOOK, _SYNC) for p in ("payload", "discarded")},
    "admin:importers_feed_test": Look(Kind.LOOKED, "importers.feed"),
}  # fmt: skip


def note_look(request: HttpRequest, answer: HttpResponseBase) -> None:
    """Write the entry, where the answer shows personal data to somebody."""
    match = request.resolver_match
    look = SHOWING.get(match.view_name) if match else None
    if look is None or match is None or answer.status_code not in SEEN:
        return
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    key = next((str(match.kwargs[k]) for k in KEYS if k in match.kwargs), "")
    kind = _kind(look, request, answer)
    if kind is None:
        return
    record(
        kind,
        about=Record(look.model, key),
        request=request,
        rows=_rows_of(answer),
        query=request.META.get("QUERY_STRING", ""),
    )


def _kind(look: Look, request: HttpRequest, answer: Any) -> Kind | None:
    """A list that is streamed is taken away; the form of an export is not."""
    is_file = "attachment" in answer.get("Content-Disposition", "")
    if look.kind is Kind.TOOK and not is_file:
        return None
    return Kind.TOOK if is_file else look.kind


def _rows_of(answer: Any) -> int | None:
    """How many records the answer shows; None where it is not known beforehand."""
    shown: int | None = getattr(answer, "rows_shown", None)
    data, context = getattr(answer, "data", None), getattr(answer, "context_data", None)
    if isinstance(data, dict) and "results" in data:
        return len(data["results"])
    if context and "cl" in context:
        return len(context["cl"].result_list)
    return shown
