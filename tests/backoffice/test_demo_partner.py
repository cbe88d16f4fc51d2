"""The demonstration's partner: asks for a token, keeps a budget, serves the samples."""

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import call_command
from pytest_django import Settings

from backoffice.demo_feed import FEED, SERVICE, declare
from backoffice.demo_partner import BUDGET, CLIENT_ID, CLIENT_SECRET, server
from importers.models import Feed, Ingestion, Issue, Mapping, WebService
from reinsurance.models import ClaimPosition

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner(samples: Path, settings: Settings) -> Iterator[str]:
    """The address of a running partner, which we may ask."""
    running = server(0, samples / "partner_claims.json")
    address = f"http://127.0.0.1:{running.server_port}"
    settings.WEB_SERVICE_HOSTS = ["*", address]
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    yield address
    running.shutdown()
    running.server_close()
    thread.join()


def token(address: str, secret: str = CLIENT_SECRET) -> requests.Response:
    form = {"grant_type": "client_credentials"}
    return requests.post(
        f"{address}/oauth/token", data=form, auth=(CLIENT_ID, secret), timeout=5
    )


def claims(address: str, bearer: str = "", **query: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return requests.get(f"{address}/claims", query, headers=headers, timeout=5)


def sync() -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as done:
        call_command("sync", FEED, "--approve", "--json", stdout=out)
    return int(done.value.code or 0), json.loads(out.getvalue())


@pytest.fixture
def register(samples: Path) -> None:
    """The sample parties, events and treaties, loaded."""
    for name, slug in (
        ("parties.csv", "parties"),
        ("loss_events.csv", "loss-events"),
        ("treaty_register_2026.csv", "treaties"),
    ):
        path = str(samples / name)
        with pytest.raises(SystemExit, match="0"):
            call_command(
                "ingest", path, "--type", slug, "--approve", stdout=io.StringIO()
            )


def test_its_claims_end_in_the_books(partner: str, register: None) -> None:
    declare(partner)
    code, told = sync()
    assert code == 0, told
    assert (told["pages"], told["records"], told["retries"]) == (7, 62, 0)
    assert 0 < told["waited_seconds"] < 5  # the budget, told ahead
    assert told["rows"] == {
        "read": 62, "created": 60, "updated": 0, "unchanged": 0, "rejected": 2,
    }  # fmt: skip
    ingestion = Ingestion.objects.get(pk=told["ingestion"])
    assert set(
        Issue.objects.filter(ingestion=ingestion, severity="error").values_list(
            "code", flat=True
        )
    ) == {"unknown_treaty", "notified_before_loss"}
    position = ClaimPosition.objects.get(claim__reference="MCX-26-0001")
    assert (str(position.paid_fees), str(position.reserve_indemnity)) == (
        "6102.0000",
        "68366.1000",
    )
    assert not Mapping.objects.filter(source__isnull=False).exists()

    code, told = sync()
    assert (code, told["status"]) == (0, "nothing new")


def test_it_lets_in_its_client_only(partner: str) -> None:
    assert token(partner, "guessed").status_code == 401
    assert claims(partner).status_code == 401
    assert claims(partner, "guessed").status_code == 401
    good = token(partner).json()
    assert good["expires_in"] == 60
    answer = claims(partner, good["access_token"], limit=3)
    assert [c["claimNumber"] for c in answer.json()["claims"]] == [
        "MCX-26-0001", "MCX-26-0002", "MCX-26-0003",
    ]  # fmt: skip
    assert answer.headers["RateLimit"] == f'"default";r={BUDGET - 3};t=2'
    assert claims(partner, good["access_token"], cursor="?").status_code == 400


def test_it_refuses_who_asks_too_often(partner: str) -> None:
    bearer = token(partner).json()["access_token"]
    answers = [claims(partner, bearer) for _ in range(BUDGET + 1)]
    assert [a.status_code for a in answers] == [200] * BUDGET + [429]
    assert answers[-1].headers["Retry-After"] in {"1", "2"}


def test_its_address_is_told_anew_and_edits_stay(partner: str) -> None:
    declare(partner)
    Feed.objects.filter(code=FEED).update(name="Ours", page_size=7)
    declare("http://127.0.0.1:1")
    service = WebService.objects.get(code=SERVICE)
    assert service.base_url == "http://127.0.0.1:1"
    assert service.token_url == "http://127.0.0.1:1/oauth/token"
    assert service.secret.reveal() == CLIENT_SECRET
    assert Feed.objects.filter(name="Ours", page_size=7).count() == 1
    WebService.objects.update(base_url="https://elsewhere.example")
    declare(partner)
    assert WebService.objects.get().base_url == "https://elsewhere.example"
