"""The feeds that come with the product: switched off, and right once they are on."""

import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from backoffice.reference import load_feeds
from importers.models import Feed, Mapping, Sync, WebService
from importers.services import feed_files
from importers.services.feed_rules import problems_of_feed
from importers.services.feed_yaml import BadFeedFile
from importers.values import Secret
from reinsurance.models import Claim, ExchangeRate, Party
from tests.flows.syncs import ALLOWED, a_treaty
from tests.partner.records import to_json
from tests.partner.server import Partner
from tests.partner.styles import ENDPOINTS
from tests.partner.values import Answer, Request

pytestmark = pytest.mark.django_db

FILES = Path(__file__).resolve().parents[1] / "files" / "web"
OTHER_LEI = "2449007KWW6EZQZVSF06"
GLEIF = FILES / "gleif" / "549300LBI3LRIZ2V8V66_lapsed.json"


@pytest.fixture
def partner(settings: Settings) -> Iterator[Partner]:
    """A partner whom we may ask, and the shipped feeds."""
    settings.WEB_SERVICE_HOSTS = ALLOWED
    load_feeds()
    with Partner(250) as running:
        yield running


def switch_on(code: str, address: str, **changes: Any) -> None:
    """Give a service its address, as a manager would."""
    service = WebService.objects.get(code=code)
    for name, value in {"base_url": address, "is_active": True, **changes}.items():
        setattr(service, name, value)
    service.save()


def sync(feed: str) -> dict[str, Any]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as done:
        call_command("sync", feed, "--approve", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert done.value.code == 0, told
    return told


def test_they_are_switched_off_until_given_an_address() -> None:
    assert load_feeds() == [
        "gleif-parties", "ecb-rates", "open-claims", "oauth2-claims",
    ]  # fmt: skip
    assert not WebService.objects.filter(is_active=True).exists()
    assert not Feed.objects.filter(is_active=True).exists()
    for feed in Feed.objects.all():
        assert problems_of_feed(feed) == {}


def test_what_was_edited_stays() -> None:
    load_feeds()
    WebService.objects.filter(code="gleif").update(name="Ours")
    Feed.objects.filter(code="gleif-parties").delete()
    Feed.objects.filter(code="oauth2-claims").delete()
    WebService.objects.filter(code="claims-service").delete()
    assert load_feeds() == ["oauth2-claims"]
    assert WebService.objects.get(code="gleif").name == "Ours"
    assert not Feed.objects.filter(code="gleif-parties").exists()


def test_they_are_there_where_only_some_hosts_are_allowed(settings: Settings) -> None:
    settings.WEB_SERVICE_HOSTS = ["api.acme.example"]
    assert len(load_feeds()) == 4
    problems = feed_files.export().replace("is_active: false", "is_active: true")
    with pytest.raises(BadFeedFile, match="“api.gleif.org” is not allowed"):
        feed_files.apply(problems, environment={})


def test_gleif_records_become_parties(partner: Partner) -> None:
    """Two pages of the recorded answer, linked as GLEIF links them."""
    recorded = json.loads(GLEIF.read_text())
    second = json.loads(GLEIF.read_text().replace(recorded["data"]["id"], OTHER_LEI))
    second["data"]["attributes"]["entity"]["legalName"]["name"] = "NORDKAP FORSIKRING"

    def endpoint(request: Request) -> Answer:
        is_first = request.get("page[number]", "1") == "1"
        body = {
            "meta": {**recorded["meta"], "pagination": {"total": 2}},
            "links": (
                {"next": request.link(**{"page[number]": 2})} if is_first else {}
            ),
            "data": [(recorded if is_first else second)["data"]],
        }
        return Answer(to_json(body), content_type="application/vnd.api+json")

    partner.add("/api/v1/lei-records", endpoint)
    switch_on("gleif", f"{partner.url}/api/v1", rate_count=None)
    told = sync("gleif-parties")
    assert (told["pages"], told["rows"]["created"]) == (2, 2)
    first = partner.calls("/api/v1")[0]
    assert first.get("filter[registration.status]") == "ISSUED"
    assert first.get("page[size]") == "200"
    party = Party.objects.get(code="549300LBI3LRIZ2V8V66")
    assert (party.lei, party.name, party.country_id) == (
        "549300LBI3LRIZ2V8V66",
        "UK EQUITY FUND (OFFSHORE)",
        "IE",
    )
    assert Party.objects.get(lei=OTHER_LEI).name == "NORDKAP FORSIKRING"


def test_recorded_rates_become_exchange_rates(partner: Partner) -> None:
    body = (FILES / "frankfurter" / "range.json").read_bytes()
    partner.add("/v1/", lambda request: Answer(body))
    switch_on("frankfurter", partner.url)
    Feed.objects.filter(code="ecb-rates").update(
        cursor_start="1999-01-04", window_days=36500
    )
    told = sync("ecb-rates")
    assert told["rows"]["created"] == 3
    assert list(
        ExchangeRate.objects.order_by("date").values_list(
            "base_id", "quote_id", "date", "rate"
        )
    ) == [
        ("EUR", "AUD", date(1999, 1, 4), Decimal("1.91")),
        ("EUR", "AUD", date(1999, 1, 5), Decimal("1.8944")),
        ("EUR", "AUD", date(1999, 1, 6), Decimal("1.882")),
    ]
    today = timezone.localdate().isoformat()
    assert partner.requests[0].target == f"/v1/1999-01-04..{today}?base=EUR"
    assert Feed.objects.get(code="ecb-rates").cursor == today


def test_the_next_rates_overlap_and_load_themselves(partner: Partner) -> None:
    switch_on("frankfurter", partner.url)
    Feed.objects.filter(code="ecb-rates").update(cursor="2026-01-30")
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("sync", "ecb-rates", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["rows"]["created"] == told["rows"]["read"] > 100
    assert "/v1/2026-01-23.." in partner.requests[0].target
    assert ExchangeRate.objects.count() == told["rows"]["created"]


def test_claims_in_the_shape_of_openfema(partner: Partner) -> None:
    a_treaty()
    switch_on("open-claims", f"{partner.url}/openfema")
    Feed.objects.filter(code="open-claims").update(page_size=2)
    partner.records = [
        {
            "id": f"be71ef8f-{number}",
            "treatyReference": "B1526HCL26001",
            "policyNumber": "0000012",
            "yearOfLoss": 2026,
            "dateOfLoss": "2026-04-22T00:00:00.000Z",
            "dateReported": "2026-05-01T00:00:00.000Z",
            "causeOfDamage": "Flood",
            "state": "MN",
            "claimStatus": "Open",
            "amountPaid": Decimal("1200.50"),
            "outstandingReserve": 300,
            "lastRefresh": f"2026-07-20T00:00:0{number}.000Z",
        }
        for number in range(5)
    ]
    told = sync("open-claims")
    assert (told["pages"], told["rows"]["created"]) == (3, 5)
    asked = [(r.get("$skip"), r.get("$top"), r.get("$count")) for r in partner.requests]
    assert asked == [("0", "2", "true"), ("2", "2", "true"), ("4", "2", "true")]
    assert partner.requests[0].get("$filter") == ""
    claim = Claim.objects.get(reference="be71ef8f-3")
    position = claim.positions.get()
    assert (position.currency_id, claim.country_id, claim.cause) == (
        "USD",
        "US",
        "Flood",
    )
    assert (claim.date_of_loss, claim.policy_reference) == (
        date(2026, 4, 22),
        "0000012",
    )
    assert (position.paid_indemnity, position.reserve_indemnity) == (
        Decimal("1200.50"),
        Decimal(300),
    )
    assert Mapping.objects.get(feeds__code="open-claims").source is None
    sync("open-claims")
    assert partner.requests[-1].get("$filter") == (
        "lastRefresh ge '2026-07-19T23:00:04.000Z'"
    )


def test_a_claims_service_with_oauth2(partner: Partner) -> None:
    a_treaty()
    partner.oauth(client_id="us", client_secret="our secret")
    partner.add("/api/v1/claims", ENDPOINTS["/cursor/null"])
    switch_on(
        "claims-service",
        f"{partner.url}/api/v1",
        token_url=f"{partner.url}/oauth/token",
        client_id="us",
        secret=Secret("our secret"),
        scopes="",
    )
    Feed.objects.filter(code="oauth2-claims").update(page_size=100)
    told = sync("oauth2-claims")
    assert (told["pages"], told["rows"]["created"]) == (3, 250)
    assert Claim.objects.count() == 250
    assert Feed.objects.get(code="oauth2-claims").cursor == "2026-01-04T11:00:00Z"
    assert Sync.objects.get().problem == ""
