"""Syncs end to end: a partner's pages become claims, whole or not at all."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from pytest_django import Settings

from importers import queue, tasks
from importers.exceptions import NotAllowed, StateProblem
from importers.models import Feed, Ingestion, Sync
from importers.services import fetching, ingestions, syncs, undoing, work
from importers.services.parts import blocks_of
from importers.services.syncs import SyncRunning
from importers.values import SyncStatus
from reinsurance.models import ClaimPosition
from tests.flows.syncs import ALLOWED, a_feed, a_treaty, run
from tests.partner import faults
from tests.partner.records import claims
from tests.partner.server import Partner
from tests.partner.values import Answer, Endpoint, Request

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(settings: Settings) -> Iterator[Partner]:
    """A partner with 250 claims, whom we may ask."""
    settings.WEB_SERVICE_HOSTS = ALLOWED
    settings.SYNC_KEEP_SECONDS = 0.0
    with Partner(250) as running:
        yield running


@pytest.fixture(autouse=True)
def treaty() -> None:
    a_treaty()


def load(sync: Sync) -> Ingestion:
    """Check and load what a sync handed in."""
    assert sync.ingestion is not None
    work.check(sync.ingestion.pk)
    ingestions.approve(sync.ingestion.pk, enqueue=False)
    work.load(sync.ingestion.pk)
    sync.ingestion.refresh_from_db()
    return sync.ingestion


def stored() -> list[str]:
    """Keys of the pieces of syncs that are still in storage."""
    if not default_storage.exists("syncs"):
        return []
    found = []
    waiting = ["syncs"]
    while waiting:
        folder = waiting.pop()
        folders, files = default_storage.listdir(folder)
        waiting += [f"{folder}/{name}" for name in folders]
        found += [f"{folder}/{name}" for name in files]
    return sorted(found)


def test_a_sync_ends_in_the_books(partner: Partner) -> None:
    sync = run(a_feed(partner))
    assert (sync.status, sync.message) == (
        SyncStatus.HANDED_IN,
        f"Handed in as number {sync.ingestion_id}.",
    )
    assert (sync.pages, sync.records, sync.requests, sync.retries) == (3, 250, 3, 0)
    assert stored() == []
    ingestion = load(sync)
    assert (ingestion.status, ingestion.rows_read, ingestion.rows_created) == (
        "loaded",
        250,
        250,
    )
    assert (ingestion.door, ingestion.rows_rejected) == ("web service", 0)
    first = claims(1)[0]
    position = ClaimPosition.objects.get(claim__reference=first["claim_reference"])
    assert position.paid_indemnity == first["paid_to_date"]


def test_the_same_again_is_nothing_new_and_asks_nobody(partner: Partner) -> None:
    feed = a_feed(partner)
    load(run(feed))
    again = run(feed)
    assert again.ingestion is not None
    work.check(again.ingestion.pk)
    again.ingestion.refresh_from_db()
    assert (again.ingestion.status, again.ingestion.rows_unchanged) == ("approved", 250)


def test_an_incremental_feed_asks_for_what_is_new(partner: Partner) -> None:
    feed = a_feed(
        partner,
        incremental="cursor",
        cursor_field="updated_at",
        parameters={"updated_since": "{cursor}"},
        overlap=3600,
    )
    first = run(feed)
    latest = max(record["updated_at"] for record in claims(250))
    assert (first.cursor_before, first.cursor_after) == ("", latest)
    assert partner.requests[0].query == []
    feed.refresh_from_db()
    assert feed.cursor == ""  # nothing is loaded yet

    load(first)
    feed.refresh_from_db()
    assert feed.cursor == latest

    partner.requests.clear()
    newer = "2026-01-05T08:00:00Z"
    added = ({**record, "updated_at": newer} for record in claims(252)[250:])
    partner.records = [*claims(250), *added]
    second = run(feed)
    asked = dict(partner.requests[0].query)["updated_since"]
    assert asked < latest
    assert second.records < 20
    loaded = load(second)
    assert loaded.rows_created == 2
    feed.refresh_from_db()
    assert feed.cursor == second.cursor_after

    assert second.cursor_after == newer > latest
    ingestions.undo(loaded.pk, user=None, reason="too early", enqueue=False)
    undoing.undo(loaded.pk)
    feed.refresh_from_db()
    assert feed.cursor == latest


def test_date_windows_fetch_one_span_after_the_other(partner: Partner) -> None:
    feed = a_feed(
        partner,
        incremental="windows",
        cursor_start="2026-01-01",
        window_days=100,
        parameters={"from": "{from}", "to": "{to}"},
    )
    sync = run(feed)
    spans = [
        (q["from"], q["to"]) for r in partner.requests if (q := dict(r.query)).get("to")
    ]
    assert spans[0] == ("2026-01-01", "2026-04-10")
    assert [s for s in spans if s[0] == "2026-04-11"]
    assert sync.records == 250
    assert sync.cursor_after == spans[-1][1]


def test_a_failed_sync_loads_nothing_and_the_next_goes_on(partner: Partner) -> None:
    feed = a_feed(partner)
    partner.fail(path="/next", after=2, times=2, fault=faults.status(503))
    failed = run(feed)
    assert (failed.status, failed.problem, failed.pages) == (
        SyncStatus.FAILED,
        "service_fault",
        2,
    )
    assert failed.ingestion is None
    assert not Ingestion.objects.exists()
    assert [key for key in stored() if "part-" in key] == failed.parts
    assert len(failed.parts) == 2
    feed.refresh_from_db()
    assert feed.paused_at is None

    partner.requests.clear()
    again = run(feed)
    assert again.pk == failed.pk
    assert (again.status, again.pages, again.records) == ("handed in", 3, 250)
    assert len(partner.requests) == 1
    assert load(again).rows_created == 250
    assert [line["said"] for line in again.story] == [
        "Asked for.",
        "Fetching began.",
        "127.0.0.1/next/absolute has a fault of its own (503). It is tried again "
        "later.",
        "Taken up again after 2 pages (test).",
        "Fetching began.",
        f"Handed in as number {again.ingestion_id}.",
    ]


def test_a_changed_feed_begins_anew(partner: Partner) -> None:
    feed = a_feed(partner)
    partner.fail(path="/next", after=2, times=2, fault=faults.status(503))
    failed = run(feed)
    feed.parameters = {"status": "open"}
    feed.save()
    again = run(feed)
    assert again.pk != failed.pk
    assert again.records == 250


def test_an_address_that_grew_too_old_is_left_for_page_one(partner: Partner) -> None:
    feed = a_feed(partner)
    partner.fail(path="/next", after=2, times=2, fault=faults.status(503))
    run(feed)
    partner.reset()
    partner.fail(path="/next", times=1, fault=faults.status(400))
    again = run(feed)
    assert (again.status, again.records) == ("handed in", 250)
    assert load(again).rows_created == 250


def test_what_does_not_pass_pauses_the_feed(partner: Partner) -> None:
    feed = a_feed(partner)
    partner.fail(path="/next", after=1, fault=faults.login_page())
    failed = run(feed)
    feed.refresh_from_db()
    assert feed.paused_at is not None
    assert feed.paused_reason == failed.message
    assert failed.message.startswith("127.0.0.1/next/absolute answers with a web page")
    with default_storage.open(failed.payload) as payload:
        assert b"<html" in payload.read().lower()

    requests = len(partner.requests)
    tasks.sync_feed(feed.pk)  # its schedule
    assert len(partner.requests) == requests

    assert run(feed).status == "handed in"  # a person
    feed.refresh_from_db()
    assert (feed.paused_at, feed.paused_reason) == (None, "")


def test_a_feed_runs_once_at_a_time(partner: Partner) -> None:
    feed = a_feed(partner)
    first = syncs.request(feed.pk, door="test")
    assert queue.pending() == 1
    with pytest.raises(SyncRunning, match=f"sync number {first.pk}"):
        syncs.request(feed.pk, door="test")
    tasks.sync_feed(feed.pk)
    assert partner.requests == []
    assert Sync.objects.count() == 1
    tasks.run_sync(first.pk)
    tasks.run_sync(first.pk)  # delivered twice
    assert len(partner.requests) == 3


def test_a_newer_sync_takes_the_place_of_one_that_nobody_approved(
    partner: Partner,
) -> None:
    feed = a_feed(partner)
    first = run(feed)
    assert first.ingestion is not None
    work.check(first.ingestion.pk)
    same = run(feed)
    assert same.ingestion_id == first.ingestion_id
    assert same.message.startswith("The same records are on their way already.")
    partner.records = claims(251)
    newer = run(feed)
    first.ingestion.refresh_from_db()
    assert first.ingestion.status == "cancelled"
    assert first.ingestion.message == (
        f"Replaced by a newer sync of the same feed, number {newer.ingestion_id}."
    )
    assert load(newer).rows_created == 251


def test_nothing_at_all_is_nothing_new(partner: Partner) -> None:
    partner.records = []
    sync = run(a_feed(partner, "single/list"))
    assert (sync.status, sync.ingestion) == (SyncStatus.NOTHING_NEW, None)


def test_contract_discards_rows_and_keeps_them(partner: Partner) -> None:
    records = claims(250)
    records[7]["currency"] = 5
    records[120]["surprise"] = "x"
    partner.records = records
    contract = {
        "type": "object",
        "properties": {name: {} for name in records[0]}
        | {"currency": {"type": "string"}},
        "required": ["claim_reference"],
    }
    feed = a_feed(partner, contract=contract, contract_mode="discard row")
    sync = run(feed)
    assert (sync.records, sync.discarded) == (248, 2)
    assert sync.deviations == {
        "“currency” is of another kind than agreed": 1,
        "new field “surprise” in the record": 1,
    }
    kept = b"".join(blocks_of(sync.discarded_parts))
    references = [json.loads(line)["claim_reference"] for line in kept.splitlines()]
    assert references == [records[n]["claim_reference"] for n in (7, 120)]


def test_when_all_are_held_out_the_cursor_stays(partner: Partner) -> None:
    contract = {"type": "object", "properties": {"id": {}}}
    feed = a_feed(
        partner,
        contract=contract,
        contract_mode="discard row",
        incremental="cursor",
        cursor_field="updated_at",
        parameters={"updated_since": "{cursor}"},
    )
    sync = run(feed)
    assert (sync.status, sync.problem, sync.discarded) == (
        "failed",
        "contract_broken",
        250,
    )
    assert sync.message.startswith(
        "All 250 records deviate from the contract and were held out: new field “"
    )
    feed.refresh_from_db()
    assert feed.cursor == ""
    feed.contract = {**contract, "additionalProperties": True}
    feed.save()
    assert run(feed).records == 250


def test_a_frozen_contract_stops(partner: Partner) -> None:
    records = claims(250)
    records[120]["surprise"] = "x"
    partner.records = records
    schema = {"type": "object", "properties": {name: {} for name in claims(1)[0]}}
    feed = a_feed(partner, contract=schema, contract_mode="freeze")
    sync = run(feed)
    assert (sync.status, sync.problem, sync.pages) == ("failed", "contract_broken", 1)
    assert sync.message == (
        "1 of 100 records of a page break the contract: new field “surprise” in the "
        "record. Ask the partner, or change the feed's contract."
    )
    assert sync.payload
    feed.refresh_from_db()
    assert feed.paused_reason == sync.message


def test_drift_is_told(partner: Partner) -> None:
    feed = a_feed(partner)
    assert run(feed).drift == []
    partner.records = [
        {n: v for n, v in {**record, "note": "x"}.items() if n != "insured_name"}
        for record in claims(250)
    ]
    said = run(feed).drift
    assert "New field “note”." in said
    if "insured_name" in claims(1)[0]:
        assert "Field “insured_name” is gone." in said


def test_a_name_that_cannot_be_written_down_is_told(partner: Partner) -> None:
    def layer(request: Request, proceed: Endpoint) -> Answer:
        answer = proceed(request)
        return replace(answer, body=answer.body.replace(b"surprise", rb"a\u0000b"))

    records = claims(250)
    records[120]["surprise"] = "x"
    partner.records = records
    partner.fail(fault=layer, times="always")
    feed = a_feed(partner)
    sync = run(feed)
    assert sync.message.startswith("Handed in as number ")
    assert sync.ingestion is not None
    work.check(sync.ingestion.pk)
    sync.ingestion.refresh_from_db()
    assert sync.ingestion.status == "rejected"
    assert "Line 121: the name of field" in sync.ingestion.message
    feed.refresh_from_db()
    assert feed.cursor == ""


def test_partners_data_that_moves_is_fetched_anew(partner: Partner) -> None:
    feed = a_feed(
        partner,
        "gleif/moving",
        records_path="data[].attributes",
        snapshot_path="meta.goldenCopy.publishDate",
    )
    sync = run(feed)
    assert (sync.status, sync.problem) == ("failed", "data_moved")
    assert sync.parts == []
    assert stored() == []


def test_only_managers_sync(partner: Partner, clerk: User, manager: User) -> None:
    feed = a_feed(partner)
    with pytest.raises(NotAllowed):
        syncs.request(feed.pk, door="test", user=clerk)
    sync = run(feed, user=manager)
    assert sync.ingestion is not None
    assert sync.ingestion.submitted_by == manager
    work.check(sync.ingestion.pk)
    with pytest.raises(NotAllowed, match="someone else has to approve it"):
        ingestions.approve(sync.ingestion.pk, user=manager)


def test_a_service_that_is_off_is_not_asked(partner: Partner) -> None:
    feed = a_feed(partner, service_is_active=False)
    with pytest.raises(StateProblem, match="is switched off"):
        run(feed)
    assert partner.requests == []


def test_rates_load_without_approval_when_they_are_clean(partner: Partner) -> None:
    feed = a_feed(
        partner,
        "v1/{from}..{to}",
        record_type="exchange-rates",
        incremental="windows",
        cursor_start="2026-07-01",
        parameters={"symbols": "USD,GBP"},
        records_path="rates",
        page_values={"base": "base"},
        unfold=["date", "to currency", "rate"],
        paging="single",
        loads_itself=True,
    )
    sync = run(feed)
    assert sync.ingestion is not None
    work.check(sync.ingestion.pk)
    sync.ingestion.refresh_from_db()
    assert sync.ingestion.status == "approved"
    work.load(sync.ingestion.pk)
    sync.ingestion.refresh_from_db()
    assert sync.ingestion.rows_created == sync.records > 20


def test_our_own_fault_is_told_and_raised(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(fetching, "drift_of", broken)
    feed = a_feed(partner)
    with pytest.raises(ZeroDivisionError):
        run(feed)
    sync = Sync.objects.get()
    assert (sync.status, sync.message) == (
        "failed",
        "The sync failed through a fault of the program.",
    )
    assert "ZeroDivisionError" in sync.details
    assert Feed.objects.get().paused_at is None
