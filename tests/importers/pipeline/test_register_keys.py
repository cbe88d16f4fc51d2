"""What registers tell of a contract's key, and that it goes with who told it."""

from datetime import date
from itertools import permutations
from random import Random
from typing import Any

import pytest
from django.db import transaction

from importers import record_types
from importers.exceptions import LoadConflict
from importers.pipeline.undo import undo
from reinsurance.models import Participation, Party, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

HOUSE = Conventions()
FIRST = {"UMR": "T1", "Treaty type": "QS", "Ccy": "GBP"}
CED1 = {**FIRST, "Cedant": "CED1"}
PERIOD = {"Inception": "2025-01-01", "Basis": "RA"}
Y25, Y26 = date(2025, 1, 1), date(2026, 1, 1)


@pytest.fixture(autouse=True)
def parties() -> None:
    for code in ("CED1", "CED2", "BRK1", "RE1"):
        Party.objects.create(code=code, name=code)


def hand_in(*rows: dict[str, str], told_by: Conventions = HOUSE, chunk: int = 7) -> int:
    """Load a register; the number of its ingestion."""
    table = Table(tuple(rows[0]), [list(row.values()) for row in rows], chunk)
    _, _, ingestion = run(table, record_types.get("treaties"), conventions=told_by)
    return ingestion.pk


def sender(code: str) -> Conventions:
    return Conventions(party=Party.objects.get(code=code).pk, is_house=False)


def take_back(number: int) -> None:
    undo(record_types.get("treaties"), ingestion=number)


def books() -> list[tuple[Any, ...]]:
    """Cedant, inception and basis of each contract T1."""
    fields = ("cedant__code", "inception", "basis")
    return list(Treaty.objects.order_by("pk").values_list(*fields))


LATER = [
    CED1,
    {**CED1, "Commission": "20%"},
    {**CED1, "Layer": "1", "Reinsurer": "RE1", "Signed line": "50%"},
]


@pytest.mark.parametrize("later", LATER)
def test_an_inception_goes_with_the_register_that_filled_it_in(
    later: dict[str, str],
) -> None:
    hand_in(CED1)
    wrong = hand_in({**CED1, **PERIOD})
    hand_in(later)
    take_back(wrong)
    assert books() == [("CED1", None, "")]


@pytest.mark.parametrize("later", [{}, {"Commission": "20%"}])
def test_a_cedant_goes_with_the_register_that_filled_it_in(
    later: dict[str, str],
) -> None:
    hand_in(FIRST)
    wrong = hand_in({**FIRST, "Cedant": "CED2"})
    hand_in({**FIRST, **later})
    take_back(wrong)
    assert books() == [(None, None, "")]


def test_a_part_of_the_key_goes_with_the_register_that_created_the_contract() -> None:
    first = hand_in({**CED1, **PERIOD})
    hand_in({**FIRST, "Commission": "20%"})
    take_back(first)
    assert books() == [(None, None, "")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_part_of_the_key_stays_as_long_as_a_register_tells_it(
    order: tuple[int, ...],
) -> None:
    told = [{**CED1}, {**CED1, **PERIOD}, {**CED1, "Inception": "2025-01-01"}]
    numbers = [hand_in(row) for row in told]
    standing = dict(enumerate(told))
    for place in order:
        take_back(numbers[place])
        del standing[place]
        since = Y25 if any("Inception" in row for row in standing.values()) else None
        basis = "RA" if 1 in standing else ""
        assert books() == ([("CED1", since, basis)] if standing else [])


@pytest.mark.parametrize("seed", range(6))
def test_the_key_is_what_the_registers_that_stand_tell(seed: int) -> None:
    random = Random(seed)
    standing: dict[int, tuple[str, str]] = {}
    loads = 0
    while standing or loads < 6:
        if loads < 6 and random.random() < 0.6:
            told = (random.choice(("", "CED1")), random.choice(("", "2025-01-01")))
            row = {**FIRST, "Cedant": told[0], "Inception": told[1]}
            standing[hand_in({**row, "Commission": f"{loads}%"})] = told
            loads += 1
        elif standing:
            number = random.choice(list(standing))
            take_back(number)
            del standing[number]
        cedant = max((told[0] for told in standing.values()), default="") or None
        since = max((told[1] for told in standing.values()), default="")
        expected = (cedant, date.fromisoformat(since) if since else None, "")
        assert books() == ([expected] if standing else [])


@pytest.mark.parametrize("chunk", [1, 7])
@pytest.mark.parametrize("tells", [0, 1])
def test_a_later_row_of_a_register_may_tell_what_its_first_does_not(
    chunk: int, tells: int
) -> None:
    hand_in(CED1)
    wrong = hand_in({**CED1, **PERIOD})
    blank = {**CED1, "Layer": "1", "Inception": "", "Commission": "20%"}
    rows = [{**blank, "Layer": str(number)} for number in (1, 2)]
    rows[tells]["Inception"] = "2025-01-01"
    right = hand_in(*rows, chunk=chunk)
    take_back(wrong)
    assert books() == [("CED1", Y25, "")]
    take_back(right)
    assert books() == [("CED1", None, "")]


def test_a_year_that_says_which_contract_is_meant_tells_no_inception() -> None:
    wrong = hand_in({**CED1, "Inception": "2025-01-01", "YOA": "2025"})
    hand_in({**CED1, "Inception": "2026-01-01", "YOA": "2026"})
    hand_in({**CED1, "YOA": "2025", "Commission": "20%"})
    take_back(wrong)
    assert books() == [("CED1", None, ""), ("CED1", Y26, "")]


# --------------------------------------------------------------- who hands it in
@pytest.mark.parametrize("code", ["CED1", "BRK1"])
def test_a_contract_stays_the_senders_that_means_its_own(code: str) -> None:
    known = {"reference": "K", "treaty_type": "QS", "currency_id": "GBP"}
    Treaty.objects.create(broker_id=sender("BRK1").party, **known)
    first = hand_in({**FIRST, **PERIOD}, told_by=sender(code))
    second = hand_in({**FIRST, "Commission": "20%"}, told_by=sender(code))
    take_back(first)
    treaty = Treaty.objects.get(reference="T1")
    owner = treaty.cedant if code == "CED1" else treaty.broker
    assert (owner and owner.code, treaty.inception) == (code, None)
    take_back(second)
    assert not Treaty.objects.filter(reference="T1").exists()


def test_of_a_panel_nothing_is_told_anew() -> None:
    hand_in(CED1)
    wrong = hand_in({**CED1, **PERIOD})
    hand_in({**CED1, "Layer": "1", "Reinsurer": "RE1", "Signed line": "50%"})
    hand_in({**CED1, "Layer": "1", "Reinsurer": "RE1", "Signed line": "60%"})
    take_back(wrong)
    assert books() == [("CED1", None, "")]
    assert str(Participation.objects.get().signed_line).startswith("0.6")


# ------------------------------------------------------ what does not go with others
def test_two_contracts_that_nobody_could_tell_apart_are_refused() -> None:
    numbers = [
        hand_in({**CED1, "Inception": f"{year}-01-01", "YOA": year})
        for year in ("2025", "2026")
    ]
    for year in ("2025", "2026"):
        hand_in({**CED1, "YOA": year, "Commission": "20%"})
    take_back(numbers[0])
    assert books() == [("CED1", None, ""), ("CED1", Y26, "")]
    with pytest.raises(LoadConflict) as refused, transaction.atomic():
        take_back(numbers[1])
    assert str(refused.value) == (
        "Without this file nobody tells the inception of contract “T1 of 1 January "
        "2026”, and another contract of this number has the same cedant and inception "
        "then: nobody could tell the two apart. Hand in a register first that tells it "
        "of one of them."
    )
    hand_in({**CED1, "Inception": "2026-01-01"})
    take_back(numbers[1])
    assert books() == [("CED1", None, ""), ("CED1", Y26, "")]


def loaded(kind: str, header: str, row: str) -> int:
    table = Table(tuple(header.split(",")), [row.split(",")])
    return run(table, record_types.get(kind))[2].pk


def refusal(kind: str, number: int) -> str:
    with pytest.raises(LoadConflict) as refused, transaction.atomic():
        undo(record_types.get(kind), ingestion=number)
    return str(refused.value)


def test_days_of_an_event_that_do_not_go_together_are_refused() -> None:
    header = "Event code,Event name,Date from,Date to"
    loaded("events", header, "E1,Storm,2025-06-01,2025-06-03")
    moved = loaded("events", header, "E1,Storm,2025-08-01,2025-08-03")
    loaded("events", header, "E1,Storm,2025-08-01,")
    assert refusal("events", moved) == (
        "Without this file event “E1” would begin on 2025-08-01 and end on 2025-06-03, "
        "as other files tell it. Hand in one first that tells the right dates."
    )


def test_an_lei_that_another_party_has_since_is_refused() -> None:
    first, second = "5493001KJTIIGC8Y1R12", "529900T8BM49AURSDO55"
    header = "Party code,Party name,LEI"
    loaded("parties", header, f"CED1,CED1,{first}")
    changed = loaded("parties", header, f"CED1,CED1,{second}")
    loaded("parties", header, f"CED2,CED2,{first}")
    assert refusal("parties", changed) == (
        f"Without this file party “CED1” has the LEI {first} again, which party “CED2” "
        "has since. Correct one of the two first."
    )
