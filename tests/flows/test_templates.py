"""The templates of the upload page, filled in, load as typed."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from openpyxl import Workbook, load_workbook

from importers import record_types
from reinsurance.ledger.amounts import POSITION
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ExchangeRate,
    Layer,
    LossEvent,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
    TreatyScope,
)
from reinsurance.resources.base import Column
from reinsurance.resources.widgets import DecimalWidget, ShareWidget
from tests.flows.hand_ins import FORMATS, books, csv_of, hand_in, load, told

pytestmark = pytest.mark.django_db

FEES = ("expenses", "attorney", "adjusters", "defence", "tpa")
FILLED: dict[str, dict[str, str]] = {
    "parties": {
        "party_code": "P9", "party_name": "Ninth Re", "lei": "5493001KJTIIGC8Y1R12",
        "country": "NA",
    },
    "treaties": {
        "treaty_reference": "B1", "treaty_name": "Whole", "cedant": "CED",
        "broker": "BRO", "treaty_type": "CXL", "basis": "LO", "inception": "2026-01-01",
        "expiry": "2026-12-31", "currency": "GBP", "line_of_business": "Property",
        "territories": "UK", "perils": "Wind", "year_of_account": "2026",
        "treaty_brokerage": "0.02", "layer_number": "3", "layer_name": "Third",
        "risk_level": "POL", "reinstatements": "1", "reinstatement_charges": "1",
        "aggregate_period_days": "365", "inuring_priority": "2", "reinsurer": "CED",
        "is_lead": "Yes",
    },
    "treaty-scope": {
        "treaty_reference": "T", "treaty_cedant": "CED",
        "treaty_inception": "2026-01-01",
        "scope_risk_level": "LOC", "country_code": "NA",
    },
    "premiums": {
        "treaty_reference": "T", "treaty_cedant": "CED",
        "treaty_inception": "2026-01-01",
        "year_of_account": "2026", "transaction_type": "Original",
        "effective_date": "2026-02-01", "expiry_date": "2026-12-31",
        "risk_inception": "2026-02-01", "risk_expiry": "2026-12-31",
        "line_of_business": "Property", "country": "NA", "currency": "GBP",
        "gross_premium": "1000", "commission_rate": "0.1", "commission": "100",
        "brokerage_rate": "0.05", "brokerage": "50", "other_fees": "1", "taxes": "2",
        "net_premium": "900", "settlement_currency": "USD", "rate_of_exchange": "2",
        "net_premium_settlement": "1800", "amounts_are": "whole",
        "sum_insured_currency": "GBP", "instalments": "4", "instalment_number": "1",
        "period_start": "2026-02-01", "period_end": "2026-02-28",
    },
    "claims": {
        "treaty_reference": "T", "treaty_cedant": "CED",
        "treaty_inception": "2026-01-01",
        "year_of_account": "2026", "loss_event": "EV", "country": "NA",
        "date_of_loss": "2026-02-01", "date_of_loss_to": "2026-02-02",
        "date_notified": "2026-02-03", "date_opened": "2026-02-03",
        "date_closed": "2026-02-20", "policy_inception": "2026-01-01",
        "policy_expiry": "2026-12-31", "claim_status": "Closed", "currency": "GBP",
        "period_start": "2026-02-01", "period_end": "2026-02-28",
        "paid_indemnity": "100", "paid_indemnity_this_period": "30",
        "paid_indemnity_previously": "70", "paid_fees": "50",
        "paid_fees_this_period": "5", "paid_fees_previously": "45",
        "paid_unallocated": "0", "reserve_indemnity": "20", "reserve_fees": "11",
        "reserve_unallocated": "1", "incurred_indemnity": "120", "incurred_fees": "61",
        "incurred": "181", "recovered": "8", "recovered_this_period": "3",
        **{f"paid_{kind}": "10" for kind in FEES},
        **{f"paid_{kind}_this_period": "1" for kind in FEES},
        **{f"paid_{kind}_previously": "9" for kind in FEES},
        **{f"reserve_{kind}": "2" for kind in FEES},
    },
    "exchange-rates": {
        "base_currency": "GBP", "quote_currency": "KWD", "rate_date": "2026-06-30",
        "rate": "0.4",
    },
    "loss-events": {
        "date_from": "2026-02-01", "date_to": "2026-02-03", "country": "NA",
    },
}  # fmt: skip
MODELS = {
    "parties": (Party,),
    "treaties": (Treaty, Layer, Participation),
    "treaty-scope": (TreatyScope,),
    "premiums": (PremiumEntry,),
    "claims": (Claim,),
    "exchange-rates": (ExchangeRate,),
    "loss-events": (LossEvent,),
}


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="root-password"))
    return client


@pytest.fixture
def ground(db: None) -> None:
    """What the templates refer to."""
    cedant = Party.objects.create(code="CED", name="Cedant")
    Party.objects.create(code="BRO", name="Broker")
    Treaty.objects.create(
        reference="T",
        cedant=cedant,
        treaty_type="QS",
        currency_id="GBP",
        basis="LO",
        inception=datetime.date(2026, 1, 1),
        expiry=datetime.date(2026, 12, 31),
        year_of_account=2026,
    )
    LossEvent.objects.create(code="EV", name="Event")


def plausible(slug: str, name: str, column: Column) -> str:
    """A value for a column of a template."""
    if name in FILLED[slug]:
        return FILLED[slug][name]
    if isinstance(column.widget, ShareWidget):
        return "0.25"
    if isinstance(column.widget, DecimalWidget):
        return "12.5"
    return f"{name}"[:20]


def template(browser: Client, slug: str, extension: str) -> list[str]:
    """The header of the template that the upload page offers."""
    answer = browser.get(f"/admin/importers/ingestion/template/{slug}.{extension}")
    assert answer.status_code == 200
    if extension == "xlsx":
        sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
        return [str(cell.value) for cell in sheet[1]]
    return next(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def excel_of(header: list[str], row: dict[str, str]) -> bytes:
    book = Workbook()
    book.active.append(header)
    book.active.append([row.get(name, "") for name in header])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("slug", FILLED)
def test_a_template_filled_in_loads_as_typed(
    ground: None, browser: Client, slug: str, kind: str
) -> None:
    record_type = record_types.get(slug)
    header = template(browser, slug, kind)
    row = {
        str(column.column_name): plausible(slug, name, column)
        for name, column in record_type.columns.items()
    }
    assert list(row) == header
    content = csv_of(row) if kind == "csv" else excel_of(header, row)
    loaded = load(hand_in(content, slug, f"template.{kind}"))
    assert (loaded.rows_read, loaded.rows_created) == (1, 1), told(loaded)
    records = [model.objects.latest("pk") for model in MODELS[slug]]
    for resource, record in zip(record_type.resources, records, strict=True):
        for name, column in resource.columns().items():
            if not column.attribute or column.column_name in CHECKED_BELOW:
                continue
            typed = row[str(column.column_name)]
            value = column.widget.render(column.get_value(record))
            widget = column.widget
            if column.shows:
                assert str(value) == typed, name
            else:
                assert widget.clean(str(value)) == widget.clean(typed) != None, name  # noqa: E711
    details = getattr(records[0], "details", None)
    if details is not None:
        further = [n for n in record_type.columns if n.startswith("further_")]
        labels = [str(record_type.columns[n].column_name) for n in further]
        assert details == {label: row[label] for label in labels}
    if slug == "claims":
        _position_as_typed(row)


CHECKED_BELOW = {"Treaty reference"}


def _position_as_typed(row: dict[str, str]) -> None:
    (position,) = ClaimPosition.objects.all()
    columns = record_types.get("claims").columns
    for name in POSITION:
        typed = row[str(columns[name].column_name)]
        assert getattr(position, name) == Decimal(typed), name
    assert (position.section, position.risk_code) == ("section", "risk_code")
    assert position.period_end == datetime.date(2026, 2, 28)
    assert position.status_id == "CLOSED"


@pytest.mark.parametrize("slug", FILLED)
def test_columns_left_empty_say_nothing(
    ground: None, browser: Client, slug: str
) -> None:
    """First all is told, then the keys alone, in the same template."""
    record_type = record_types.get(slug)
    row = {
        str(column.column_name): plausible(slug, name, column)
        for name, column in record_type.columns.items()
    }
    load(hand_in(csv_of(row), slug, "whole.csv"))
    before = books()
    keys = {
        *record_type.required,
        *(n for resource in record_type.resources for n in resource.key()),
        *("section", "risk_code", "currency", "period_end", "reinsurer"),
    }
    labels = {str(c.column_name) for n, c in record_type.columns.items() if n in keys}
    bare = {label: text if label in labels else "" for label, text in row.items()}
    again = load(hand_in(csv_of(bare), slug, "bare.csv", declared="additional"))
    assert again.rows_unchanged == again.rows_read == 1, told(again)
    assert books() == before
