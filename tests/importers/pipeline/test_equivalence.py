"""Our pipeline against stock import-export: the same books, the same refused rows.

Stock ``Resource.import_data`` goes row by row through widgets and ``full_clean``; it
is the reference.  Rows that contradict each other are outside its notion, so the data
has each key once, but for the shared parents of a treaty register.
"""

import datetime
from decimal import Decimal

import polars as pl
import pytest
import tablib
from django.db import models, transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from importers import record_types
from importers.record_types import RecordType
from reinsurance.ledger.descriptions import FIELDS
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    ExchangeRate,
    Layer,
    Load,
    LossEvent,
    Party,
    PremiumEntry,
    Treaty,
    TreatyScope,
)
from tests import examples
from tests.importers.pipeline.tables import Table, rejected_rows, run

pytestmark = pytest.mark.django_db

IGNORED = {"id", "created_at", "updated_at", "load", "lacked_by", "replaced_by"}
IGNORED |= {"row", "told", "claim"}  # a position's claim has another key by each road


# ----------------------------------------------------------------- what files hold
def some(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


blank = some("", " ", "-", "N/A", "\u00a0")
good_date = st.dates(datetime.date(2026, 1, 2), datetime.date(2026, 12, 30))
date_text = st.one_of(
    good_date.map(str), good_date.map(lambda day: day.strftime("%d/%m/%Y"))
)
odd_date = st.one_of(
    st.dates(datetime.date(2025, 11, 1), datetime.date(2027, 2, 1)).map(str),
    some("1 Feb 2026", "2026-02-30", "31/04/2026", "12/31/2026", "soon", "46054"),
    some("2026-03-01 00:00:00", "20260301", "01.03.26", "March 1, 2026", "1899-12-31"),
    blank,
)
amount_text = st.one_of(
    st.decimals(-(10**7), 10**7, places=2).map(str), some("0", "100", "1,234.50", "")
)
odd_amount = st.one_of(
    st.integers(-(10**17), 10**17).map(str),
    some("(12.5)", "5-", "£3", "1e3", "GBP 7", "1 234", "0.005", "-0.001"),
    some("12,34", "ten", "1.2.3", "99999999999999999", "9999999999999999.995", "NIL"),
    blank,
)
share_text = some("0.5", "50%", "1", "0", "", "0.333333333")
odd_share = some("1.5", "-0.1", "150%", "half", "0.999999999")
name_text = some("Acme Ltd", " Bolt ", "=1+1", "O'Hara", 'say "x"', "a,b", "x\ny", "")
odd_name = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12),
    st.just("x" * 201),
)

Cells = st.SearchStrategy[str]


def rows_of(
    columns: dict[str, tuple[Cells, Cells]], *, key: str, most: int = 12
) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rows of which most cells are in order: ``(in order, odd)`` for each column."""
    good = st.fixed_dictionaries({name: pair[0] for name, pair in columns.items()})
    odd = st.sampled_from(sorted(columns)).flatmap(
        lambda name: columns[name][1].map(lambda text: {name: text})
    )
    spoilt = st.builds(lambda row, one, two: {**row, **one, **two}, good, odd, odd)
    row = st.one_of(good, good, spoilt)
    return st.lists(
        row, min_size=1, max_size=most, unique_by=lambda row: row[key].casefold()
    )


claim_rows = rows_of(
    {
        "Treaty reference": (some("T-LO", "T-RA", "T-OPEN"), some("T-X", "", " T-LO ")),
        "Claim reference": (
            st.integers(0, 30).map(lambda n: f"{n:05d}"),
            some("", "x" * 61),
        ),
        "Insured": (name_text, odd_name),
        "Loss event": (some("EV1", "Windstorm One", "", "n/a"), some("nothing")),
        "Country of loss": (some("GB", "France", "DEU", "us", ""), some("Atlantis")),
        "Date of loss": (date_text, odd_date),
        "Date notified": (some("", "2026-12-31", "31/12/2026"), odd_date),
        "Date closed": (some("", "2026-12-31"), odd_date),
        "Policy inception": (some("", "2026-01-01"), odd_date),
        "Policy expiry": (some("", "2026-12-31"), odd_date),
        "Claim status": (
            some("Open", "CLOSED", "Re-opened", "reopened", ""),
            some("?"),
        ),
        "Section": (some("", "", "1"), some("2", "x" * 21)),
        "Risk code": (some("", "XL"), some("n/a")),
        "Currency": (some("GBP", "gbp", "US Dollar", "kwd"), some("XXQ", "", "JPY")),
        "Paid to date, indemnity": (amount_text, odd_amount),
        "Paid to date, fees": (some("0", "10", "", "1.10"), odd_amount),
        "Paid to date, TPA fees": (some("", "", "10"), odd_amount),
        "Reserve, indemnity": (some("0", "100", ""), odd_amount),
        "Reserve, fees": (some("0", ""), odd_amount),
        "Reserve, expenses": (some(""), some("5", "0", "x")),
        "Recoveries received to date": (some("", "3"), odd_amount),
        "Amount claimed": (some("", "1000"), odd_amount),
        "Incurred, indemnity": (some(""), some("0", "100", "110.00", "x")),
        "Incurred, fees": (some(""), some("0", "10", "1.10")),
        "Incurred": (some(""), some("0", "110", "100.00", "200", "x")),
    },
    key="Claim reference",
)
premium_rows = rows_of(
    {
        "Treaty reference": (some("T-LO", "T-OPEN"), some("T-X")),
        "Policy reference": (st.integers(0, 40).map(str), some("", "x" * 61)),
        "Certificate reference": (some("", "C1"), some("x" * 61)),
        "Section": (some("", "1"), some("x" * 21)),
        "Risk code": (some(""), some("XL")),
        "Instalment number": (some("", "1", "2"), some("0", "x")),
        "Reporting period end": (some("", "2026-03-31"), some("soon", "2026-03-29")),
        "Premium transaction type": (some("Original", "AP", "Return", ""), some("odd")),
        "Effective date": (date_text, odd_date),
        "Risk inception": (some("", "2026-01-01"), odd_date),
        "Risk expiry": (some("", "2026-12-31"), odd_date),
        "Insured": (name_text, odd_name),
        "Line of business": (some("Property", "cyber", ""), some("Dragons")),
        "Country of risk": (some("GB", "France", ""), some("Atlantis")),
        "Original currency": (some("GBP", "usd"), some("XXQ", "")),
        "Gross premium this time": (some("100", "200.50", "-10"), odd_amount),
        "Commission %": (some(""), odd_share | some("0.1", "10%")),
        "Commission amount": (some("", "10"), odd_amount | some("20.05", "-1")),
        "Net premium": (some("", "90", "100"), odd_amount),
        "Rate of exchange": (some("", "1.25"), some("0.00001", "x")),
        "Net premium in settlement currency": (some(""), some("112.5", "125", "x")),
    },
    key="Policy reference",
)
party_rows = rows_of(
    {
        "Party code": (st.integers(0, 20).map(lambda n: f"P{n}"), some("", "x" * 41)),
        "Party name": (name_text, odd_name),
        "LEI": (some(""), some("5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R13", "x")),
        "Country": (some("GB", "France", ""), some("Atlantis")),
    },
    key="Party code",
)
register_rows = rows_of(
    {
        "Treaty reference": (some("N1", "N2", "T-LO"), some("", "x" * 61)),
        "Layer name": (name_text, odd_name),
        "Layer number": (some("1", "2", ""), some("x", "-1", "1.0")),
        "Reinsurer": (some("ALPHA", "Beta Re", "beta re"), some("Twin", "Nobody")),
        "Occurrence limit": (some("", "0", "unlimited", "1,000"), some("-5", "much")),
        "Signed line": (share_text, odd_share),
        "Lead": (some("Y", "no", ""), some("maybe")),
    },
    key="Reinsurer",
    most=5,
)
scope_rows = rows_of(
    {
        "Treaty reference": (some("T-LO", "T-RA", "TWICE"), some("T-X", "")),
        "Treaty cedant": (some("", "ALPHA"), some("Nobody")),
        "Treaty inception": (some("", "2026-01-01", "2025-01-01"), odd_date),
        "Portfolio": (st.integers(0, 20).map(str), some("", "x" * 41)),
        "Account": (some("", "A"), some("x" * 41)),
        "Policy": (some(""), some("NA")),
        "Location group": (some(""), some("1")),
        "Location": (some("", "L"), some("x" * 41)),
        "Cedant name": (name_text, odd_name),
        "Producer name": (some(""), odd_name),
        "Line of business": (some("", "Property"), some("x" * 81)),
        "Country code": (some("", "NA"), some("x" * 21)),
        "Tag": (some(""), some("n/a")),
        "Risk level": (some("", "POL", "Policy"), some("Planet")),
        "Ceded share": (share_text, odd_share),
    },
    key="Portfolio",
)
rate_rows = rows_of(
    {
        "Base currency": (some("GBP", "usd", "Kuwaiti Dinar"), some("XXQ", "")),
        "Quote currency": (some("EUR", "JPY"), some("XXQ", "-")),
        "Rate date": (good_date.map(str), odd_date),
        "Rate": (some("1.25", "0.0000000001", "2"), odd_amount),
    },
    key="Rate date",
)
event_rows = rows_of(
    {
        "Event code": (st.integers(0, 20).map(lambda n: f"EV{n}"), some("", "x" * 41)),
        "Event name": (name_text.filter(bool), odd_name),
        "Catastrophe code": (some("", "26A"), some("x" * 21)),
        "Peril": (some("", "Wind", "nil"), some("x" * 81)),
        "Date from": (some("", "2026-02-01"), odd_date),
        "Date to": (some("", "2026-02-03"), odd_date),
        "Country": (some("", "NA", "France"), some("Atlantis", "n/a")),
    },
    key="Event code",
)


# -------------------------------------------------------------------- what is there
@pytest.fixture(autouse=True)
def books() -> None:
    for code, name in (("ALPHA", "Alpha Re"), ("BETA", "Beta Re"), ("T1", "Twin")):
        Party.objects.create(code=code, name=name)
    Party.objects.create(code="T2", name="Twin", lei="5493001KJTIIGC8Y1R12")
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
    for year in (2025, 2026):
        Treaty.objects.create(
            **{**period, "inception": datetime.date(year, 1, 1)},
            reference="TWICE",
            cedant=Party.objects.get(code="ALPHA"),
        )
    earlier = Load.objects.create(number=0, record_type="claims", sender=0)
    claim = Claim.objects.create(
        treaty=treaty,
        reference="00001",
        date_of_loss=datetime.date(2026, 2, 1),
        date_closed=datetime.date(2026, 12, 30),
        status_id="CLOSED",
        insured_name="Known",
        load=earlier,
    )
    position = ClaimPosition.objects.create(
        claim=claim,
        currency_id="GBP",
        status_id="CLOSED",
        paid_indemnity=Decimal("10.00"),
        load=earlier,
    )
    ClaimStatement.objects.create(
        position=position,
        load=earlier,
        row=2,
        status_id="CLOSED",
        paid_indemnity_to_date=Decimal("10.00"),
        told=told_by("insured_name", "date_of_loss", "date_closed"),
    )
    TreatyScope.objects.create(treaty=treaty, portfolio="1", ceded_share="0.5")
    ExchangeRate.objects.create(
        base_id="GBP", quote_id="EUR", date=datetime.date(2026, 2, 1), rate="1.2"
    )
    PremiumEntry.objects.create(
        treaty=treaty,
        policy_reference="1",
        effective_date=datetime.date(2026, 2, 1),
        currency_id="GBP",
        gross_premium=Decimal("100.00"),
    )


def told_by(*names: str) -> int:
    """The bits of a statement that told these fields."""
    return sum(1 << FIELDS.index(name) for name in names)


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
                dataset.append([row[name] for name in dataset.headers])
            result = resource().import_data(
                dataset, use_transactions=False, raise_errors=False
            )
            assert not result.base_errors
            lines = list(good)
            refused |= {lines[r.number - 1] for r in result.invalid_rows}
            refused |= {lines[r.number - 1] for r in result.error_rows}
        if only_find:
            transaction.savepoint_rollback(savepoint)
    return refused, state(*models_of(kind))


def models_of(kind: RecordType) -> list[type[models.Model]]:
    """The records that a file of the kind makes."""
    more = [ClaimPosition] if kind.ledger == "claims" else []
    return [*(resource._meta.model for resource in kind.resources), *more]


def agree(kind: RecordType, rows: list[dict[str, str]]) -> None:
    """Both roads, each from the same books, end at the same place."""
    with transaction.atomic():
        expected = by_stock(kind, rows)
        transaction.set_rollback(True)
    with transaction.atomic():
        header = tuple(rows[0])
        table = Table(header, [[row[n] for n in header] for row in rows], chunk=5)
        examined, loaded, _ = run(table, kind)
        found = (
            rejected_rows(examined),
            state(*models_of(kind)),
        )
        assert dict(loaded) == {
            action: count
            for action, count in examined.staged.rows.items()
            if action != "rejected" and count
        }
        transaction.set_rollback(True)
    errors = examined.issues.filter(pl.col("severity") == "error")
    assert found[0] == expected[0], errors.to_dicts()
    for mine, theirs in zip(found[1], expected[1], strict=True):
        both = [record for record in mine if record in theirs]
        left = [[r for r in records if r not in both] for records in (mine, theirs)]
        assert (left, len(mine)) == ([[], []], len(theirs))


hypothesis_settings = settings(
    max_examples=examples.some(12),
    deadline=None,
    derandomize=not examples.is_long_form(),
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
@given(premium_rows)
def test_premiums_told_again_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    kind = record_types.get("premiums")
    header = tuple(rows[0])
    with transaction.atomic():
        run(Table(header, [[row[n] for n in header] for row in rows]), kind)
        agree(kind, rows)
        transaction.set_rollback(True)


@hypothesis_settings
@given(scope_rows)
def test_scopes_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    agree(record_types.get("treaty-scope"), rows)


@hypothesis_settings
@given(rate_rows)
def test_rates_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    agree(record_types.get("exchange-rates"), rows)


@hypothesis_settings
@given(event_rows)
def test_events_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    agree(record_types.get("loss-events"), rows)


@hypothesis_settings
@given(party_rows)
def test_parties_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    held = [row["LEI"] for row in rows if len(row["LEI"]) == 20]
    assume(len(held) == len(set(held)))  # rows that contradict each other
    agree(record_types.get("parties"), rows)


@hypothesis_settings
@given(register_rows)
def test_treaty_registers_as_stock_import_export(rows: list[dict[str, str]]) -> None:
    """Parents are created on the way; terms that rows share are the same in all."""
    common = {"Treaty type": "QS", "Currency": "GBP", "Expiry": "2026-12-31"}
    common |= {"Cedant": "ALPHA", "Inception": "2026-01-01"}
    terms: dict[tuple[str, str], dict[str, str]] = {}
    whole = []
    others = {r["Treaty reference"] for r in rows if r["Layer number"] == "2"}
    for row in rows:
        if row["Treaty reference"] in others and not row["Layer number"]:
            row["Layer number"] = "1"  # which one, is asked where rows tell of others
        number = {"": "1", "1.0": "1"}.get(row["Layer number"], row["Layer number"])
        layer = (row["Treaty reference"], number)
        own = {name: row[name] for name in ("Occurrence limit", "Layer name")}
        whole.append({**common, **row, **terms.setdefault(layer, own)})
    agree(record_types.get("treaties"), whole)
