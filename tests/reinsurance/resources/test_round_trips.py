"""Guards are undone for any text, and exports say what the import understands."""

import io
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook
from tablib import Dataset

from importers import record_types
from importers.pipeline.clean import guards_of
from importers.pipeline.match import match
from reinsurance.models import Claim, ClaimPosition, Country, Party, Treaty
from reinsurance.resources.claims import ClaimResource
from reinsurance.resources.formats import SafeXLSX, as_written, harmless, unguarded
from reinsurance.resources.movements import ClaimPositionResource
from reinsurance.resources.register_exports import (
    LayerRegister,
    ParticipationRegister,
    TreatyRegister,
)

texts = st.text(
    st.one_of(st.sampled_from("'=+-@\t\r\n5,.% a＝"), st.characters(codec="utf-8")),  # noqa: RUF001
    max_size=8,
)


@given(texts)
def test_a_guard_is_undone(text: str) -> None:
    safe = harmless(text)
    assert as_written(safe) == text
    assert pl.select(unguarded(pl.lit(safe))).item() == text


@given(texts)
def test_a_column_is_unguarded_as_a_cell(text: str) -> None:
    assert pl.select(unguarded(pl.lit(text))).item() == as_written(text)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("-5", "-5"),
        ("'-5", "'-5"),
        ("'t Hooft", "'t Hooft"),
        ("-", "'-"),
        ("'", "'"),
    ],
)
def test_how_texts_are_guarded(text: str, safe: str) -> None:
    assert harmless(text) == safe


@pytest.mark.parametrize(
    ("header", "guards"),
    [
        (("UMR", "Claim reference", "Currency"), 0),
        (("Treaty reference", "Claim reference", "Currency"), 1),
        (("Currency", "Comment", "Claim reference", "Treaty reference"), 1),
        (("UMR", "Claim ref", "Ccy", "Row in the file", "What is wrong"), 1),
        (("UMR", "Row in the file", "What is wrong", "Row in the file 2"), 2),
        (("Treaty reference", "Claim reference", "Currency", "Row in the file"), 2),
    ],
)
def test_what_we_have_guarded(header: tuple[str, ...], guards: int) -> None:
    assert guards_of(header, record_types.get("claims")) == guards


def sheet_of(*rows: list[object]) -> bytes:
    content: bytes = SafeXLSX().export_data(Dataset(*rows, headers=["a", "b"]))
    return content


@given(texts)
@example(" ")
@example("\t\n")
@example(" a ")
def test_excel_keeps_texts(text: str) -> None:
    content = sheet_of([text.replace("\0", ""), "x"])
    read = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    assert read.to_python()[1][0] == harmless(text.replace("\0", ""))


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        (Decimal("1234567890123456.7891"), "1234567890123456.7891"),
        (Decimal("12345678901.2340"), 12345678901.234),
        (Decimal("0.0000000001"), 1e-10),
        (7, 7),
    ],
)
def test_excel_keeps_numbers(number: Decimal | int, kept: object) -> None:
    sheet = load_workbook(io.BytesIO(sheet_of([number, "x"]))).active
    assert sheet["A2"].value == kept


@pytest.mark.django_db
def test_na_is_a_country_and_nothing_elsewhere() -> None:
    country = record_types.get("parties").columns["country"].widget
    assert Country.objects.filter(pk="NA").exists()
    cells = ("NA", "na", "N/A", "n/a", "nil", "-")
    assert [country.clean(text) for text in cells] == ["NA", *[None] * 5]
    assert list(country.parse_many(cells).values()) == ["NA", *[None] * 5]


@pytest.mark.django_db
def test_a_party_may_be_called_nil() -> None:
    nil = Party.objects.create(code="NIL", name="None")
    cedant = record_types.get("treaties").columns["cedant"].widget
    assert cedant.clean("NIL") == nil.pk
    assert cedant.clean("nil") is None
    assert cedant.clean("None") is None
    assert cedant.parse_many(["NIL", "-", "none"]) == {
        "NIL": nil.pk,
        "-": None,
        "none": None,
    }


# ------------------------------------------------------------------------- the columns
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("resource", "slug"),
    [
        *(
            (r, k.slug)
            for k in record_types.RECORD_TYPES.values()
            for r in k.resources[:1]
        ),
        (TreatyRegister, "treaties"),
        (LayerRegister, "treaties"),
        (ParticipationRegister, "treaties"),
        (ClaimPositionResource, "claims"),
    ],
)
def test_headers_of_an_export_are_our_own(resource: type, slug: str) -> None:
    kind = record_types.get(slug)
    header = resource().export().headers
    found = match(header, kind)
    assert found.is_settled
    names = {str(column.column_name): name for name, column in kind.columns.items()}
    assert {m.header: m.field for m in found.columns} == {h: names[h] for h in header}
    assert guards_of(header, kind) == 1


@pytest.fixture
def position(db: None) -> ClaimPosition:
    treaty = Treaty.objects.create(reference="T", treaty_type="QS", currency_id="GBP")
    claim = Claim.objects.create(
        treaty=treaty,
        reference="C",
        status_id="OPEN",
        details={"Plan": "A", "Notes": "B"},
    )
    return ClaimPosition.objects.create(
        claim=claim,
        section="1",
        currency_id="KWD",
        period_end="2026-06-30",
        paid_indemnity=Decimal("1.125"),
        paid_fees=50,
        paid_tpa=20,
        paid_expenses=10,
        reserve_fees=7,
    )


def test_a_claim_is_exported_position_by_position(position: ClaimPosition) -> None:
    ClaimPosition.objects.create(claim=position.claim, currency_id="EUR")
    second, first = ClaimResource().export(Claim.objects.all()).dict
    assert (first["Section"], first["Currency"], second["Currency"]) == (
        "1",
        "KWD",
        "EUR",
    )
    assert first["Claim status"] == ""  # nobody told this position's
    assert first["Paid to date, indemnity"] == Decimal("1.125")
    assert first["Paid to date, TPA fees"] == 20
    assert first["Paid to date, fees of no kind"] == 20
    assert first["Reserve, fees of no kind"] == ""
    assert first["Reporting period end"] == "2026-06-30"
    assert first["Incurred"] == Decimal("58.125")
    assert (first["Plan"], second["Notes"]) == ("A", "B")
    assert "Claimant Name" not in first
    assert "Paid this period, indemnity" not in first
    assert ClaimPositionResource().export().dict == [second, first]


def test_a_claim_without_money_is_not_lost(position: ClaimPosition) -> None:
    Claim.objects.create(treaty=position.claim.treaty, reference="D", status_id="OPEN")
    rows = ClaimResource().export().dict
    assert {row["Claim reference"]: row["Currency"] for row in rows} == {
        "C": "KWD",
        "D": "",
    }
