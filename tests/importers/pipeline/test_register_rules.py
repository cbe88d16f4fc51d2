"""What must not be true of a row of a treaty register."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
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


def test_contracts_that_overlap_are_named_the_same_at_check_and_load(
    of_2025: Treaty,
) -> None:
    """A new contract has another key once it is loaded; that is no other breach."""
    header = ("UMR", "Treaty type", "Ccy", "Cedant", "Inception")
    cells = [
        [name, "QS", "GBP", "CED1", day]
        for name, day in (("rz 1", "2025-01-01"), ("RZ1", "2025-01-02"))
    ]
    found = run(Table(header, cells), record_types.get("treaties"))[0]
    names = "“RZ1” of 2025-01-01 (CED1), “rz 1” of 2025-01-01 (CED1)"
    assert [f"runs at the same time as {names}." in m for _, _, m in said(found)] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("0;0.5;1", "0;0.5;1"),
        ("0; 50% ;100%;", "0;0.5;1"),
        ("0.50", "0.5"),
        ("100;50;0", "1;0.5;0"),
        ("", ""),
        ("-", ""),
    ],
)
def test_reinstatement_charges_are_fractions(cell: str, stored: str) -> None:
    count = str(len(stored.split(";"))) if stored else ""
    found = hand_in(**{"Reinstatement charges": cell, "Reinstatements": count})
    assert said(found) == []
    assert Layer.objects.get().reinstatement_charges == stored


@pytest.mark.parametrize(
    ("cell", "part"),
    [
        *(("abc", "abc"), ("50;1", "50"), ("100;-5", "100"), ("0;-5", "-5")),
        ("0;;1", ""),
    ],
)
def test_what_is_no_fraction_is_no_reinstatement_charge(cell: str, part: str) -> None:
    found = hand_in(**{"Reinstatement charges": cell, "Reinstatements": "1"})
    assert said(found) == [
        (
            "bad_share",
            "error",
            f"“{cell}” does not tell the reinstatement charges: “{part}” is not a "
            "share from 0 to 1. List a charge for each reinstatement, such as 0;0.5;1 "
            "or 0;50%;100%. If 100 is the whole, write 1 or 100%.",
        )
    ]
    assert not Treaty.objects.exists()


def untold(kind: str) -> tuple[str, str, str]:
    return (
        "ceded_share_untold",
        "warning",
        f"The row does not tell the ceded share of layer 1 of contract “X1”, {kind}: "
        "it is taken as 100 %. If less is ceded, add the share.",
    )


@pytest.mark.parametrize(
    ("told", "kind"), [("QS", "a quota share"), ("SS", "a surplus")]
)
def test_an_untold_ceded_share_of_a_new_proportional_layer_is_a_warning(
    told: str, kind: str
) -> None:
    cells = {"Treaty type": told, "Ceded %": "", "Commission": "20%"}
    assert said(hand_in(**cells)) == [untold(kind)]
    assert Layer.objects.get().ceded_share == 1
    assert said(hand_in(**{**cells, "Ceded %": "30%"})) == []
    assert said(hand_in(**cells)) == []
    assert str(Layer.objects.get().ceded_share) == "0.30000000"
    assert said(hand_in(**{**cells, "UMR": "X2", "Treaty type": "CXL"})) == []
    codes = [
        code for code, *_ in said(hand_in(**{**cells, "UMR": "X3", "Ceded %": "x"}))
    ]
    assert codes == ["bad_share"]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("Ceding commission", "Commission"),
        ("Brokerage", "Brokerage"),
        ("Treaty brokerage", "Treaty brokerage"),
        ("Rate", "Rate"),
    ],
)
def test_a_share_of_1_of_the_premium_may_be_meant_as_per_cent(
    column: str, name: str
) -> None:
    found = hand_in(**{column: "1"})
    assert said(found) == [
        (
            "share_is_whole",
            "warning",
            f"{name} is told as 1, which is 100 % of the premium. If 1 % is meant, "
            "write 1%.",
        )
    ]
    assert said(hand_in(**{column: "1%"})) == []


@pytest.mark.parametrize("told", ["abc", "100", "0;-5", "0;;1"])
def test_by_hand_a_reinstatement_charge_is_a_fraction_as_well(told: str) -> None:
    hand_in(**{"Commission": "20%"})
    layer = Layer.objects.get()
    layer.reinstatement_charges = told
    with pytest.raises(ValidationError) as caught:
        layer.full_clean()
    assert caught.value.message_dict == {
        "reinstatement_charges": [
            "Write a fraction from 0 to 1 for each reinstatement, as in 0;0.5;1, where "
            "1 is 100%."
        ]
    }
    layer.reinstatement_charges = "0;0.5;1"
    layer.full_clean()
