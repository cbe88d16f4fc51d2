"""Rules of claims and registers: codes, messages, and rows that contradict others."""

import datetime

import polars as pl
import pytest

from importers import record_types
from importers.pipeline.examine import Examined
from reinsurance.models import Claim, Layer, Participation, Party, Treaty
from tests.importers.pipeline.tables import Table, rejected_rows, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
HEADER = ("UMR", "Claim Ref", "Date of Loss", "Date notified", "Currency", "Insured")
GOOD = ["LO", "C1", "2025-05-01", "2025-05-02", "GBP", "Acme"]
NO_MONEY = "no_money"
"""A warning of every row of a file without amounts."""


@pytest.fixture(autouse=True)
def treaties() -> None:
    period = {
        "inception": datetime.date(2025, 1, 1),
        "expiry": datetime.date(2025, 12, 31),
        "currency_id": "GBP",
        "treaty_type": "QS",
    }
    Treaty.objects.create(reference="LO", basis="LO", **period)
    Treaty.objects.create(reference="RA", basis="RA", **period)


def found(examined: Examined) -> list[tuple[int, str, str]]:
    rows = examined.issues.filter(pl.col("code") != NO_MONEY)
    rows = rows.sort("row", "code").select("row", "column", "code")
    return [tuple(row) for row in rows.iter_rows()]


def changed(**cells: str) -> list[str]:
    names = dict(zip(HEADER, GOOD, strict=True)) | {
        name.replace("_", " "): text for name, text in cells.items()
    }
    return list(names.values())


def test_all_errors_of_a_row_at_once() -> None:
    row = ["T9", "", "soon", "2025-05-02", "???", "x" * 201]
    examined, loaded, _ = run(Table(HEADER, [row]), CLAIMS)
    assert found(examined) == [
        (2, "Date of Loss", "bad_date"),
        (2, "Claim Ref", "missing_value"),
        (2, "Insured", "too_long"),
        (2, "Currency", "unknown_currency"),
        (2, "UMR", "unknown_treaty"),
    ]
    assert not loaded
    assert not Claim.objects.exists()


def test_a_message_says_what_to_do() -> None:
    examined, _, _ = run(Table(HEADER, [changed(UMR="T9")]), CLAIMS)
    assert examined.issues["message"].to_list() == [
        "No contract “T9” is in the books. Correct the reference, load the treaty "
        "register, or pick the contract."
    ]
    assert examined.issues["value"].to_list() == ["T9"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"Date_notified": "2025-04-30"}, "notified_before_loss"),
        ({"Date_of_Loss": "2024-12-31"}, "loss_outside_treaty_period"),
        (
            {"Date_of_Loss": "2026-01-01", "Date_notified": ""},
            "loss_outside_treaty_period",
        ),
    ],
)
def test_dates_against_each_other_and_the_treaty(
    cells: dict[str, str], code: str
) -> None:
    examined, _, _ = run(Table(HEADER, [changed(**cells)]), CLAIMS)
    assert [issue[2] for issue in found(examined)] == [code]


def test_risks_attaching_look_at_the_policy() -> None:
    header = (*HEADER, "Policy inception")
    rows = [
        [*changed(UMR="RA", Date_of_Loss="2026-03-01", Date_notified=""), "2025-06-01"],
        [*changed(UMR="RA", Claim_Ref="C2"), "2024-06-01"],
    ]
    examined, _, _ = run(Table(header, rows), CLAIMS)
    assert found(examined) == [(3, "Policy inception", "policy_outside_treaty_period")]


def test_totals_that_do_not_add_up() -> None:
    header = (*HEADER, "Paid to date", "Reserve", "Total incurred")
    rows = [
        [*changed(), "100.00", "50", "150.01"],
        [*changed(Claim_Ref="C2"), "100.00", "50", "150.02"],
        [*changed(Claim_Ref="C3"), "", "50", "50"],
        [*changed(Claim_Ref="C4"), "one hundred", "50", "150"],
    ]
    examined, _, _ = run(Table(header, rows), CLAIMS)
    assert found(examined) == [
        (3, "Total incurred", "incurred_does_not_add_up"),
        (5, "Paid to date", "bad_amount"),
    ]


def test_a_breach_and_a_warning_pass() -> None:
    Treaty.objects.filter(reference="LO").update(loss_notification_threshold=1000)
    header = (*HEADER, "Paid to date", "Reserve")
    rows = [
        [*changed(), "900", "100"],
        [*changed(Claim_Ref="C2"), "0", ""],
    ]
    examined, loaded, _ = run(Table(header, rows), CLAIMS)
    assert examined.issues.select("row", "severity", "code").rows() == [
        (2, "breach", "above_notification_threshold"),
        (3, "warning", "no_money"),
    ]
    assert dict(loaded) == {"created": 2}


def test_rows_that_repeat_or_contradict_each_other() -> None:
    rows = [
        changed(),
        changed(Claim_Ref="C2"),
        changed(),
        changed(Claim_Ref="C2", Insured="Someone else"),
        changed(Claim_Ref="C3"),
    ]
    examined, loaded, _ = run(Table(HEADER, rows, chunk=2), CLAIMS)
    assert [(row, code) for row, _, code in found(examined)] == [
        (3, "conflicting_rows"),
        (4, "duplicate_row"),
        (5, "conflicting_rows"),
    ]
    errors = examined.issues.filter(pl.col("severity") == "error").sort("row")
    messages = errors["message"].to_list()
    assert messages[0] == (
        "Rows 3, 5 give different values for the same position and period. "
        "Keep the right one."
    )
    assert messages[1] == "The row repeats row 2; it is not loaded twice."
    assert dict(loaded) == {"created": 2}
    assert set(Claim.objects.values_list("reference", flat=True)) == {"C1", "C3"}


def test_a_register_row_holds_a_treaty_a_layer_and_a_line() -> None:
    for code in ("A", "B"):
        Party.objects.create(code=code, name=code)
    header = (
        "UMR",
        "Treaty type",
        "Currency",
        "Layer",
        "Occurrence limit",
        "Reinsurer",
    )
    rows = [
        ["N1", "CXL", "USD", "1", "1,000", "A"],
        ["N1", "CXL", "USD", "1", "1,000", "B"],
        ["N1", "CXL", "USD", "2", "unlimited", "A"],
        ["N1", "CXL", "USD", "3", "5", ""],
        ["N2", "CXL", "USD", "1", "5", "A"],
        ["N2", "CXL", "EUR", "1", "5", "B"],
    ]
    table = Table(header, rows, chunk=2)
    examined, loaded, _ = run(table, record_types.get("treaties"))
    assert rejected_rows(examined) == {6, 7}
    assert dict(examined.staged.rows) == {"created": 4, "rejected": 2}
    assert dict(loaded) == {"created": 4}
    assert Treaty.objects.filter(reference__startswith="N").count() == 1
    assert [
        (x.number, x.occurrence_limit) for x in Layer.objects.order_by("number")
    ] == [
        (1, 1000),
        (2, None),
        (3, 5),
    ]
    assert Participation.objects.count() == 3
    _, again, _ = run(table, record_types.get("treaties"))
    assert dict(again) == {"unchanged": 4}


def test_issues_are_counted_even_where_they_are_not_all_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importers.pipeline.examine.KEPT_ISSUES", 3)
    rows = [changed(Claim_Ref=f"C{n}", UMR="T9") for n in range(10)]
    examined, _, _ = run(Table(HEADER, rows), CLAIMS)
    assert examined.issues.height == 3
    assert examined.by_code == {"unknown_treaty": 10}
    assert examined.issues.schema["row"] == pl.Int64()


def test_a_lei_belongs_to_one_party() -> None:
    """Two rows that claim it contradict each other; one that takes it is refused."""
    Party.objects.create(code="A", name="Alpha", lei="5493001KJTIIGC8Y1R12")
    header = ("Party code", "Party name", "LEI")
    rows = [
        ["A", "Alpha Re", "5493001KJTIIGC8Y1R12"],
        ["B", "Beta", "5493001KJTIIGC8Y1R12"],
        ["C", "Gamma", "529900T8BM49AURSDO55"],
        ["D", "Delta", "529900T8BM49AURSDO55"],
        ["E", "Epsilon", ""],
        ["F", "Phi", ""],
    ]
    examined, loaded, _ = run(Table(header, rows), record_types.get("parties"))
    assert found(examined) == [
        (3, "LEI", "lei_taken"),
        (4, "LEI", "conflicting_rows"),
        (5, "LEI", "conflicting_rows"),
    ]
    assert dict(loaded) == {"created": 2, "updated": 1}
