"""Whole lists as CSV and JSON lines say exactly what the pages say."""

import csv
import io
import json
from decimal import Decimal

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinsurance.models import Claim, ClaimPosition, Party
from reinsurance.resources.formats import harmless
from tests.reinsurance.api.test_lists import CLAIMS, some_claims, walk

COLLECTIONS = (
    "parties", "treaties", "layers", "participations", "treaty-scopes", "premiums",
    "claims", "claim-positions", "claim-statements", "bordereaux", "exchange-rates",
    "loss-events", "currencies", "claim-statuses",
)  # fmt: skip


def streamed(browser: Client, address: str, **headers: str) -> bytes:
    """The content of a stream."""
    answer = browser.get(address, headers=headers)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def as_lines(content: bytes) -> list[dict[str, object]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in content.splitlines()]


def as_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV by header."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_json_lines_are_what_the_pages_have(
    book: Claim, as_clerk: Client, name: str
) -> None:
    address = f"/api/v1/{name}/"
    assert as_lines(streamed(as_clerk, f"{address}?format=jsonl")) == walk(
        as_clerk, address
    )


@pytest.mark.parametrize("name", COLLECTIONS)
def test_csv_is_what_the_pages_have(book: Claim, as_clerk: Client, name: str) -> None:
    address = f"/api/v1/{name}/"
    rows = as_rows(streamed(as_clerk, f"{address}?format=csv"))
    for row in rows:
        for field in {"details", "totals"} & row.keys():
            row[field] = json.loads(row[field]) if row[field] else ""
    expected = [
        {
            field: harmless(value)
            if isinstance(value, str)
            else ""
            if value is None
            else value
            if isinstance(value, dict | list)
            else str(value).lower()
            for field, value in record.items()
        }
        for record in walk(as_clerk, address)
    ]
    assert rows == expected


def test_a_stream_heeds_filters_sorting_and_fields(
    book: Claim, as_clerk: Client
) -> None:
    some_claims(book.treaty, 5, date_of_loss="2026-01-02")
    query = "date_of_loss_to=2026-01-31&ordering=-id&fields=reference"
    assert streamed(as_clerk, f"{CLAIMS}?{query}", Accept="text/csv") == (
        b"reference\r\nN-0004\r\nN-0003\r\nN-0002\r\nN-0001\r\nN-0000\r\n"
    )
    answer = as_clerk.get(f"{CLAIMS}?{query}", headers={"Accept": "application/jsonl"})
    assert answer["Content-Type"] == "application/jsonl; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="claims.jsonl"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    first, *_ = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert first == b'{"reference":"N-0004"}'


def test_a_stream_of_nothing_has_its_header(db: None, as_clerk: Client) -> None:
    query = "?format=csv&fields=id,reference"
    assert streamed(as_clerk, f"{CLAIMS}{query}") == b"id,reference\r\n"
    assert streamed(as_clerk, f"{CLAIMS}?format=jsonl") == b""


NASTY = st.text(
    st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40
)


@pytest.mark.django_db
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=NASTY | st.sampled_from(["=1+1", "+4", "-3.5", "@x", "a,b", 'q"q', "\r\n"]))
def test_any_text_comes_through(as_clerk: Client, name: str) -> None:
    party, _ = Party.objects.update_or_create(code="NASTY", defaults={"name": name})
    query = "?code=NASTY&fields=code,name"
    (line,) = as_lines(streamed(as_clerk, f"/api/v1/parties/{query}&format=jsonl"))
    assert line == {"code": "NASTY", "name": name}
    content = streamed(as_clerk, f"/api/v1/parties/{query}&format=csv").decode()
    _, row = csv.reader(io.StringIO(content, newline=""))
    assert row == ["NASTY", harmless(name)]


def test_money_keeps_its_cents(book: Claim, as_clerk: Client) -> None:
    ClaimPosition.objects.update(
        paid_indemnity=Decimal("-999999999999999.99"), reserve_indemnity=Decimal("0")
    )
    fields = "paid_indemnity,reserve_indemnity,incurred"
    address = f"/api/v1/claim-positions/?format=csv&fields={fields}"
    assert streamed(as_clerk, address) == (
        f"{fields}\r\n-999999999999999.99,0.00,-999999999999999.99\r\n".encode()
    )
    ClaimPosition.objects.update(paid_indemnity=Decimal("1.5"), paid_fees="0.1234")
    assert streamed(as_clerk, address) == f"{fields}\r\n1.50,0.00,1.6234\r\n".encode()
