"""Trying a feed out: one page, looked at from all sides, nothing written."""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from importers import record_types
from importers.exceptions import FileProblem, MappingProblem
from importers.models import Feed
from importers.pipeline.match import Matches
from importers.readers.sandbox import spill
from importers.services import mappings, permissions
from importers.services.connections import connect
from importers.services.plans import feed_plan
from importers.services.tables import samples_of
from importers.webservices.caller import Deadline
from importers.webservices.contract import Contract, drift, infer
from importers.webservices.fetch import encode_lines, first_page
from importers.webservices.paginators import Page, recognised
from importers.webservices.problems import ContractBroken, UnknownPaging
from importers.webservices.values import Counts, FeedPlan, Paging

SHOWN = 5
TRIAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What one page of a feed tells.

    ``records``: the first of them as sent; ``columns``: (header, label of the field or
    empty, first values); ``missing``: labels of required fields that nothing brings;
    ``notes``: sentences on pages, contract and drift; ``schema``: a contract inferred.
    """

    records: list[dict[str, Any]]
    count: int
    paging: str
    columns: list[tuple[str, str, list[str]]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    schema: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def try_feed(feed: int, *, user: User | None) -> Trial:
    """Fetch the first page of a feed and see how it would be read.

    Raises ServiceProblem where there is none, NotAllowed.
    """
    permissions.require_sync(user)
    record = Feed.objects.select_related("service", "source", "mapping").get(pk=feed)
    permissions.require_seen(user, record)
    plan = feed_plan(record)
    counts, deadline = Counts(), Deadline(TRIAL_SECONDS)
    with connect(record.service, plan, counts=counts, deadline=deadline) as caller:
        today, notes = timezone.localdate(), []
        page = first_page(plan, caller, record.cursor, today)
        if record.cursor and not page.records:
            notes.append(
                f"Nothing is new since {record.cursor}: this is the first page."
            )
            page = first_page(plan, caller, "", today)
    notes += _notes(plan, page)
    columns, missing = _columns(record, page, notes)
    return Trial(
        records=json.loads(json.dumps(page.records[:SHOWN], default=str)),
        count=len(page.records),
        paging=_paging(plan, page, notes),
        columns=columns,
        missing=missing,
        notes=notes,
        schema=infer(page.records),
        seconds=round(TRIAL_SECONDS - deadline.left, 1),
    )


def _paging(plan: FeedPlan, page: Page, notes: list[str]) -> str:
    if plan.paging.kind != Paging.AUTO:
        return plan.paging.kind.value
    try:
        return recognised(page).value
    except UnknownPaging as problem:
        notes.append(problem.message)
        return ""


def _notes(plan: FeedPlan, page: Page) -> list[str]:
    contract = Contract(plan.contract)
    notes = []
    try:
        _, bad = contract.check(page.records)
        if bad:
            notes.append(
                f"{len(bad):,} of {len(page.records):,} records would be discarded: "
                f"{'; '.join(list(contract.deviations)[:3])}."
            )
        elif contract.deviations:
            said = "; ".join(list(contract.deviations)[:3])
            notes.append(f"Deviates from the contract: {said}.")
    except ContractBroken as problem:
        notes.append(problem.message)
    count = len(page.records)
    return notes + drift(plan.shape, contract.shape, records=count)


def _columns(
    feed: Feed, page: Page, notes: list[str]
) -> tuple[list[tuple[str, str, list[str]]], list[str]]:
    """The columns as the pipeline would read them, by its own reader."""
    if not page.records:
        notes.append("The page has no records, so nothing can be said of its fields.")
        return [], []
    kind = record_types.get(feed.record_type)
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        path = Path(folder) / "page.jsonl"
        path.write_bytes(encode_lines(page.records))
        try:
            spilled = spill(path, Path(folder) / "table", name=path.name)
            matches, _ = mappings.matches_for(
                spilled.header, kind, feed.source, feed.mapping
            )
        except (FileProblem, MappingProblem) as problem:
            notes.append(problem.message)
            return [], []
        samples = samples_of(spilled, SHOWN)
    return _shown(matches, samples, kind), [
        str(kind.columns[name].column_name) for name in matches.missing
    ]


def _shown(
    matches: Matches, samples: dict[str, list[str]], kind: record_types.RecordType
) -> list[tuple[str, str, list[str]]]:
    columns = []
    for match in matches.columns:
        label = ""
        if match.decision == "auto" and match.field:
            label = str(kind.columns[match.field].column_name)
        columns.append((match.header, label, samples.get(match.header, [])))
    return sorted(columns, key=lambda column: not column[1])
