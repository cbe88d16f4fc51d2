"""Feeds and syncs by the API."""

import json
from typing import Any

from django.test import Client

from importers.models import Feed, Sync
from importers.services import fetching

FEEDS = "/api/v1/feeds/"
EMPTY: Any = {"content_type": "application/json"}


def test_a_feed_is_synced_and_followed(reachable: Feed, as_system: Client) -> None:
    (told,) = as_system.get(f"{FEEDS}?code=andes-claims").json()["results"]
    assert told["id"] == reachable.pk
    assert (told["service"], told["source"]) == ("andes-api", "andes")
    answer = as_system.post(f"{FEEDS}{reachable.pk}/sync/", **EMPTY)
    sync = answer.json()
    assert answer.status_code == 202
    assert answer["Location"] == f"/api/v1/syncs/{sync['id']}/"
    assert (sync["status"], sync["door"], sync["user"]) == (
        "waiting", "api", "integrator",
    )  # fmt: skip
    again = as_system.post(f"{FEEDS}{reachable.pk}/sync/", **EMPTY)
    assert again.status_code == 409
    assert again.json()["code"] == "sync_running"
    assert again.json()["sync"] == sync["id"]
    fetching.run(sync["id"])
    done = as_system.get(answer["Location"]).json()
    assert (done["status"], done["records"], done["pages"]) == ("handed in", 250, 3)
    told = as_system.get(f"/api/v1/ingestions/{done['ingestion']}/").json()
    assert told["source"] == "andes"


def test_a_feed_is_paused_with_a_reason_and_resumed(
    feed: Feed, as_system: Client
) -> None:
    address = f"{FEEDS}{feed.pk}/pause/"
    assert as_system.post(address, **EMPTY).status_code == 400
    body = json.dumps({"reason": "They move house"})
    paused = as_system.post(address, body, content_type="application/json").json()
    assert paused["paused_reason"] == "They move house"
    assert paused["paused_at"]
    resumed = as_system.post(f"{FEEDS}{feed.pk}/resume/", **EMPTY).json()
    assert (resumed["paused_at"], resumed["paused_reason"]) == (None, "")


def test_a_waiting_sync_is_withdrawn_once(feed: Feed, as_system: Client) -> None:
    number = as_system.post(f"{FEEDS}{feed.pk}/sync/", **EMPTY).json()["id"]
    assert as_system.post(f"/api/v1/syncs/{number}/cancel/", **EMPTY).json()[
        "status"
    ] == ("cancelled")
    assert as_system.post(f"/api/v1/syncs/{number}/cancel/", **EMPTY).status_code == 409
    assert Sync.objects.get().status == "cancelled"


def test_an_auditor_looks_and_touches_nothing(feed: Feed, as_auditor: Client) -> None:
    assert as_auditor.get(f"{FEEDS}{feed.pk}/").status_code == 200
    assert as_auditor.post(f"{FEEDS}{feed.pk}/sync/", **EMPTY).status_code == 403
    assert not Sync.objects.exists()
