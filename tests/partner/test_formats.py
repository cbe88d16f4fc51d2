"""The partner itself: other formats, rates by date, and filters."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from xml.etree import ElementTree

import pytest
import requests

from tests.partner.records import claim, claims
from tests.partner.server import Partner


@pytest.fixture(scope="module")
def partner() -> Iterator[Partner]:
    with Partner(95) as partner:
        yield partner


def get(partner: Partner, target: str) -> requests.Response:
    return requests.get(partner.url + target, timeout=5)


def test_json_lines(partner: Partner) -> None:
    answer = get(partner, "/formats/jsonl?page=3&per_page=40")
    rows = [
        json.loads(line, parse_float=Decimal) for line in answer.content.splitlines()
    ]
    assert rows == claims(15, first=81)
    assert answer.headers["Content-Type"] == "application/x-ndjson"


def test_csv(partner: Partner) -> None:
    pages = [get(partner, f"/formats/csv?per_page=60&page={n}") for n in (1, 2, 3)]
    tables = [list(csv.reader(io.StringIO(page.text))) for page in pages]
    assert [len(table) for table in tables] == [61, 36, 1]
    assert {tuple(table[0]) for table in tables} == {(*claim(1), "")}
    expected = ["" if value is None else str(value) for value in claim(61).values()]
    assert tables[1][1] == [*expected, ""]


def test_xml(partner: Partner) -> None:
    answer = get(partner, "/formats/xml?per_page=60&page=2")
    root = ElementTree.fromstring(answer.content)  # noqa: S314 (our own)
    assert (root.tag, len(root)) == ("claims", 35)
    row = {cell.tag: cell.text for cell in root[0]}
    assert row == {n: v if v is None else str(v) for n, v in claim(61).items()}


def test_rates_of_a_range(partner: Partner) -> None:
    answer = get(partner, "/v1/2026-01-01..2026-01-31?symbols=USD,BGN,ISK")
    body = answer.json()
    assert (body["base"], len(body["rates"])) == ("EUR", 22)
    assert list(body["rates"]["2026-01-02"]) == ["BGN", "USD"]
    assert list(body["rates"]["2026-01-14"]) == ["BGN", "ISK", "USD"]
    assert list(body["rates"]["2026-01-30"]) == ["ISK", "USD"]
    assert b'"2026-01-01":{"BGN":1.9558,"USD":1.1000}' in answer.content


def test_rates_of_a_day(partner: Partner) -> None:
    assert get(partner, "/v1/2026-01-04").json()["date"] == "2026-01-02"
    assert get(partner, "/v1/latest").json()["date"] == "2026-07-31"
    assert len(get(partner, "/v1/2026-07-27..").json()["rates"]) == 5
    assert get(partner, "/v1/nonsense").status_code == 404


def test_ecb_history(partner: Partner) -> None:
    lines = get(partner, "/ecb/eurofxref-hist.csv").text.splitlines()
    assert lines[0] == "Date,BGN,GBP,ISK,JPY,NOK,USD,"
    assert lines[1].startswith("2026-07-31,N/A,0.")
    assert len(lines) == 153


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("updated_since=2026-01-02T05:30:00Z", 5),
        ("updated_since=2026-01-02T07:00:00%2B00:00", 2),
        ("updated_since=2026-01-02T07:00:01Z", 0),
        ("from=2026-02-01&to=2026-02-28", 13),
        ("from=2026-12-31", 0),
    ],
)
def test_filters(partner: Partner, query: str, total: int) -> None:
    body = get(partner, f"/page/total?{query}").json()
    assert (body["meta"]["total"], len(body["data"])) == (total, total)


def test_a_bad_filter_is_refused(partner: Partner) -> None:
    assert get(partner, "/single/list?from=yesterday").status_code == 400
    assert get(partner, "/page/total?page=two").status_code == 400
