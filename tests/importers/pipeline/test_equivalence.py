"""Our pipeline against stock import-export: the same books, the same refused rows.

Stock ``Resource.import_data`` goes row by row through widgets and ``full_clean``; it
is the reference.  Rows that contradict each other are outside its notion, so the data
has each key once, but for the shared parents of a treaty register.
"""

import datetime
from decimal import Decimal

import pytest
import tablib
from django.db import models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers import record_types
from importers.record_types import RecordType
from reinsurance.models import (
    Claim,
    Layer,
    LossEvent,
    Party,
    PremiumEntry,
    Treaty,
)
from tests.importers.pipeline.tables import Table, rejected_rows, run

pytestmark = pytest.mark.django_db

IGNORED = {"id", "created_at", "updated_at", "bordereau"}


# ----------------------------------------------------------------- what files hold
def some(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


blank = some("", " ", "-", "N/A", "\u00a0")
date_text = st.one_of(
    st.dates(datetime.date(2025, 11, 1), datetime.date(2027, 2, 1)).map(str),
    st.dates(datetime.date(2025, 12, 1), datetime.date(2026, 12, 31)).map(
        lambda day: day.strftime("%d/%m/%Y")
    ),
    some("1 Feb 2026", "2026-02-30", "31/04/2026", "12/31/2026", "soon", "46054"),
    some("2026-03-01 00:00:00", "20260301", "01.03.26", "March 1, 2026", "1899-12-31"),
)
amount_text = st.one_of(
    st.decimals(-(10**7), 10**7, places=2).map(str),
    st.integers(-(10**17), 10**17).map(str),
    some("1,234.50", "(12.5)", "5-", "£3", "1e3", "GBP 7", "1 234", "0.005", "-0.001"),
    some("12,34", "ten", "1.2.3", "99999999999999999", "9999999999999999.995", "NIL"),
    blank,
)
share_text = some(
    "0.5", "50%", "1", "0", "1.5", "-0.1", "150%", "half", "", "0.333333333"
)
name_text = st.one_of(
    some("Acme Ltd", " Bolt ", "=1+1", "O'Hara", 'say "x"', "a,b", "line\nbreak", ""),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12),
    st.just("x" * 201),
)
currency_text = some(
    "GBP", "gbp", "Pound Sterling", "US Dollar", "usd", "XXQ", "", "EUR"
)
country_text = some("GB", "France", "DEU", "Atlantis", "", "us")


def rows_of(
    columns: dict[str, st.SearchStrategy[str]], *, key: str, most: int = 12
) -> st.SearchStrategy[list[dict[str, str]]]:
    return st.lists(
        st.fixed_dictionaries(columns),
        min_size=1,
        max_size=most,
        unique_by=lambda r: r[key],
    )


claim_rows = rows_of(
    {
        "Treaty reference": some("T-LO", "T-RA", "T-NONE", "T-OPEN", "", " T-LO "),
        "Claim reference": st.one_of(
            st.integers(0, 30).map(lambda n: f"{n:05d}"), st.just("00001"), st.just("")
        ),
        "Insured": name_text,
        "Loss event": some("EV1", "Windstorm One", "nothing", "", "n/a"),
        "Country of loss": country_text,
        "Date of loss": date_text,
        "Date notified": st.one_of(blank, date_text),
        "Date closed": st.one_of(blank, date_text),
        "Policy inception": st.one_of(blank, date_text),
        "Policy expiry": st.one_of(blank, date_text),
        "Claim status": some(
            "Open", "CLOSED", "Closed", "Re-opened", "reopened", "Lost", ""
        ),
        "Currency": currency_text,
        "Paid to date, indemnity": amount_text,
        "Paid to date, fees": some("0", "10", "", "1.10"),
        "Reserve, indemnity": some("0", "100", "", "abc"),
        "Reserve, fees": some("0", ""),
        "Incurred": some("", "", "110", "100.00"),
    },
    key="Claim reference",
)
premium_rows = rows_of(
    {
        "Treaty reference": some("T-LO", "T-NONE", "T-OPEN"),
        "Policy reference": st.integers(0, 40).map(str) | st.just(""),
        "Certificate reference": some("", "C1"),
        "Premium transaction type": some("Original", "AP", "Return Premium", "", "odd"),
        "Effective date": date_text,
        "Risk inception": st.one_of(blank, date_text),
        "Risk expiry": st.one_of(blank, date_text),
        "Insured": name_text,
        "Line of business": some("Property", "cyber", "", "Dragons"),
        "Country of risk": country_text,
        "Original currency": currency_text,
        "Gross premium this time": amount_text,
        "Commission %": share_text,
        "Commission amount": some("", "10", "5.00", "x"),
        "Net premium": some("", "90", "100"),
        "Rate of exchange": some("", "1.25", "0.00001", "x"),
    },
    key="Policy reference",
)
party_rows = rows_of(
    {
        "Party code": st.integers(0, 20).map(lambda n: f"P{n}") | some("", "x" * 41),
        "Party name": name_text,
        "LEI": some("", "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R13", "short"),
        "Country": country_text,
    },
    key="Party code",
)
register_rows = rows_of(
    {
        "Treaty reference": some("N1", "N2", "T-LO"),
        "Layer number": some("1", "2", "", "x", "-1"),
        "Reinsurer": some("ALPHA", "Beta Re", "beta re", "Twin", "Nobody"),
        "Occurrence limit": some("", "0", "unlimited", "1,000", "-5"),
        "Signed line": share_text,
        "Lead": some("Y", "no", "", "maybe"),
    },
    key="Reinsurer",
    most=5,
)


# -------------------------------------------------------------------- what is there
@pytest.fixture(autouse=True)
def books() -> None:
    for code, name in (("ALPHA", "Alpha Re"), ("BETA", "Beta Re"), ("T1", "Twin")):
        Party.objects.create(code=code, name=name)
    Party.objects.create(code="T2", name="Twin")
    LossEvent.objects.create(code="EV1", name="Windstorm One")
    period = {
        "inception": datetime.date(2026, 1, 1),
        "expiry": datetime.date(2026, 12, 31),
        "currency_id": "GBP",
        "treaty_type": "QS",
    }
    treaty = Treaty.objects.create(reference="T-LO", basis="LO", **period)
    Treaty.objects.create(reference="T-RA", basis="RA", **period)
    Treaty.objects.create(reference="T-OPEN", treaty_type="QS", currency_id="USD")
    Layer.objects.create(treaty=treaty, number=1)
    Claim.objects.create(
        treaty=treaty,
        reference="00001",
        date_of_loss=datetime.date(2026, 2, 1),
        status_id="OPEN",
        currency_id="GBP",
        paid_indemnity=Decimal("10.00"),
    )
    PremiumEntry.objects.create(
        treaty=treaty,
        policy_reference="1",
        effective_date=datetime.date(2026, 2, 1),
        currency_id="GBP",
        gross_premium=Decimal("100.00"),
    )


def state(*kinds: type[models.Model]) -> list[list[dict]]:
    """All records without keys of the machine; references to new ones by their text."""
    told = []
    for kind in kinds:
        names = [f.name for f in kind._meta.concrete_fields if f.name not in IGNORED]
        records = []
        for record in kind._default_manager.all():
            values = {name: getattr(record, name) for name in names}
            records.append({n: str(v) for n, v in values.items()})
        told.append(sorted(records, key=str))
    return told


def by_stock(
    kind: RecordType, rows: list[dict[str, str]]
) -> tuple[set[int], list[list[dict]]]:
    """Refused rows and books as stock import-export leaves them."""
    refused: set[int] = set()
    numbered = dict(enumerate(rows, start=2))
    for only_find in (True, False):
        good = {n: row for n, row in numbered.items() if n not in refused}
        if not good:
            continue
        savepoint = transaction.savepoint()
        for resource in kind.resources:
            dataset = tablib.Dataset(headers=list(rows[0]))
            for row in good.values():
                dataset.append(list(row.values()))
            result = resource().import_data(
                dataset, use_transactions=False, raise_errors=False
            )
            assert not result.base_errors
            lines = list(good)
            refused |= {lines[r.number - 1] for r in result.invalid_rows}
            refused |= {lines[r.number - 1] for r in result.error_rows}
        if only_find:
            transaction.savepoint_rollback(savepoint)
    return refused, state(*(resource._meta.model for resource in kind.resources))


def agree(kind: RecordType, rows: list[dict[str, str]]) -> None:
    """Both roads, each from the same books, end at the same place."""
    with transaction.atomic():
        expected = by_stock(kind, rows)
        transaction.set_rollback(True)
    with transaction.atomic():
        table = Table(tuple(rows[0]), [list(row.values()) for row in rows], chunk=5)
        examined, loaded, _ = run(table, kind)
        found = (
            rejected_rows(examined),
            state(*(resource._meta.model for resource in kind.resources)),
        )
        assert dict(loaded) == {
            action: count
            for action, count in examined.staged.rows.items()
            if action != "rejected" and count
        }
        transaction.set_rollback(True)
    assert found == expected, examined.issues.to_dicts()


hypothesis_settings = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@hypothesis_settings
@given(claim_rows)
def test_claims_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    agree(record_types.get("claims"), rows)


@hypothesis_settings
@given(premium_rows)
def test_premiums_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    agree(record_types.get("premiums"), rows)


@hypothesis_settings
@given(party_rows)
def test_parties_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    agree(record_types.get("parties"), rows)


@hypothesis_settings
@given(register_rows)
def test_treaty_registers_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    """Parents are created on the way; terms that rows share are the same in all."""
    common = {"Treaty type": "QS", "Currency": "GBP", "Expiry": "2026-12-31"}
    limits: dict[tuple[str, str], str] = {}
    whole = []
    for row in rows:
        layer = (row["Treaty reference"], row["Layer number"] or "1")
        limit = limits.setdefault(layer, row["Occurrence limit"])
        whole.append({**common, **row, "Occurrence limit": limit})
    agree(record_types.get("treaties"), whole)
