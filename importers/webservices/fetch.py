"""Fetch a feed: all its pages, in order, into a sink, so that it can be taken up again.

The pages become lines of JSON, one record each, decimal numbers as the text that came
(no digit is lost).  After every page ``Progress`` says where to go on; the sink decides
when it makes both durable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Protocol

from importers.webservices import paginators, paths
from importers.webservices.answers import KEPT
from importers.webservices.caller import Caller
from importers.webservices.contract import MOST_SAID, Contract, drift, remembered
from importers.webservices.decode import decode
from importers.webservices.paginators import Page
from importers.webservices.problems import (
    ContractBroken,
    DataMoved,
    EndlessPages,
    Gone,
    NotReadable,
    NotThere,
    RepeatedPage,
    ServiceProblem,
)
from importers.webservices.records import records_of
from importers.webservices.values import Answer, Call, Counts, FeedPlan, Json, Window
from importers.webservices.windows import filled, latest, windows

_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), default=str, check_circular=False
).encode


class Sink(Protocol):
    """Where fetched records go."""

    def write(self, lines: bytes) -> None:
        """Take the records of a page, whole lines."""

    def discard(self, lines: bytes) -> None:
        """Take records that the contract holds out."""

    def page_done(self, progress: Progress) -> None:
        """Everything of the page is written; ``progress`` goes on after it."""


@dataclass(slots=True)
class Progress:
    """Where a fetch stands; plain values all through, so that it can be kept."""

    windows: list[tuple[str, str, str]]
    window: int = 0
    call: Call | None = None
    paging: paginators.Progress | None = None
    cursor: str = ""
    fingerprint: str = ""
    counts: Counts = field(default_factory=Counts)
    shape: Mapping[str, list[str]] = field(default_factory=dict)
    deviations: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """For keeping between two attempts."""
        kept = asdict(self)
        kept["call"] = self.call.as_json() if self.call else None
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Json]) -> Progress:
        """What :meth:`as_json` gave."""
        values = dict(kept)
        values["windows"] = [tuple(window) for window in kept["windows"]]
        values["call"] = Call.from_json(kept["call"]) if kept["call"] else None
        paging = kept["paging"]
        values["paging"] = paginators.Progress(**paging) if paging else None
        values["counts"] = Counts(**kept["counts"])
        return cls(**values)


def begin(plan: FeedPlan, cursor: str, today: date) -> Progress:
    """The progress of a fetch that has fetched nothing yet."""
    rounds = windows(plan.new, cursor, today)
    return Progress([_kept(window) for window in rounds], cursor=cursor)


def fetch(
    plan: FeedPlan, caller: Caller, sink: Sink, progress: Progress, today: date
) -> None:
    """Fetch every page that ``progress`` has not seen yet; it is moved on in place.

    ``caller`` counts into ``progress.counts``.  Raises a ServiceProblem; what the sink
    has then is whole pages, and ``progress`` goes on after them.
    """
    contract = Contract(plan.contract)
    contract.take_up(progress.shape, progress.deviations)
    while progress.window < len(progress.windows):
        if progress.call is None:
            window = _window(progress.windows[progress.window])
            url, parameters = filled(plan, window, today)
            progress.call = paginators.first_call(plan.paging, url, parameters)
            progress.paging = paginators.Progress(plan.paging.kind)
        _page(plan, caller, sink, progress, contract)


def first_page(plan: FeedPlan, caller: Caller, cursor: str, today: date) -> Page:
    """The first page of the first round alone: to try a feed out."""
    window = windows(plan.new, cursor, today)[:1] or [Window()]
    url, parameters = filled(plan, window[0], today)
    answer = caller.get(paginators.first_call(plan.paging, url, parameters))
    body = decode(answer, plan.format)
    return Page(answer, body, records_of(plan, body))


def drift_of(plan: FeedPlan, progress: Progress) -> list[str]:
    """What is different from the syncs before, in sentences."""
    return drift(plan.shape, progress.shape, records=progress.counts.records)


def shape_after(plan: FeedPlan, progress: Progress) -> dict[str, list[str]]:
    """The shape to compare the next sync of the feed with."""
    return remembered(plan.shape, progress.shape, records=progress.counts.records)


def _page(
    plan: FeedPlan,
    caller: Caller,
    sink: Sink,
    progress: Progress,
    contract: Contract,
) -> None:
    paging, call = progress.paging, progress.call
    assert paging is not None and call is not None  # noqa: S101 set by fetch()
    try:
        answer = caller.get(call)
    except NotThere as problem:
        is_end = paginators.may_end_by_404(plan.paging, paging)
        if not is_end or isinstance(problem, Gone):
            raise
        _end_window(progress, paging)
        progress.call = None
        sink.page_done(progress)
        return
    fingerprint = _refuse_repeated(answer, progress)
    body = decode(answer, plan.format)
    records = records_of(plan, body)
    _refuse_moved(plan, paging, body)
    try:
        good, bad = contract.check(records)
    except ContractBroken as problem:
        problem.payload = answer.body  # whole: the record may stand at its end
        raise
    lines, held_out = _lines(good, answer), _lines(bad, answer)
    page = Page(answer, body, records)
    paging.count(plan.paging, page)
    upcoming = paginators.next_call(
        plan.paging, paging, page, hidden=caller.hidden_parameter
    )
    _refuse_endless(plan, progress, upcoming)
    if plan.new.field:
        progress.cursor = _cursor(plan.new.field, records, progress.cursor)
    sink.write(lines)
    sink.discard(held_out)
    progress.counts.pages += 1
    progress.counts.records += len(good)
    progress.counts.discarded += len(bad)
    progress.fingerprint = fingerprint
    progress.shape = contract.shape
    progress.deviations = dict(contract.deviations.most_common(MOST_SAID))
    progress.call = upcoming
    if upcoming is None:
        _end_window(progress, paging)
    sink.page_done(progress)


def _end_window(progress: Progress, paging: paginators.Progress) -> None:
    """The round is over; the announced number of records has to be there."""
    if paging.total > paging.records:
        raise DataMoved(
            f"The service announces {paging.total:,} records but gave "
            f"{paging.records:,}. Nothing is loaded; the next run fetches all pages "
            "anew."
        )
    window = _window(progress.windows[progress.window])
    if window.last is not None:
        progress.cursor = window.last.isoformat()
    progress.window += 1
    progress.fingerprint = ""


def _refuse_repeated(answer: Answer, progress: Progress) -> str:
    """The page's fingerprint; raises RepeatedPage for the one that was just there."""
    fingerprint = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
    if answer.body.strip() and fingerprint == progress.fingerprint:
        raise RepeatedPage(
            "The service gave the same page twice, so its pages would never end. "
            "Check how the feed's pages follow each other.",
            payload=answer.body[:KEPT],
        )
    return fingerprint


def _refuse_moved(plan: FeedPlan, paging: paginators.Progress, body: Json) -> None:
    if not plan.paging.snapshot_path:
        return
    snapshot = paths.text_at(plan.paging.snapshot_path, body)
    if paging.pages and snapshot != paging.snapshot:
        raise DataMoved(
            "The partner published new data while it was being fetched. The next run "
            "fetches all pages anew."
        )
    paging.snapshot = snapshot


def _refuse_endless(plan: FeedPlan, progress: Progress, upcoming: Call | None) -> None:
    if upcoming is None:
        return
    if upcoming == progress.call:
        raise RepeatedPage(
            "The next page that the service names is the one it just gave. Check how "
            "the feed's pages follow each other."
        )
    if progress.counts.pages + 1 >= plan.paging.most_pages:
        raise EndlessPages(
            f"The feed has more than its {plan.paging.most_pages:,} pages. If that is "
            "right, raise the number in the feed."
        )


def _lines(records: list[dict[str, Json]], answer: Answer) -> bytes:
    """The records as lines; a line break within a text is written as an escape."""
    try:
        return encode_lines(records)
    except (UnicodeEncodeError, ValueError, RecursionError) as error:
        problem: ServiceProblem = NotReadable(
            "A record holds text that is no text (half a character). Tell the partner; "
            "what they sent is kept with the sync.",
            payload=answer.body[:KEPT],
        )
        raise problem from error


def encode_lines(records: list[dict[str, Json]]) -> bytes:
    """The records as JSON lines."""
    return "".join(f"{_encode(record)}\n" for record in records).encode()


def _cursor(field: str, records: list[dict[str, Json]], so_far: str) -> str:
    """The latest value of the field; plain names are looked up directly."""
    if field.isidentifier():
        values = (record.get(field) for record in records)
        return latest({str(v) for v in values if v is not None}, so_far)
    return latest({paths.text_at(field, record) for record in records}, so_far)


def _kept(window: Window) -> tuple[str, str, str]:
    first, last = window.first, window.last
    return (
        window.cursor,
        first.isoformat() if first else "",
        last.isoformat() if last else "",
    )


def _window(kept: tuple[str, str, str]) -> Window:
    cursor, first, last = kept
    return Window(
        cursor,
        date.fromisoformat(first) if first else None,
        date.fromisoformat(last) if last else None,
    )
