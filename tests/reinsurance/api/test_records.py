"""What the API tells of premiums, contracts and bordereaux."""

from decimal import Decimal

from django.test import Client

from reinsurance.models import Bordereau, Claim, Layer, Load, PremiumEntry, Treaty


def test_a_premium_is_told_whole(book: Claim, as_clerk: Client) -> None:
    load = Load.objects.create(number=77, record_type="premiums", sender=1)
    PremiumEntry.objects.update(
        load=load,
        row=5,
        section="2",
        risk_code="XL",
        period_start="2026-01-01",
        period_end="2026-01-31",
        instalment_number=1,
        instalments=4,
        brokerage=Decimal("12.5"),
        other_fees=Decimal("0.25"),
        sum_insured=Decimal("1000000"),
        sum_insured_currency_id="USD",
        amounts_are="ours",
        details={"State": "NY"},
    )
    entry = PremiumEntry.objects.get()
    told = as_clerk.get(f"/api/v1/premiums/{entry.pk}/").json()
    del told["created_at"], told["updated_at"]
    assert told == {
        "id": entry.pk,
        "treaty": "B0001",
        "treaty_cedant": "ANDES",
        "treaty_inception": "2026-01-01",
        "year_of_account": None,
        "ingestion": 77,
        "row": 5,
        "period_start": "2026-01-01",
        "period_end": "2026-01-31",
        "policy_reference": "P-1",
        "certificate_reference": "",
        "section": "2",
        "risk_code": "XL",
        "transaction_type": "ORIGINAL",
        "effective_date": "2026-01-01",
        "expiry_date": None,
        "instalment_number": 1,
        "instalments": 4,
        "risk_inception": None,
        "risk_expiry": None,
        "insured_name": "",
        "line_of_business": None,
        "country": None,
        "currency": "USD",
        "amounts_are": "ours",
        "gross_premium": "1234567.80",
        "commission_rate": None,
        "commission": None,
        "brokerage_rate": None,
        "brokerage": "12.50",
        "other_fees": "0.25",
        "taxes": None,
        "net_premium": None,
        "settlement_currency": None,
        "rate_of_exchange": None,
        "net_premium_settlement": None,
        "written_premium": None,
        "sum_insured": "1000000.00",
        "sum_insured_currency": "USD",
        "deductible": None,
        "details": {"State": "NY"},
    }

    def count(query: str) -> int:
        return len(as_clerk.get(f"/api/v1/premiums/?{query}").json()["results"])

    assert count("ingestion=77&section=2&risk_code=XL&period_end_to=2026-01-31") == 1
    assert count("ingestion=78") == count("period_end_from=2026-02-01") == 0


def test_only_premiums_that_count_are_told(book: Claim, as_clerk: Client) -> None:
    load = Load.objects.create(number=78, record_type="premiums", sender=1)
    PremiumEntry.objects.update(replaced_by=load)
    assert as_clerk.get("/api/v1/premiums/").json()["results"] == []
    Load.objects.filter(pk=load.pk).update(undone_at="2026-07-01T00:00:00Z")
    assert len(as_clerk.get("/api/v1/premiums/").json()["results"]) == 1


def test_contracts_are_told_with_what_tells_renewals_apart(
    book: Claim, as_clerk: Client
) -> None:
    Treaty.objects.update(brokerage="0.025", year_of_account=2026)
    Layer.objects.update(name="First excess")
    (treaty,) = as_clerk.get("/api/v1/treaties/?fields=brokerage,inception").json()[
        "results"
    ]
    assert treaty == {"brokerage": "0.02500000", "inception": "2026-01-01"}
    fields = "name,treaty_inception,occurrence_limit"
    (layer,) = as_clerk.get(f"/api/v1/layers/?fields={fields}").json()["results"]
    assert layer == {
        "name": "First excess",
        "treaty_inception": "2026-01-01",
        "occurrence_limit": "5000000.00",
    }
    detail = as_clerk.get(f"/api/v1/claims/{book.pk}/?fields=year_of_account").json()
    assert detail == {"year_of_account": 2026}


def test_a_bordereau_names_the_file_that_was_loaded_last(
    book: Claim, as_clerk: Client
) -> None:
    address = "/api/v1/bordereaux/?fields=ingestion,treaty,treaty_inception"
    (told,) = as_clerk.get(address).json()["results"]
    assert told == {"ingestion": None, "treaty": None, "treaty_inception": None}
    Bordereau.objects.update(load=Load.objects.get(number=902), treaty=book.treaty)
    (told,) = as_clerk.get(address).json()["results"]
    assert told == {
        "ingestion": 902,
        "treaty": "B0001",
        "treaty_inception": "2026-01-01",
    }
