"""What must not be true of a row of a treaty register."""

from datetime import date

import pytest
from django.utils import timezone

from importers import record_types
from importers.pipeline.examine import Examined
from reinsurance.models import Layer, Party, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db


def hand_in(conventions: Conventions | None = None, **cells: str) -> Examined:
    row = {"UMR": "X1", "Treaty type": "QS", "Ccy": "GBP", **cells}
    table = Table(tuple(row), [list(row.values())])
    return run(table, record_types.get("treaties"), conventions=conventions)[0]


def said(examined: Examined) -> list[tuple[str, str, str]]:
    rows = examined.issues.select("code", "severity", "message")
    return list(rows.iter_rows())


@pytest.mark.parametrize(
    ("column", "currency", "amount", "shown"),
    [
        ("Deposit premium", "JPY", "2500.75", "2500.75"),
        ("Occurrence limit", "JPY", "10.5", "10.50"),
        ("Occurrence attachment", "GBP", "1000.555", "1000.555"),
        ("Risk limit", "KWD", "1000.5555", "1000.5555"),
        ("Risk attachment", "GBP", "0.001", "0.001"),
        ("Aggregate limit", "JPY", "0.1", "0.10"),
        ("Aggregate attachment", "JPY", "0.1", "0.10"),
        ("Premium income limit", "JPY", "10.5", "10.50"),
        ("Loss notification threshold", "GBP", "10.555", "10.555"),
        ("Cash loss limit", "JPY", "10.5", "10.50"),
    ],
)
def test_amounts_have_no_more_decimals_than_their_currency(
    column: str, currency: str, amount: str, shown: str
) -> None:
    found = hand_in(**{"Ccy": currency, column: amount})
    assert said(found) == [
        (
            "too_many_decimals",
            "error",
            f"{shown} has more decimals than {currency} has. Correct the amount or the "
            "currency.",
        )
    ]
    assert not Treaty.objects.exists()


def test_decimals_that_the_currency_has_are_loaded() -> None:
    found = hand_in(**{"Ccy": "KWD", "Deposit premium": "1000.555"})
    assert said(found) == []
    assert str(Layer.objects.get().deposit_premium) == "1000.5550"


@pytest.mark.parametrize(
    ("policy", "severity", "loaded"),
    [("hold out", "error", 0), ("breach", "breach", 1)],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_a_contract_of_another_is_held_out_where_the_sender_is_set_so(
    policy: str, severity: str, loaded: int, is_known: bool
) -> None:
    theirs = Party.objects.create(code="A", name="A")
    sender = Party.objects.create(code="B", name="B")
    if is_known:
        Treaty.objects.create(
            reference="X1", treaty_type="QS", currency_id="GBP", cedant=theirs
        )
    told = Conventions(party=sender.pk, is_house=False, other_contracts=policy)
    found = hand_in(told, Cedant="A", Commission="20%")
    assert said(found) == [
        (
            "not_the_senders_contract",
            severity,
            "The sender is neither cedant nor broker of contract “X1”. Correct the "
            "row, or have somebody look at it.",
        )
    ]
    assert Layer.objects.count() == loaded
    own = hand_in(told, **{"UMR": "X2", "Commission": "20%"})
    assert said(own) == []
    assert Treaty.objects.get(reference="X2").cedant == sender


def test_amounts_that_stay_where_the_currency_becomes_another_are_a_breach() -> None:
    hand_in(
        **{
            "Cash loss limit": "500.00",
            "Deposit premium": "2500.75",
            "Occurrence limit": "1000",
        }
    )
    found = hand_in(Ccy="JPY", **{"Deposit premium": "2500", "Occurrence limit": ""})
    assert said(found) == [
        (
            "amounts_not_told_anew",
            "breach",
            "The currency of contract “X1” becomes JPY, and these amounts of the books "
            "stay as they are: cash loss limit 500, layer 1 occurrence limit 1000. "
            "Tell them in the new currency.",
        )
    ]
    told = {
        "Cash loss limit": "50",
        "Deposit premium": "25",
        "Occurrence limit": "10",
    }
    assert said(hand_in(Ccy="GBP", **told)) == []


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: date(2026, 6, 30))


@pytest.mark.parametrize(
    ("inception", "expiry", "expected"),
    [
        ("2028-06-30", "2033-06-30", []),
        (
            "2028-07-01",
            "",
            [
                "An inception on 2028-07-01 is more than two years ahead. Is its year "
                "right?"
            ],
        ),
        (
            "01/01/68",
            "31/12/68",
            [
                "An inception on 2068-01-01 is more than two years ahead. Is its year "
                "right?",
                "An expiry on 2068-12-31 is more than seven years ahead. Is its year "
                "right?",
            ],
        ),
        (
            "2020-01-01",
            "2026-01-01",
            [
                "The contract runs from 2020-01-01 to 2026-01-01, longer than five "
                "years. Are both years right?"
            ],
        ),
    ],
)
@pytest.mark.usefixtures("today")
def test_dates_far_away_are_asked_about(
    inception: str, expiry: str, expected: list[str]
) -> None:
    found = hand_in(Inception=inception, Expiry=expiry)
    assert [(severity, text) for _, severity, text in said(found)] == [
        ("warning", text) for text in expected
    ]
    assert Treaty.objects.count() == 1


BESIDE = (
    "Contract “{}” of {} (CED1) runs at the same time as “RZ1” of 2025-01-01 (CED1). "
    "Is it the same contract? Then correct the inception or the reference."
)
TERM = {"Cedant": "CED1", "UMR": "RZ1", "Inception": "2025-01-01"}


@pytest.fixture
def of_2025() -> Treaty:
    cedant = Party.objects.create(code="CED1", name="Cedant")
    return Treaty.objects.create(
        reference="RZ1",
        treaty_type="QS",
        currency_id="GBP",
        cedant=cedant,
        inception=date(2025, 1, 1),
        expiry=date(2025, 12, 31),
    )


@pytest.mark.parametrize(
    "cells",
    [
        {"UMR": "RZ1", "Inception": "2025-01-02", "Expiry": "2025-12-31"},
        {"UMR": "RZ1", "Inception": "2025-01-02"},
        {"UMR": "RZ1", "Inception": "2024-06-01", "Expiry": "2025-05-31"},
        {"UMR": "rz 1", "Inception": "2025-01-01", "Expiry": "2025-12-31"},
    ],
)
def test_a_new_contract_beside_another_one_of_its_number_is_a_breach(
    of_2025: Treaty, cells: dict[str, str]
) -> None:
    said_of = BESIDE.format(cells["UMR"], cells["Inception"])
    found = hand_in(**{**TERM, **cells})
    assert said(found) == [("contracts_overlap", "breach", said_of)]
    assert Treaty.objects.count() == 2


@pytest.mark.parametrize(
    "cells",
    [
        {"Inception": "2026-01-01", "Expiry": "2026-12-31"},
        {"Inception": "2025-12-31", "Expiry": "2026-12-31"},
        {"Inception": "2024-01-01"},
        {"UMR": "RZ2", "Inception": "2025-01-02"},
        {"Cedant": "CED2", "Inception": "2025-01-02"},
        {"Expiry": "2025-12-30"},
    ],
)
def test_renewals_and_contracts_of_others_do_not_overlap(
    of_2025: Treaty, cells: dict[str, str]
) -> None:
    Party.objects.create(code="CED2", name="Another")
    assert said(hand_in(**{**TERM, **cells})) == []


def test_a_contract_that_becomes_longer_runs_into_its_renewal(of_2025: Treaty) -> None:
    renewal = {"Inception": "2026-01-01", "Expiry": "2026-12-31"}
    assert said(hand_in(**{**TERM, **renewal})) == []
    found = hand_in(**TERM, Expiry="2026-06-30")
    assert [code for code, _, _ in said(found)] == ["contracts_overlap"]


def test_two_contracts_of_one_register_that_overlap_are_told_once() -> None:
    Party.objects.create(code="CED1", name="Cedant")
    header = ("UMR", "Treaty type", "Ccy", "Cedant", "Inception", "Layer number")
    cells = [
        ["RZ1", "QS", "GBP", "CED1", day, str(number)]
        for day in ("2025-01-01", "2025-01-02")
        for number in (1, 2)
    ]
    found = run(Table(header, cells, chunk=3), record_types.get("treaties"))[0]
    assert said(found) == [
        ("contracts_overlap", "breach", BESIDE.format("RZ1", "2025-01-02"))
    ]
    assert found.issues["row"].to_list() == [4]
