"""Lists of records: pages by cursor, filters, sorting, fields, changes since."""

import base64
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimChange,
    ClaimPosition,
    Party,
    Treaty,
)

CLAIMS = "/api/v1/claims/"


def walk(browser: Client, address: str) -> list[dict[str, Any]]:
    """Every record of a list, page after page."""
    found = []
    while address:
        answer = browser.get(address)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        assert set(page) == {"next", "previous", "results"}
        found += page["results"]
        address = page["next"] or ""
    return found


def some_claims(treaty: Treaty, count: int, **values: Any) -> list[Claim]:
    """So many claims that differ in nothing but their reference."""
    return Claim.objects.bulk_create(
        Claim(
            treaty=treaty,
            reference=f"N-{number:04d}",
            status_id="OPEN",
            **{"date_of_loss": "2026-03-01", **values},
        )
        for number in range(count)
    )


def test_a_claim_is_told_whole(book: Claim, as_clerk: Client) -> None:
    answer = as_clerk.get(f"{CLAIMS}{book.pk}/")
    told = answer.json()
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    moments = {told.pop("created_at"), told.pop("updated_at")}
    assert all(moment.endswith("Z") for moment in moments)
    assert told == {
        "id": book.pk,
        "treaty": "B0001",
        "treaty_cedant": "ANDES",
        "treaty_inception": "2026-01-01",
        "year_of_account": None,
        "reference": "C-00123",
        "policy_reference": "",
        "certificate_reference": "",
        "insured_name": "=HYPERLINK(1)",
        "loss_event": "STORM1",
        "cause": "",
        "description": "",
        "country": None,
        "date_of_loss": "2026-02-15",
        "date_of_loss_to": None,
        "date_notified": None,
        "date_opened": None,
        "date_closed": None,
        "policy_inception": None,
        "policy_expiry": None,
        "status": "OPEN",
        "totals": [
            {
                "currency": "USD",
                "paid_indemnity": "1500.00",
                "paid_fees": "0.00",
                "reserve_indemnity": "250.00",
                "reserve_fees": "0.00",
                "recovered": "0.00",
                "incurred": "1750.00",
            }
        ],
        "details": {"Claimant Name": "J Doe"},
    }


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("parties", 2), ("treaties", 1), ("layers", 1), ("participations", 1),
        ("treaty-scopes", 1), ("premiums", 1), ("claims", 1),
        ("claim-positions", 1), ("claim-statements", 2),
        ("bordereaux", 1), ("exchange-rates", 1), ("loss-events", 1),
        ("claim-statuses", 12),
    ],
)  # fmt: skip
def test_every_collection_has_a_list_and_details(
    book: Claim, as_clerk: Client, name: str, count: int
) -> None:
    listed = walk(as_clerk, f"/api/v1/{name}/")
    assert len(listed) == count
    key = listed[0].get("id", listed[0].get("code"))
    detail = as_clerk.get(f"/api/v1/{name}/{key}/")
    assert detail.status_code == 200
    assert detail.json() == listed[0]
    assert as_clerk.get(f"/api/v1/{name}/987654321/").status_code == 404
    assert as_clerk.get(f"/api/v1/{name}/{10**25}/").status_code == 404


@pytest.mark.parametrize("ordering", ["id", "-id", "updated_at", "-date_of_loss"])
@pytest.mark.parametrize("limit", [1, 7, 50])
def test_pages_give_every_record_once_and_in_order(
    book: Claim, as_clerk: Client, ordering: str, limit: int
) -> None:
    some_claims(book.treaty, 20)
    found = walk(as_clerk, f"{CLAIMS}?ordering={ordering}&limit={limit}")
    column = ordering.removeprefix("-")
    expected = Claim.objects.order_by(
        ordering, "-pk" if ordering[0] == "-" else "pk"
    ).values_list("pk", flat=True)
    assert [record["id"] for record in found] == list(expected)
    assert column in found[0]


def test_one_may_go_back_from_any_page(book: Claim, as_clerk: Client) -> None:
    some_claims(book.treaty, 24)
    first = as_clerk.get(f"{CLAIMS}?limit=10").json()
    second = as_clerk.get(first["next"]).json()
    third = as_clerk.get(second["next"]).json()
    assert first["previous"] is None
    assert third["next"] is None
    assert len(third["results"]) == 5
    back = as_clerk.get(third["previous"]).json()
    assert back["results"] == second["results"]
    front = as_clerk.get(back["previous"]).json()
    assert front["results"] == first["results"]
    assert front["previous"] is None
    assert as_clerk.get(front["next"]).json()["results"] == second["results"]


def test_records_that_come_meanwhile_shift_no_page(
    book: Claim, as_clerk: Client
) -> None:
    some_claims(book.treaty, 10)
    page = as_clerk.get(f"{CLAIMS}?ordering=-id&limit=5").json()
    seen = [record["id"] for record in page["results"]]
    Claim.objects.create(
        treaty=book.treaty,
        reference="NEW",
        date_of_loss="2026-03-01",
        status_id="OPEN",
    )
    seen += [record["id"] for record in as_clerk.get(page["next"]).json()["results"]]
    assert len(seen) == len(set(seen)) == 10


@pytest.mark.django_db(transaction=True)
def test_a_page_costs_few_queries(
    book: Claim,
    as_clerk: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    some_claims(book.treaty, 200)
    address = f"{CLAIMS}?limit=100&treaty=B0001&status=OPEN"
    as_clerk.get(address)
    for _ in range(2):
        with django_assert_num_queries(5):  # session, user, access, claims, audit log
            page = as_clerk.get(address).json()
        assert len(page["results"]) == 100
        address = page["next"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("treaty=B0001", 1),
        ("treaty=B0002", 0),
        ("cedant=ANDES&status=OPEN&currency=USD", 1),
        ("currency=EUR", 0),
        ("reference=C-00123", 1),
        ("status=CLOSED", 0),
        ("is_open=true", 1),
        ("is_open=false", 0),
        ("date_of_loss_from=2026-02-15&date_of_loss_to=2026-02-15", 1),
        ("date_of_loss_from=2026-02-16", 0),
        ("search=C-001", 1),
        ("search=C-001 =HYPER", 1),
        ("search=001", 0),
        ("loss_event=STORM1", 1),
    ],
)
def test_lists_are_narrowed(
    book: Claim, as_clerk: Client, query: str, expected: int
) -> None:
    assert len(walk(as_clerk, f"{CLAIMS}?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("tretay=B0001", "tretay", "There is no such parameter."),
        ("date_of_loss_from=15.02.2026", "date_of_loss_from", "Enter a valid date."),
        ("ordering=insured_name", "ordering", "“ordering” is one of: id, -id"),
        ("limit=0", "limit", "“limit” is a number from 1 to 1,000."),
        ("limit=1001", "limit", "“limit” is a number from 1 to 1,000."),
        ("format=xml", "format", "“format” is one of: json, csv, jsonl."),
        ("fields=id,nothing", "fields", "There is no field nothing."),
        ("reference=a%00b", "reference", "Null characters are not allowed."),
    ],
)
def test_what_a_list_cannot_follow_is_refused(
    book: Claim, as_clerk: Client, query: str, field: str, said: str
) -> None:
    answer = as_clerk.get(f"{CLAIMS}?{query}")
    told = answer.json()
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert told["code"] == "invalid"
    assert told["type"] == "/api/v1/problems/invalid/"
    (error,) = told["errors"]
    assert error["field"] == field
    assert error["message"].startswith(said)


@pytest.mark.django_db
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.text(min_size=1, max_size=80))
def test_no_text_passes_for_a_cursor(as_clerk: Client, text: str) -> None:
    answer = as_clerk.get(CLAIMS, {"cursor": text})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_cursor"


@pytest.mark.parametrize(
    ("ordering", "values"),
    [
        ("-id", ["x"]),
        ("-id", []),
        ("-id", ["1", "2"]),
        ("-id", [1]),
        ("-id", ["1\0"]),
        ("date_of_loss", ["31.02.2026", "1"]),
        ("updated_at", ["0001-01-01T00:00:00+23:00", "1"]),
        ("updated_at", ["", "1"]),
    ],
)
def test_a_cursor_made_up_is_refused(
    book: Claim, as_clerk: Client, ordering: str, values: list[Any]
) -> None:
    raw = json.dumps([ordering, values, False]).encode()
    cursor = base64.urlsafe_b64encode(raw).decode()
    answer = as_clerk.get(CLAIMS, {"cursor": cursor, "ordering": ordering})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("ordering", "values"),
    [
        ("-id", [str(10**30)]),
        ("updated_at", ["0462-09-21T10:35:31-18:30", "1"]),
        ("date_of_loss", ["0001-01-01", str(-(10**30))]),
    ],
)
def test_a_cursor_far_away_is_followed(
    book: Claim, as_clerk: Client, ordering: str, values: list[str]
) -> None:
    raw = json.dumps([ordering, values, False]).encode()
    cursor = base64.urlsafe_b64encode(raw).decode()
    answer = as_clerk.get(CLAIMS, {"cursor": cursor, "ordering": ordering})
    assert [r["id"] for r in answer.json()["results"]] == [book.pk]


def test_a_cursor_is_for_one_ordering(book: Claim, as_clerk: Client) -> None:
    some_claims(book.treaty, 3)
    address = as_clerk.get(f"{CLAIMS}?ordering=id&limit=1").json()["next"]
    answer = as_clerk.get(address.replace("ordering=id", "ordering=-id"))
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "This cursor belongs to another ordering of the list."
    )


def test_changes_since_come_in_their_order(book: Claim, as_clerk: Client) -> None:
    some_claims(book.treaty, 3)
    start = datetime(2026, 5, 1, 12, tzinfo=UTC)
    claims = list(Claim.objects.order_by("-pk"))
    for number, claim in enumerate(claims):
        ClaimChange.objects.filter(claim=claim).update(
            changed_at=start + timedelta(hours=number)
        )
    found = walk(as_clerk, f"{CLAIMS}?updated_since=2026-05-01T13:00:00Z&limit=1")
    assert [record["id"] for record in found] == [c.pk for c in claims[1:]]


def test_only_the_fields_wanted_in_the_order_wanted(
    book: Claim, as_clerk: Client
) -> None:
    answer = as_clerk.get(f"{CLAIMS}?fields=totals,treaty,id")
    assert answer.content == (
        b'{"next":null,"previous":null,"results":[{"totals":[{"currency":"USD",'
        b'"paid_indemnity":"1500.00","paid_fees":"0.00","reserve_indemnity":"250.00",'
        b'"reserve_fees":"0.00","recovered":"0.00","incurred":"1750.00"}],'
        b'"treaty":"B0001","id":%d}]}' % book.pk
    )
    detail = as_clerk.get(f"{CLAIMS}{book.pk}/?fields=reference")
    assert detail.json() == {"reference": "C-00123"}
    assert as_clerk.get(f"{CLAIMS}{book.pk}/?field=reference").status_code == 400


def test_an_answer_that_one_has_is_not_sent_again(
    book: Claim, as_clerk: Client
) -> None:
    for address in (CLAIMS, f"{CLAIMS}{book.pk}/"):
        first = as_clerk.get(address)
        assert first["Cache-Control"] == "private, no-cache"
        again = as_clerk.get(address, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
    ClaimPosition.objects.update(paid_fees=Decimal("1"))
    for address in (CLAIMS, f"{CLAIMS}{book.pk}/"):
        changed = as_clerk.get(address, headers={"If-None-Match": first["ETag"]})
        assert changed.status_code == 200
        assert changed["ETag"] != first["ETag"]


def test_nobody_sees_a_list_without_signing_in(db: None, client: Client) -> None:
    answer = client.get(CLAIMS)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]
    assert answer.json()["code"] == "not_signed_in"


def test_an_address_that_is_none_is_a_problem_too(db: None, client: Client) -> None:
    answer = client.get("/api/v1/claim/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "There is no such address."


def test_a_problem_leads_to_a_page_about_it(db: None, client: Client) -> None:
    kind = client.get(client.get("/api/v1/claim/").json()["type"]).json()
    assert kind["code"] == "not_found"
    assert kind["advice"].startswith("Check the address")
    listed = client.get("/api/v1/problems/").json()
    assert kind in listed
    assert client.get("/api/v1/problems/nothing/").status_code == 404


def test_a_limited_user_sees_their_cedants_alone(
    book: Claim, as_clerk: Client, clerk: User
) -> None:
    other = Party.objects.create(code="OTHER", name="Other Mutual")
    treaty = Treaty.objects.create(
        reference="B0002", cedant=other, treaty_type="QS", currency_id="USD"
    )
    (secret,) = some_claims(treaty, 1)
    CedantLimit.objects.create(user=clerk, cedant=book.treaty.cedant)
    assert [r["id"] for r in walk(as_clerk, CLAIMS)] == [book.pk]
    assert [r["code"] for r in walk(as_clerk, "/api/v1/parties/")] == ["ANDES"]
    assert as_clerk.get(f"{CLAIMS}{secret.pk}/").status_code == 404
    assert as_clerk.get(f"/api/v1/treaties/{treaty.pk}/").status_code == 404
    assert b"B0002" not in b"".join(
        as_clerk.get(f"{CLAIMS}?format=csv").streaming_content  # type: ignore[attr-defined]
    )
    assert len(walk(as_clerk, "/api/v1/loss-events/")) == 1
