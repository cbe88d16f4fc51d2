"""Export and the import button of the lists."""

import csv
import io
from decimal import Decimal

import pytest
from django.test import Client
from openpyxl import load_workbook
from pytest import MonkeyPatch

from reinsurance.admin import base
from reinsurance.models import Claim, Party

EXPORTED = (
    "party", "treaty", "layer", "participation", "treatyscope", "premiumentry",
    "claim", "claimposition", "lossevent", "exchangerate",
)  # fmt: skip
IMPORTED = {
    "party": "parties",
    "treaty": "treaties",
    "treatyscope": "treaty-scope",
    "premiumentry": "premiums",
    "claim": "claims",
    "lossevent": "loss-events",
    "exchangerate": "exchange-rates",
}


@pytest.mark.parametrize("name", EXPORTED)
def test_lists_are_exported_as_csv_and_excel(
    as_clerk: Client, book: Claim, name: str
) -> None:
    url = f"/admin/reinsurance/{name}/export/"
    assert as_clerk.get(url).status_code == 200
    text = as_clerk.post(url, {"format": "0", "resource": "0"}).content.decode()
    rows = list(csv.reader(io.StringIO(text)))
    excel = as_clerk.post(url, {"format": "1", "resource": "0"}).content
    sheet = load_workbook(io.BytesIO(excel)).active
    assert [cell.value for cell in sheet[1]] == rows[0]
    assert sheet.max_row == len(rows) > 1


def test_formulas_are_made_harmless(as_clerk: Client, book: Claim) -> None:
    url = "/admin/reinsurance/claim/export/"
    text = as_clerk.post(url, {"format": "0", "resource": "0"}).content.decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["Insured"] == "'=HYPERLINK(1)"
    assert row["Claim reference"] == "C-00123"
    excel = as_clerk.post(url, {"format": "1", "resource": "0"}).content
    sheet = load_workbook(io.BytesIO(excel)).active
    cells = dict(zip((c.value for c in sheet[1]), sheet[2], strict=True))
    assert cells["Insured"].data_type == "s"


def test_positions_are_exported_with_all_their_amounts(
    as_clerk: Client, book: Claim
) -> None:
    url = "/admin/reinsurance/claimposition/export/"
    text = as_clerk.post(url, {"format": "0", "resource": "0"}).content.decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["Claim reference"] == "C-00123"
    assert (row["Section"], row["Risk code"], row["Currency"]) == ("1", "XL", "USD")
    assert Decimal(row["Paid to date, indemnity"]) == 1500
    assert row["Paid to date, TPA fees"] == ""
    assert Decimal(row["Incurred"]) == 1750
    assert (row["Insured"], row["Claimant Name"]) == ("'=HYPERLINK(1)", "J Doe")
    excel = as_clerk.post(url, {"format": "1", "resource": "0"}).content
    sheet = load_workbook(io.BytesIO(excel)).active
    cells = dict(zip((c.value for c in sheet[1]), sheet[2], strict=True))
    assert cells["Paid to date, indemnity"].value == 1500


@pytest.mark.parametrize("name", ["treaty", "layer", "participation"])
def test_contracts_are_exported_as_a_register(
    as_clerk: Client, book: Claim, name: str
) -> None:
    url = f"/admin/reinsurance/{name}/export/"
    text = as_clerk.post(url, {"format": "0", "resource": "0"}).content.decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Treaty reference"], row["Cedant"]) == ("B0001", "ANDES")
    assert (row["Layer number"], row["Reinsurer"], row["Lead"]) == ("1", "ALPHA", "Yes")
    assert Decimal(row["Signed line"]) == Decimal("0.175")


def test_the_export_is_filtered_as_the_list(as_clerk: Client, book: Claim) -> None:
    url = "/admin/reinsurance/party/export/?q=ALPH"
    page = as_clerk.get(url)
    assert b'action=""' in page.content
    text = as_clerk.post(url, {"format": "0", "resource": "0"}).content.decode()
    assert [row["Party code"] for row in csv.DictReader(io.StringIO(text))] == ["ALPHA"]


def test_too_many_rows_are_refused(
    as_clerk: Client, book: Claim, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MOST_EXPORTED", 1)
    url = "/admin/reinsurance/party/"
    answer = as_clerk.post(f"{url}export/?q=A", {"format": "0", "resource": "0"})
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?q=A")
    assert Party.objects.count() == 2


def test_the_export_needs_a_sign_in(client: Client, book: Claim) -> None:
    answer = client.post("/admin/reinsurance/claim/export/", {"format": "0"})
    assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("name", IMPORTED)
def test_the_import_button_presets_the_type(
    as_clerk: Client, book: Claim, name: str
) -> None:
    page = as_clerk.get(f"/admin/reinsurance/{name}/").content.decode()
    link = f'href="/admin/importers/ingestion/upload/?type={IMPORTED[name]}"'
    assert link in page
    assert f'href="/admin/reinsurance/{name}/export/' in page


def test_lists_without_files_have_no_import_button(
    as_clerk: Client, book: Claim
) -> None:
    for name in ("layer", "claimposition", "currency", "bordereau"):
        page = as_clerk.get(f"/admin/reinsurance/{name}/").content.decode()
        assert "ingestion/upload/?type=" not in page
