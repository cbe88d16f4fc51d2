"""What the lists export, handed in again, changes nothing; whatever the books hold."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from openpyxl import Workbook, load_workbook

from importers import record_types
from importers.models import Ingestion
from importers.pipeline import storage
from importers.services import ingestions, work
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

pytestmark = pytest.mark.django_db

EXPORTS = {
    "party": "parties",
    "treaty": "treaties",
    "layer": "treaties",
    "participation": "treaties",
    "treatyscope": "treaty-scope",
    "premiumentry": "premiums",
    "claim": "claims",
    "claimposition": "claims",
    "exchangerate": "exchange-rates",
    "lossevent": "loss-events",
}
FORMATS = {"csv": "0", "xlsx": "1"}
NAMES = (
    "=HYPERLINK(1)", "+49 Re", "-Minus", "@home", "'t Hooft", "'=x", "''-y", "'-5",
    "NA", "N/A", "nil", "None", "null", "-", "Total", "00042", "-5", "+5", "1e5",
    "TRUE", "2026-01-02", "12,5", 'say "x"', "a,b;c", "two\nlines", "two\r\nlines",
    "Zürich 日本", "O'Hara'", "(12)", "#N/A", "5%", "‘quoted’", "x\ty", "bell\a",
    "_x000D_",
)  # fmt: skip


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="root-password"))
    return client


def hand_in(content: bytes | str, slug: str, name: str, **more: object) -> Ingestion:
    """Check a file, and load it where it is ready."""
    data = content.encode() if isinstance(content, str) else content
    number = ingestions.submit(
        blocks=iter([data]),
        file_name=name,
        record_type=slug,
        source=more.pop("source", None) or ingestions.source_of(None),  # type: ignore[arg-type]
        door="test",
        enqueue=False,
        **more,  # type: ignore[arg-type]
    ).pk
    work.check(number)
    return Ingestion.objects.get(pk=number)


def load(ingestion: Ingestion) -> Ingestion:
    assert ingestion.status == "ready", told(ingestion)
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", told(ingestion)
    return ingestion


def told(ingestion: Ingestion) -> list[object]:
    issues = ingestion.issues.values_list("row", "column", "value", "code", "message")
    return [ingestion.status, ingestion.message, ingestion.preview, *issues[:20]]


def csv_of(*rows: dict[str, object]) -> str:
    text = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def exported(browser: Client, model: str, kind: str, query: str = "") -> bytes:
    url = f"/admin/reinsurance/{model}/export/{query}"
    answer = browser.post(url, {"format": FORMATS[kind], "resource": "0"})
    assert answer.status_code == 200
    return answer.content


def books() -> dict[str, list[dict[str, object]]]:
    """All that people see of the books."""
    kinds = (
        Party, Treaty, Layer, Participation, TreatyScope, PremiumEntry, Claim,
        ClaimPosition, ExchangeRate, LossEvent,
    )  # fmt: skip
    hidden = {"updated_at", "load_id"}
    # A premium told again is an entry that takes the place of the one before.
    of_entries = {"id", "created_at", "row", "told"}
    return {
        kind.__name__: [
            {
                name: value
                for name, value in row.items()
                if name not in hidden
                and (kind is not PremiumEntry or name not in of_entries)
            }
            for row in kind.objects.order_by("pk").values()
        ]
        for kind in kinds
    }


# ------------------------------------------------------------------------- the books
@pytest.fixture
def world(db: None) -> None:
    """Odd records of every kind, money by statements of several months."""
    _parties()
    _contracts()
    _premiums()
    _claims()


def _parties() -> None:
    for number, name in enumerate(NAMES):
        Party.objects.create(code=f"{number:04d}", name=name, country_id="NA")
    Party.objects.create(code="NIL", name="Nil")
    Party.objects.create(code="NA", name="N/A", lei="5493001KJTIIGC8Y1R12")
    Party.objects.create(code="N/A", name="None")
    Party.objects.create(code="=1+1", name="Twin")
    Party.objects.create(code="T2", name="Twin", country_id="GB")
    for number, name in enumerate(NAMES):
        LossEvent.objects.create(
            code=name[:40],
            name=name,
            peril=NAMES[-number],
            country_id="NA" if number % 2 else None,
            date_from=datetime.date(2026, 1, 2) if number % 3 else None,
        )
    day = datetime.date(2026, 6, 30)
    for base, rate in (("USD", "0.9234567891"), ("KWD", "0.0000000123"), ("JPY", "2")):
        ExchangeRate.objects.create(
            base_id=base, quote_id="EUR", date=day, rate=Decimal(rate)
        )
    ExchangeRate.objects.create(
        base_id="EUR", quote_id="JPY", date=day, rate=Decimal("9999999999.1234567891")
    )


def _contracts() -> None:
    nil = Party.objects.get(code="NIL")
    na = Party.objects.get(code="NA")
    for year in (2025, 2026):  # renewals under one number
        treaty = Treaty.objects.create(
            reference="0001",
            name="=Renewed" if year == 2026 else "",
            cedant=nil,
            broker=na,
            treaty_type="QS",
            basis="LO" if year == 2026 else "",
            inception=datetime.date(year, 1, 1),
            expiry=datetime.date(year, 12, 31),
            year_of_account=year,
            currency_id="KWD",
            territories="NA",
            perils="two\nlines",
            premium_income_limit=Decimal("1234567890123456.789"),
            brokerage=Decimal("0.02500001"),
        )
        for number in (1, 2):
            layer = Layer.objects.create(
                treaty=treaty,
                number=number,
                name="" if number == 1 else "+Second",
                ceded_share=Decimal("0.33333333"),
                occurrence_attachment=Decimal(1000 * number),
                occurrence_limit=Decimal("0.125") if number == 2 else Decimal(1000),
                reinstatements=2 if number == 2 else None,
                reinstatement_charges="0.5;1" if number == 2 else "",
                risk_level="POL" if number == 1 else "",
                placed_share=Decimal("0.175"),
                inuring_priority=number,
            )
            for code, line in (("NA", "0.1"), ("N/A", "0.07500001"), ("=1+1", None)):
                Participation.objects.create(
                    layer=layer,
                    reinsurer=Party.objects.get(code=code),
                    signed_line=line,
                    written_line=line,
                    is_lead=code == "N/A",
                )
        TreatyScope.objects.create(
            treaty=treaty, portfolio="NA", country_code="NA", cedant_name="=Nil"
        )
        TreatyScope.objects.create(treaty=treaty, ceded_share=Decimal("0.12345678"))
    for inception in (datetime.date(2026, 1, 1), datetime.date(2026, 7, 1)):
        Treaty.objects.create(  # told apart by inception alone; no layer
            reference="@TWICE",
            inception=inception,
            treaty_type="XL",
            currency_id="JPY",
            cedant=na,
            name="No layers",
        )
    lone = Treaty.objects.create(
        reference="BARE", treaty_type="BINDER", currency_id="USD"
    )
    Layer.objects.create(treaty=lone, number=7)


def _premiums() -> None:
    common = {"Treaty reference": "0001", "Year of account": "2026"}
    rows = []
    for number, name in enumerate(NAMES):
        rows.append(
            {
                **common,
                "Policy reference": f"{number:05d}" if number % 2 else name[:60],
                "Certificate reference": "" if number % 3 else "00007",
                "Section": "01" if number % 5 == 0 else "",
                "Instalment number": number % 4 or "",
                "Premium transaction type": "Return" if number == 6 else "",
                "Effective date": "2026-03-01",
                "Insured": name,
                "Country of risk": "NA" if number % 2 else "",
                "Original currency": "KWD" if number % 2 else "EUR",
                "Gross premium this time": "-5.125" if number == 6 else "1234.5",
                "Commission %": "10%" if number % 2 else "",
                "Sum insured": "1234567890123456" if number == 3 else "",
                "Notes": name,
                "Agreement No": "AG-1" if number == 4 else "",
            }
        )
    rows[6]["Original currency"] = "KWD"
    for month in ("2026-03-31", "2026-04-30"):
        told_here = [{**row, "Reporting period end": month} for row in rows]
        load(hand_in(csv_of(*told_here), "premiums", f"{month}.csv"))
    changed = {**rows[1], "Reporting period end": "2026-04-30", "Taxes and levies": "7"}
    load(hand_in(csv_of(changed), "premiums", "again.csv", declared="additional"))
    two = {
        **rows[1],
        "Year of account": "",
        "Treaty reference": "@TWICE",
        "Treaty inception": "2026-07-01",
        "Reporting period end": "2026-04-30",
        "Original currency": "JPY",
        "Gross premium this time": "100",
        "Commission %": "",
    }
    load(hand_in(csv_of(two), "premiums", "twice.csv"))


def _claims() -> None:
    common = {"UMR": "0001", "Year of account": "2026"}
    may, june = [], []
    for number, name in enumerate(NAMES):
        row = {
            **common,
            "Claim reference": f"{number:05d}" if number % 2 else name[:60],
            "Section": "01" if number % 5 == 0 else "",
            "Currency": "KWD" if number % 2 else "EUR",
            "Insured": name,
            "Loss event": name[:40] if number % 4 == 0 else "",
            "Loss description": name,
            "Country of loss": "NA" if number % 2 else "",
            "Date of loss": "2026-02-01",
            "Claimant Name": name,
            "Notes": "" if number % 2 else name,
            "Claim status": "" if number % 3 else "Open",
        }
        may.append(
            {
                **row,
                "Reporting period end": "2026-05-31",
                "Paid this period, indemnity": "10.125" if number % 2 else "10",
                "Paid this period, fees": "9",
                "Paid this period, expenses": "9" if number % 7 == 0 else "",
                "Reserve, indemnity": "5" if number % 3 else "",
                "Reserve, TPA fees": "2.5" if number % 4 == 1 else "",
                "Previously paid, indemnity": "3" if number % 6 == 0 else "",
            }
        )
        june.append(
            {
                **row,
                "Insured": f"{name} Ltd",
                "Reporting period end": "2026-06-30",
                "Paid to date, indemnity": "40" if number % 4 == 0 else "",
                "Paid this period, indemnity": "2" if number % 4 else "",
                "Paid this period, fees": "1" if number % 2 else "",
                "Paid this period, expenses": "" if number % 2 else "1",
                "Recoveries received to date": "1" if number % 5 == 0 else "",
                "Amount claimed": "99" if number % 5 == 0 else "",
            }
        )
    several = [
        {
            **may[2],
            "Claim reference": "SEV",
            "Section": s,
            "Currency": c,
            "Insured": "Nil",
        }
        for s, c in (("1", "EUR"), ("2", "EUR"), ("1", "KWD"))
    ]
    load(hand_in(csv_of(*may, *several), "claims", "may.csv"))
    load(
        hand_in(
            csv_of(*june, {**several[1], "Reporting period end": "2026-06-30"}),
            "claims",
            "june.csv",
        )
    )
    undated = {
        "UMR": "@TWICE", "Treaty inception": "2026-07-01", "Claim reference": "LONE",
        "Currency": "JPY", "Paid to date, indemnity": "100", "Claim status": "Closed",
        "Date closed": "2026-08-01",
    }  # fmt: skip
    load(hand_in(csv_of(undated), "claims", "lone.csv"))
    load(
        hand_in(
            csv_of(
                {
                    **undated,
                    "Claim reference": "LONE 2",
                    "Treaty inception": "2026-01-01",
                }
            ),
            "claims",
            "other.csv",
        )
    )


# ------------------------------------------------------------------------- the exports
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("model", EXPORTS)
def test_an_export_handed_in_again_changes_nothing(
    world: None, browser: Client, model: str, kind: str
) -> None:
    slug = EXPORTS[model]
    content = exported(browser, model, kind)
    before = books()
    checked = hand_in(content, slug, f"again.{kind}", declared="additional")
    assert checked.rows_unchanged == checked.rows_read > 0, told(checked)
    breaches = checked.issues.filter(severity="breach")
    assert not breaches.filter(code="left_the_panel").exists()
    load(checked)
    assert checked.rows_unchanged == checked.rows_read
    assert books() == before


@pytest.mark.parametrize("model", ["participation", "layer"])
def test_a_filtered_register_leaves_nobody_out(
    world: None, browser: Client, model: str
) -> None:
    query = "?is_lead__exact=1" if model == "participation" else "?q=0001"
    before = books()
    content = exported(browser, model, "csv", query)
    checked = load(hand_in(content, "treaties", "some.csv"))
    assert checked.rows_unchanged == checked.rows_read > 1
    assert books() == before


# --------------------------------------------------------------------- rows held out
def test_rows_held_out_come_back_as_they_were_written(world: None) -> None:
    """A sender's real apostrophe stays; ours is undone, however often."""
    names = ("=1+1", "'=1+1", "'t Hooft", "-", "@x", "'-5", "''=y")
    rows = [
        {"UMR": "0001", "Claim Ref": f"X{n}", "Ccy": "XXQ", "Insured": name}
        for n, name in enumerate(names)
    ]
    good = {"UMR": "BARE", "Claim Ref": "Y", "Ccy": "USD", "Insured": "'=real"}
    first = load(hand_in(csv_of(*rows, good), "claims", "first.csv"))
    assert first.rows_rejected == len(names)
    assert Claim.objects.get(reference="Y").insured_name == "'=real"
    second = hand_in(rejected(first), "claims", "second.csv", declared="additional")
    assert second.rows_rejected == len(names), told(second)
    third = rejected(second).replace("XXQ", "USD").replace("0001", "BARE")
    done = load(hand_in(third, "claims", "third.csv", declared="additional"))
    assert done.rows_created == len(names), told(done)
    found = Claim.objects.filter(reference__startswith="X").order_by("reference")
    assert [claim.insured_name for claim in found] == list(names)


def test_rows_of_an_export_that_are_held_out(world: None, browser: Client) -> None:
    content = exported(browser, "party", "csv").decode()
    broken = content.replace('"NA"', '"Atlantis"')
    first = hand_in(broken, "parties", "broken.csv")
    assert first.rows_rejected > 20
    mended = rejected(first).replace("Atlantis", "NA")
    again = hand_in(mended, "parties", "mended.csv")
    assert again.rows_unchanged == again.rows_read == first.rows_rejected, told(again)


def rejected(ingestion: Ingestion) -> str:
    """The CSV of the rows held out."""
    with storage.local(ingestion.rejected) as path:
        return path.read_bytes().decode("utf-8-sig")


# ------------------------------------------------------------------------ the templates
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
