"""A date of a row against the other one that the books have."""

import datetime

import pytest

from importers import record_types
from reinsurance.models import LossEvent, Treaty
from tests.importers.pipeline.tables import Table, ingestion_of, run

pytestmark = pytest.mark.django_db


def sent(kind: str, header: str, row: str) -> list[tuple[str, str]]:
    record_type = record_types.get(kind)
    table = Table(tuple(header.split(",")), [row.split(",")])
    examined, _, _ = run(table, record_type, ingestion=ingestion_of(record_type))
    issues = examined.issues.select("code", "severity", "message")
    return [
        (code, message)
        for code, severity, message in issues.rows()
        if severity == "error"
    ]


def test_a_contract_that_would_end_before_it_begins() -> None:
    Treaty.objects.create(
        reference="T1", treaty_type="QS", currency_id="GBP", expiry="2025-12-31"
    )
    row = "T1,QS,GBP,2026-01-01"
    assert sent("treaties", "UMR,Treaty type,Ccy,Inception", row) == [
        (
            "expiry_before_inception",
            "With the expiry of this contract that is in the books it would begin on 1 "
            "January 2026 and expire on 31 December 2025. It may be a renewal: tell "
            "the inception of the contract that is in the books on its page, and hand "
            "the row in again; else correct the expiry there.",
        )
    ]
    assert Treaty.objects.get().inception is None
    Treaty.objects.update(inception="2025-01-01")
    assert sent("treaties", "UMR,Treaty type,Ccy,Inception", row) == []
    assert Treaty.objects.count() == 2


def test_an_event_that_would_end_before_it_begins() -> None:
    LossEvent.objects.create(code="E1", name="Storm", date_to="2026-02-01")
    found = sent("events", "Event code,Event name,Date from", "E1,Storm,2026-02-03")
    assert found == [
        (
            "event_ends_before_start",
            "With the date that is in the books the event would begin on 3 February "
            "2026 and end on 1 February 2026. Tell both dates here, or correct the one "
            "of the row.",
        )
    ]
    assert (
        sent("events", "Event code,Event name,Date from", "E1,Storm,2026-02-01") == []
    )
    assert LossEvent.objects.get().date_from == datetime.date(2026, 2, 1)
