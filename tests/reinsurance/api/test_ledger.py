"""Positions as at a day, movements, and both as they were known at a moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimPosition,
    ClaimStatement,
    Load,
    Party,
)
from tests.reinsurance.admin.conftest import statement_of

MAY, JUNE, JULY = (datetime(2026, month, 5, tzinfo=UTC) for month in (6, 7, 8))


def of(browser: Client, claim: Claim, what: str, **query: str) -> list[dict[str, Any]]:
    answer = browser.get(f"/api/v1/claims/{claim.pk}/{what}/", query)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["next"], told["previous"]) == (None, None)
    found: list[dict[str, Any]] = told["results"]
    return found


def loaded(number: int, at: datetime) -> None:
    Load.objects.filter(number=number).update(loaded_at=at)


def test_the_position_of_a_claim_is_told_whole(book: Claim, as_clerk: Client) -> None:
    position = ClaimPosition.objects.get()
    never_told = {
        f"{part}_{kind}": None
        for part in ("paid", "reserve")
        for kind in ("expenses", "attorney", "adjusters", "defence", "tpa")
    }
    assert of(as_clerk, book, "positions") == [
        {
            "position": position.pk,
            "claim": book.pk,
            "section": "1",
            "risk_code": "XL",
            "currency": "USD",
            "period_end": "2026-06-30",
            "ingestion": 902,
            "row": 3,
            "status": "OPEN",
            "paid_indemnity": "1500.00",
            "paid_fees": "0.00",
            "recovered": "0.00",
            "reserve_indemnity": "250.00",
            "reserve_fees": "0.00",
            **never_told,
            "recoverable": None,
            "amount_claimed": None,
            "incurred": "1750.00",
        }
    ]


def test_positions_as_at_a_day_say_nothing_of_later_periods(
    book: Claim, as_clerk: Client
) -> None:
    (may,) = of(as_clerk, book, "positions", as_at="2026-06-29")
    assert (may["period_end"], may["paid_indemnity"]) == ("2026-05-31", "1000.00")
    assert of(as_clerk, book, "positions", as_at="2026-05-30") == []


def test_the_books_are_told_as_they_were_known(book: Claim, as_clerk: Client) -> None:
    loaded(901, MAY)
    loaded(902, JUNE)
    statement_of(book, 903, "2026-06-30", "1600", reserve_indemnity=Decimal(150))
    loaded(903, JULY)
    Load.objects.filter(number=903).update(undone_at=JULY + timedelta(days=1))

    def paid(known_at: datetime) -> list[tuple[str, str, int]]:
        moved = of(as_clerk, book, "movements", known_at=known_at.isoformat())
        return [(m["paid_indemnity"], m["incurred"], m["ingestion"]) for m in moved]

    assert paid(MAY - timedelta(days=1)) == []
    assert paid(MAY) == [("1000.00", "1500.00", 901)]
    assert paid(JUNE) == [("1000.00", "1500.00", 901), ("500.00", "250.00", 902)]
    assert paid(JULY) == [("1000.00", "1500.00", 901), ("600.00", "250.00", 903)]
    assert paid(JULY + timedelta(days=2)) == paid(JUNE)
    (known,) = of(as_clerk, book, "positions", known_at=JULY.isoformat())
    assert known["paid_indemnity"] == "1600.00"


def test_a_claim_that_is_undone_is_told_as_it_was(
    book: Claim, as_clerk: Client
) -> None:
    load = Load.objects.get(number=902)
    Claim.objects.update(load=load)
    loaded(902, JUNE)
    Load.objects.update(undone_at=JULY)
    assert as_clerk.get(f"/api/v1/claims/{book.pk}/").status_code == 404
    assert of(as_clerk, book, "positions") == []
    assert len(of(as_clerk, book, "positions", known_at="2026-07-30T00:00:00Z")) == 1


def test_movements_of_a_treaty_are_asked_for_by_claim_or_treaty(
    book: Claim, as_clerk: Client
) -> None:
    address = "/api/v1/claim-movements/"
    found = as_clerk.get(address, {"treaty": "B0001"}).json()["results"]
    assert [m["incurred"] for m in found] == ["1500.00", "250.00"]
    assert as_clerk.get(address, {"claim": book.pk}).json()["results"] == found
    assert as_clerk.get(address, {"claim": book.pk + 1}).json()["results"] == []
    refused = as_clerk.get(address)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert refused.json()["detail"] == "Ask for a “claim” or a “treaty”."


def test_what_cannot_be_understood_is_refused(book: Claim, as_clerk: Client) -> None:
    base = f"/api/v1/claims/{book.pk}"
    for address, field in (
        (f"{base}/positions/?as_at=31.05.2026", "as_at"),
        (f"{base}/positions/?known_at=May", "known_at"),
        (f"{base}/movements/?as_at=2026-05-31", "as_at"),
    ):
        answer = as_clerk.get(address)
        assert answer.status_code == 400
        assert [e["field"] for e in answer.json()["errors"]] == [field]
    assert as_clerk.get("/api/v1/claims/987654321/movements/").status_code == 404
    assert as_clerk.get(f"/api/v1/claims/{10**25}/positions/").status_code == 404


def test_a_limited_user_sees_no_positions_of_others(
    book: Claim, as_clerk: Client, clerk: User
) -> None:
    other = Party.objects.create(code="OTHER", name="Other Mutual")
    CedantLimit.objects.create(user=clerk, cedant=other)
    for address in (
        "claim-positions/",
        "claim-statements/",
        "claim-movements/?treaty=B0001",
    ):
        assert as_clerk.get(f"/api/v1/{address}").json()["results"] == []
    for what in ("positions", "movements", "lineage"):
        assert as_clerk.get(f"/api/v1/claims/{book.pk}/{what}/").status_code == 404


def test_statements_are_what_rows_told(book: Claim, as_clerk: Client) -> None:
    Load.objects.filter(number=902).update(undone_at=JULY)

    def rows(**query: object) -> list[tuple[object, ...]]:
        found = as_clerk.get("/api/v1/claim-statements/", query).json()["results"]
        names = (
            "ingestion",
            "row",
            "period_end",
            "paid_indemnity_to_date",
            "paid_fees_to_date",
        )
        return [tuple(row[name] for name in names) for row in found]

    june = (902, 3, "2026-06-30", "1500.00", None)
    may = (901, 3, "2026-05-31", "1000.00", None)
    assert rows() == [june, may]
    assert rows(claim=book.pk, ingestion=901) == [may]
    assert rows(position=ClaimPosition.objects.get().pk, is_undone="false") == [may]
    assert rows(is_undone="true") == [june]
    assert rows(period_end_from="2026-06-01", treaty="B0001") == [june]


def test_positions_are_narrowed(book: Claim, as_clerk: Client) -> None:
    def count(**query: object) -> int:
        found = as_clerk.get("/api/v1/claim-positions/", query).json()["results"]
        return len(found)

    assert count(claim=book.pk, treaty="B0001", currency="USD", section="1") == 1
    assert count(claim_reference="C-00123", status="OPEN", cedant="ANDES") == 1
    assert count(currency="EUR") == count(section="2") == count(claim=book.pk + 1) == 0
    ClaimStatement.objects.all().delete()
    ClaimPosition.objects.update(load=Load.objects.get(number=901))
    Load.objects.update(undone_at=JULY)
    assert count() == 0


def test_totals_are_told_currency_by_currency(book: Claim, as_clerk: Client) -> None:
    undone = Load.objects.create(number=904, record_type="claims", undone_at=JULY)
    ClaimPosition.objects.create(claim=book, currency_id="KWD", paid_fees="0.125")
    ClaimPosition.objects.create(
        claim=book, currency_id="KWD", section="2", reserve_fees="10"
    )
    ClaimPosition.objects.create(
        claim=book, currency_id="USD", section="9", paid_fees="7", load=undone
    )
    (claim,) = as_clerk.get("/api/v1/claims/?fields=totals").json()["results"]
    told = [(t["currency"], t["paid_fees"], t["incurred"]) for t in claim["totals"]]
    assert told == [("KWD", "0.125", "10.125"), ("USD", "0.00", "1750.00")]
    detail = as_clerk.get(f"/api/v1/claims/{book.pk}/?fields=totals").json()
    assert detail == claim
