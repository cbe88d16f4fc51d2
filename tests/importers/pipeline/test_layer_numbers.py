"""Registers whose rows do not tell which layer of the contract they mean."""

import datetime
from decimal import Decimal

import pytest

from importers import record_types
from importers.pipeline.examine import Examined
from reinsurance.models import Layer, Participation, Party, Treaty
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

CONTRACT = {"UMR": "X1", "Treaty type": "QS", "Ccy": "GBP"}


@pytest.fixture
def treaty() -> Treaty:
    Party.objects.create(code="RE1", name="One")
    return Treaty.objects.create(
        reference="X1",
        treaty_type="QS",
        currency_id="GBP",
        inception=datetime.date(2026, 1, 1),
    )


def hand_in(*rows: dict[str, str]) -> Examined:
    whole = [{**CONTRACT, **row} for row in rows]
    header = tuple(whole[0])
    cells = [[row[name] for name in header] for row in whole]
    return run(Table(header, cells), record_types.get("treaties"))[0]


def said(examined: Examined) -> list[tuple[str, str]]:
    errors = examined.issues.filter(severity="error")
    return list(errors.select("code", "message").iter_rows())


def layers() -> dict[int, tuple[str, Decimal | None]]:
    return {
        layer.number: (layer.name, layer.commission) for layer in Layer.objects.all()
    }


def low_and_high(treaty: Treaty) -> None:
    for number, name, commission in ((1, "Low", "0.1"), (2, "High", "0.2")):
        Layer.objects.create(
            treaty=treaty, number=number, name=name, commission=commission
        )


def test_a_layer_is_found_by_its_name(treaty: Treaty) -> None:
    low_and_high(treaty)
    found = hand_in({"Layer name": "high", "Ceding commission": "22%"})
    assert said(found) == []
    assert layers() == {1: ("Low", Decimal("0.1")), 2: ("high", Decimal("0.22"))}


def test_the_only_layer_is_meant(treaty: Treaty) -> None:
    Layer.objects.create(treaty=treaty, number=3, name="Top")
    assert said(hand_in({"Ceding commission": "22%"})) == []
    assert layers() == {3: ("Top", Decimal("0.22"))}
    assert said(hand_in({"Layer name": "Top", "Ceding commission": "23%"})) == []
    assert layers() == {3: ("Top", Decimal("0.23"))}


def test_a_layer_of_another_name_is_not_meant(treaty: Treaty) -> None:
    Layer.objects.create(treaty=treaty, number=3, name="Top")
    found = hand_in({"Layer name": "Low", "Ceding commission": "22%"})
    assert said(found) == [
        (
            "layer_unclear",
            "No layer of contract “X1” is called “Low”; there are: 3 “Top”. Tell the "
            "layer number.",
        )
    ]
    assert layers() == {3: ("Top", None)}


def test_one_of_several_layers_is_asked(treaty: Treaty) -> None:
    low_and_high(treaty)
    found = hand_in({"Reinsurer": "RE1", "Signed line": "40%"})
    assert said(found) == [
        (
            "layer_unclear",
            "The row does not say which layer of contract “X1” it means; there are: 1 "
            "“Low”, 2 “High”. Tell the layer number.",
        )
    ]
    assert not Participation.objects.exists()


def test_a_row_of_the_contract_alone_is_not_asked_and_names_no_layer(
    treaty: Treaty,
) -> None:
    low_and_high(treaty)
    assert said(hand_in({"Treaty name": "Property 2026"})) == []
    treaty.refresh_from_db()
    assert treaty.name == "Property 2026"
    assert layers() == {1: ("Low", Decimal("0.1")), 2: ("High", Decimal("0.2"))}


def test_a_contract_without_layers_begins_with_the_first(treaty: Treaty) -> None:
    assert said(hand_in({"Layer name": "High", "Ceding commission": "22%"})) == []
    assert layers() == {1: ("High", Decimal("0.22"))}


def test_other_rows_of_the_file_say_that_there_are_several() -> None:
    Party.objects.create(code="RE1", name="One")
    line = {"Reinsurer": "RE1", "Signed line": "40%"}
    found = hand_in({"Layer number": "2", **line}, {"Layer number": "", **line})
    assert [code for code, _ in said(found)] == ["layer_unclear"]
    assert list(Layer.objects.values_list("number", flat=True)) == [2]


def warned(examined: Examined) -> list[tuple[int, str, str]]:
    found = examined.issues.filter(severity="warning")
    return list(found.select("row", "code", "message").iter_rows())


TERMS = {"Ceding commission": "26%"}


def test_a_number_beside_the_name_of_another_layer_is_held_out(treaty: Treaty) -> None:
    low_and_high(treaty)
    found = hand_in({"Layer number": "2", "Layer name": "low", **TERMS})
    assert said(found) == [
        (
            "layer_unclear",
            "“low” is layer 1 of contract “X1”, but the row says layer 2, which is "
            "“High”. Correct the layer number or the name.",
        )
    ]
    assert layers() == {1: ("Low", Decimal("0.1")), 2: ("High", Decimal("0.2"))}


def test_a_new_number_beside_the_name_of_a_layer_is_held_out(treaty: Treaty) -> None:
    low_and_high(treaty)
    found = hand_in({"Layer number": "3", "Layer name": "Low", **TERMS})
    assert said(found) == [
        (
            "layer_unclear",
            "“Low” is layer 1 of contract “X1”, but the row says layer 3. Correct the "
            "layer number or the name.",
        )
    ]
    assert set(layers()) == {1, 2}


def test_a_layer_that_gets_another_name_warns_once(treaty: Treaty) -> None:
    for code in ("RE1", "RE2"):
        Party.objects.get_or_create(code=code, defaults={"name": code})
    low_and_high(treaty)
    row = {"Layer number": "2", "Layer name": "Top", **TERMS, "Signed line": "40%"}
    found = hand_in({**row, "Reinsurer": "RE1"}, {**row, "Reinsurer": "RE2"})
    assert said(found) == []
    assert warned(found) == [
        (
            2,
            "layer_renamed",
            "Layer 2 of contract “X1” is called “High” in the books, and will be "
            "called “Top”. Is it the layer that is meant?",
        )
    ]
    assert layers()[2] == ("Top", Decimal("0.26"))


def test_the_name_of_the_treaty_is_held_against_named_layers_as_well(
    treaty: Treaty,
) -> None:
    low_and_high(treaty)
    found = hand_in({"Layer number": "2", "Treaty name": "Low", **TERMS})
    assert [code for code, _ in said(found)] == ["layer_unclear"]
    found = hand_in({"Layer number": "2", "Treaty name": "Programme", **TERMS})
    assert [code for _, code, _ in warned(found)] == ["layer_renamed"]


def test_layers_called_as_the_treaty_share_its_name(treaty: Treaty) -> None:
    Layer.objects.create(treaty=treaty, number=1, name="Programme")
    Layer.objects.create(treaty=treaty, number=2)
    rows = [
        {"Layer number": number, "Treaty name": "Programme", **TERMS}
        for number in ("1", "2", "3")
    ]
    found = hand_in(*rows)
    assert (said(found), warned(found)) == ([], [])
    assert {name for name, _ in layers().values()} == {"Programme"}
    assert set(layers()) == {1, 2, 3}


def test_a_name_without_another_is_filled_in(treaty: Treaty) -> None:
    Layer.objects.create(treaty=treaty, number=1)
    found = hand_in({"Layer number": "1", "Layer name": "Low", **TERMS})
    assert (said(found), warned(found)) == ([], [])
    assert layers() == {1: ("Low", Decimal("0.26"))}
