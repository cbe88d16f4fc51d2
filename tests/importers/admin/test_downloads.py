"""Files that leave: originals, rejected rows, templates."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from importers.models import Ingestion
from importers.record_types import RECORD_TYPES
from tests.importers.admin.conftest import HEADER, claim, csv_of


def content_of(answer) -> bytes:
    return b"".join(answer.streaming_content)


def at(name: str, ingestion: Ingestion) -> str:
    return reverse(f"admin:importers_ingestion_{name}", args=[ingestion.pk])


def test_the_original_is_the_bytes_received(
    as_clerk: Client, sent: Callable[..., Ingestion]
) -> None:
    ingestion = sent(HEADER, claim(), file_name="Schäden “Q2”.csv")
    answer = as_clerk.get(at("original", ingestion))
    assert content_of(answer) == csv_of(HEADER, claim())
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == (
        "attachment; filename*=utf-8''Sch%C3%A4den%20%E2%80%9CQ2%E2%80%9D.csv"
    )


def test_a_file_name_cannot_break_the_header(
    as_clerk: Client, ready: Ingestion
) -> None:
    Ingestion.objects.filter(pk=ready.pk).update(file_name='a"\r\nSet-Cookie: x=1.csv')
    answer = as_clerk.get(at("original", ready))
    assert answer["Content-Disposition"] == (
        'attachment; filename="a\\"Set-Cookie: x=1.csv"'
    )
    answer.close()


def test_rejected_rows_say_what_is_wrong(as_clerk: Client, ready: Ingestion) -> None:
    answer = as_clerk.get(at("rejected_rows", ready))
    text = content_of(answer).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["Claim Ref"], row["Row in the file"]) == ("C-3", "4")
    assert "No contract “B0999” is in the books." in row["What is wrong"]
    assert 'filename="claims - rejected rows.csv"' in answer["Content-Disposition"]


def test_nothing_held_out_is_nothing_to_download(
    as_clerk: Client, loaded: Ingestion
) -> None:
    assert as_clerk.get(at("rejected_rows", loaded)).status_code == 404


def test_a_lost_file_is_not_found(as_clerk: Client, ready: Ingestion) -> None:
    default_storage.delete(ready.original)
    assert as_clerk.get(at("original", ready)).status_code == 404


def template(slug: str, extension: str) -> str:
    return reverse("admin:importers_ingestion_template", args=[slug, extension])


@pytest.mark.parametrize("slug", RECORD_TYPES)
def test_csv_templates_have_every_column(as_clerk: Client, slug: str) -> None:
    answer = as_clerk.get(template(slug, "csv"))
    names = {str(c.column_name) for c in RECORD_TYPES[slug].columns.values()}
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 1
    assert (len(rows[0]), set(rows[0])) == (len(names), names)
    assert answer["Content-Disposition"] == (
        f'attachment; filename="{slug} template.csv"'
    )


@pytest.mark.parametrize("slug", RECORD_TYPES)
def test_excel_templates_explain_every_column(as_clerk: Client, slug: str) -> None:
    answer = as_clerk.get(template(slug, "xlsx"))
    book = load_workbook(io.BytesIO(answer.content))
    kind = RECORD_TYPES[slug]
    assert book.sheetnames == [kind.label, "Fields"]
    header = [cell.value for cell in book[kind.label][1]]
    fields = list(book["Fields"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in fields] == header
    assert all(row[1] in {"Yes", "No"} and row[2] for row in fields)


def test_excel_template_of_treaties_names_the_types(as_clerk: Client) -> None:
    book = load_workbook(io.BytesIO(as_clerk.get(template("treaties", "xlsx")).content))
    first = [cell.value for cell in book["Treaties"][1]][:3]
    assert first == ["Treaty reference", "Treaty name", "Cedant"]
    told = {row[0]: row for row in book["Fields"].iter_rows(values_only=True)}
    assert told["Treaty reference"][1] == "Yes"
    assert told["Treaty type"][2].startswith("One of: Facultative, Quota share")
    assert told["Inception"][2] == "Date, such as 2026-04-30"


def test_a_template_can_be_handed_in_when_filled(
    as_clerk: Client, sent: Callable[..., Ingestion]
) -> None:
    answer = as_clerk.get(template("parties", "csv"))
    filled = answer.content + b"X1,Xenon Re,,FR\r\n"
    ingestion = sent(blocks=[filled], record_type="parties", file_name="p.csv")
    assert (ingestion.status, ingestion.rows_created) == ("ready", 1)


@pytest.mark.parametrize(("slug", "extension"), [("nothing", "csv"), ("claims", "pdf")])
def test_there_are_no_other_templates(
    as_clerk: Client, slug: str, extension: str
) -> None:
    assert as_clerk.get(template(slug, extension)).status_code == 404


def test_rejected_rows_hold_no_formula(
    sent: Callable[..., Ingestion], as_clerk: Client
) -> None:
    held = sent(
        [*HEADER, "=HYPERLINK(1)"],
        [*claim("@SUM(1)", Insured="=1+1"), "+cmd"],
        [*claim("-2+3", **{"Date of Loss": "=31/02/2026"}), "-5"],
    )
    answer = as_clerk.get(at("rejected_rows", held))
    content = content_of(answer).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0][len(HEADER)] == "'=HYPERLINK(1)"
    assert len(rows) == 2
    assert rows[1][1] == "'-2+3"
    assert rows[1][len(HEADER)] == "-5"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@"))]
    stream = as_clerk.get(f"/api/v1/ingestions/{held.pk}/rows/?format=csv")
    text = b"".join(stream).decode()
    assert "'@SUM(1)" in text
    assert ",=" not in text


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "/etc/passwd", "C:\\Windows\\win.ini", "a\r\nX-Evil: 1.csv",
        "\u202egnp.exe.csv", "x" * 300 + ".csv", "CON.csv", ".htaccess.csv", "a\0b.csv",
        'a"; filename="b.html', "<script>alert(1)</script>.csv",
    ],
)  # fmt: skip
def test_names_of_files_are_text_and_no_paths(
    name: str,
    sent: Callable[..., Ingestion],
    as_clerk: Client,
    storage_dir: Path,
    tmp_path: Path,
) -> None:
    kept = sent(HEADER, claim("C-1"), file_name=name.replace("\0", ""), to="received")
    assert [p.name for p in storage_dir.rglob("*") if p.is_file()] == [kept.sha256]
    assert kept.original == f"originals/{kept.sha256[:2]}/{kept.sha256}"
    answer = as_clerk.get(at("original", kept))
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert "\n" not in answer["Content-Disposition"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "X-Evil" not in answer
    assert content_of(answer) == csv_of(HEADER, claim("C-1"))
    page = as_clerk.get(f"/admin/importers/ingestion/{kept.pk}/change/")
    assert "<script>alert" not in page.content.decode()
