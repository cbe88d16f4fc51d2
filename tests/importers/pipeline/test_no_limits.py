"""A register that says that there is no limit, and one that says nothing of it."""

from decimal import Decimal
from typing import Any

import pytest
import tablib
from django.db import transaction

from importers import record_types
from importers.models import RowChange
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from reinsurance.models import Layer, Party, Treaty
from tests.importers.pipeline.tables import Table, run
from tests.importers.pipeline.test_lowered_limits import treaty

pytestmark = pytest.mark.django_db

TREATIES = record_types.get("treaties")
HEADER = (
    *("UMR", "Cedant", "Treaty type", "Currency", "Inception", "Layer"),
    *("Occurrence limit", "Occurrence attachment", "Premium income limit"),
)
PLAIN = ("T7", "CA", "CXL", "GBP", "2026-01-01", "1")
LIMITS = ("risk_limit", "occurrence_limit", "aggregate_limit")
OF_CONTRACT = (
    *("premium_income_limit", "loss_notification_threshold", "cash_loss_limit"),
)
__all__ = ["treaty"]


@pytest.fixture(autouse=True)
def cedant() -> None:
    Party.objects.create(code="CA", name="Cedant A")


def hand_in(*terms: str, header: tuple[str, ...] = HEADER) -> tuple[Examined, int]:
    """Load a row with these last cells."""
    examined, _, ingestion = run(Table(header, [[*PLAIN, *terms]]), TREATIES)
    return examined, ingestion.pk


def books() -> tuple[Any, ...]:
    """Occurrence limit and attachment, premium income limit."""
    layer = Layer.objects.select_related("treaty").get(treaty__reference="T7")
    limit = layer.treaty.premium_income_limit
    return layer.occurrence_limit, layer.occurrence_attachment, limit


def codes(examined: Examined) -> list[tuple[str, str, str]]:
    return list(examined.issues.select("code", "severity", "column").iter_rows())


@pytest.mark.parametrize(
    "word", ["unlimited", "UNL", "No limit", "none", "nil", "-", "n/a", "0", "0.00"]
)
def test_a_limit_that_a_register_says_there_is_none_of_goes(word: str) -> None:
    hand_in("1000", "500", "100")
    examined, _ = hand_in(word, "600", word)
    assert books() == (None, 600, None)
    assert +examined.staged.rows == {"updated": 1}
    shown = [c for line in examined.staged.preview for c in line["changes"]]
    assert shown == [
        ["Premium income limit", "100.0000", "unlimited"],
        ["Occurrence attachment", "500.0000", "600.0000"],
        ["Occurrence limit", "1000.0000", "unlimited"],
    ]
    assert codes(examined) == [
        ("limit_removed", "warning", "Premium income limit"),
        ("limit_removed", "warning", "Occurrence limit"),
    ]
    assert examined.issues["message"][1] == (
        "Occurrence limit: 1000.00 stands in the books, and the row says that there is "
        "none: after the load it is unlimited. If the limit is to stay, write it, or "
        "leave the cell empty."
    )


def test_every_limit_of_contract_and_layer_can_go() -> None:
    names = [str(TREATIES.columns[n].column_name) for n in (*OF_CONTRACT, *LIMITS)]
    header = (*HEADER[:6], *names)
    hand_in(*["70"] * 6, header=header)
    hand_in(*["unlimited"] * 6, header=header)
    assert Treaty.objects.values_list(*OF_CONTRACT).get() == (None,) * 3
    assert Layer.objects.values_list(*LIMITS).get() == (None,) * 3


def test_an_empty_cell_leaves_limit_and_no_limit_as_they_are() -> None:
    hand_in("1000", "500", "100")
    assert codes(hand_in("", "500", "")[0]) == []
    assert books() == (1000, 500, 100)
    hand_in("unlimited", "", "unlimited")
    examined, _ = hand_in("", "500", "")
    assert +examined.staged.rows == {"unchanged": 1}
    assert books() == (None, 500, None)


def test_a_new_contract_without_limits_has_none() -> None:
    examined, _ = hand_in("unlimited", "500", "0")
    assert (codes(examined), books()) == ([], (None, 500, None))
    assert +hand_in("0", "500", "none")[0].staged.rows == {"unchanged": 1}


def test_an_error_of_a_spreadsheet_is_no_word_for_no_limit() -> None:
    hand_in("1000", "500", "100")
    assert codes(hand_in("#N/A", "500", "100")[0]) == [
        ("bad_amount", "error", "Occurrence limit")
    ]
    assert books() == (1000, 500, 100)


def test_an_undo_brings_the_limit_back() -> None:
    hand_in("1000", "500", "100")
    _, number = hand_in("unlimited", "500", "unlimited")
    image = RowChange.objects.get(ingestion=number, model="layer")
    assert image.before == {"occurrence_limit": "1000.0000"}
    assert image.after == {"occurrence_limit": None}
    undo(TREATIES, ingestion=number)
    assert books() == (1000, 500, 100)


def test_who_says_again_that_there_is_none_keeps_it_so() -> None:
    first = hand_in("1000", "500", "100")[1]
    second = hand_in("unlimited", "500", "unlimited")[1]
    third = hand_in("0", "500", "none")[1]
    hand_in("", "500", "")
    undo(TREATIES, ingestion=second)
    assert books() == (None, 500, None)
    undo(TREATIES, ingestion=first)
    assert books() == (None, 500, None)
    undo(TREATIES, ingestion=third)
    assert books() == (None, 500, None)


def test_the_limit_before_stands_again_once_all_who_said_none_are_undone() -> None:
    hand_in("1000", "500", "100")
    numbers = [hand_in("unlimited", "500", "unlimited")[1] for _ in range(2)]
    for number in numbers:
        undo(TREATIES, ingestion=number)
    assert books() == (1000, 500, 100)


@pytest.mark.parametrize("other", ["", "1000"])
def test_rows_of_one_contract_agree_whether_there_is_a_limit(other: str) -> None:
    """The limit of the contract stands in the row of each layer."""
    rows = [
        [*PLAIN[:5], str(n), "10", f"{n}0", cell] for n, cell in ((1, "0"), (2, other))
    ]
    examined, _, _ = run(Table(HEADER, rows), TREATIES)
    assert [code for code, _, _ in codes(examined)] == ["conflicting_rows"] * 2
    assert ("An empty cell" in examined.issues["message"][0]) == (other == "")
    same = [[*row[:-1], word] for row, word in zip(rows, ("0", "none"), strict=True)]
    assert codes(run(Table(HEADER, same), TREATIES)[0]) == []


def test_many_rows_say_once_that_a_limit_goes() -> None:
    """Chunks and the load itself see the same: it is what was approved."""
    header = (*HEADER, "Reinsurer", "Signed line")
    for n in range(4):
        Party.objects.create(code=f"R{n}", name=f"R{n}")
    for word in ("1000", "unlimited"):
        rows = [[*PLAIN, word, "5", word, f"R{n}", "25%"] for n in range(4)]
        examined, _, _ = run(Table(header, rows, chunk=2), TREATIES)
    assert [code for code, _, _ in codes(examined)] == ["limit_removed"] * 2
    assert books() == (None, 5, None)


def test_a_layer_of_which_only_no_limit_is_told_is_there() -> None:
    header = (*HEADER[:5], "Occurrence limit")
    rows = [[*PLAIN[:5], "unlimited"]]
    Treaty.objects.create(
        reference="T7",
        cedant=Party.objects.get(code="CA"),
        treaty_type="CXL",
        currency_id="GBP",
        inception="2026-01-01",
    )
    run(Table(header, rows), TREATIES)
    assert Layer.objects.get().occurrence_limit is None


def test_a_limit_that_goes_is_no_lowered_one(treaty: Treaty) -> None:
    """Premium of 1,000 and an event of 550 are above the limits in the books."""
    treaty.premium_income_limit = Decimal(900)
    treaty.save()
    Layer.objects.create(treaty=treaty, number=1, occurrence_limit=Decimal(100))
    header = ("UMR", "Type", "Inception", "Ccy", "Layer", *HEADER[6:])
    row = ["X1", "CXL", "2026-01-01", "GBP", "1", "unlimited", "", "unlimited"]
    examined, _, _ = run(Table(header, [row]), TREATIES)
    assert [code for code, _, _ in codes(examined)] == ["limit_removed"] * 2


def test_a_layer_without_limit_overlaps_those_above_it() -> None:
    header = (*HEADER[:8],)
    rows = [[*PLAIN[:5], "1", "1000", "0"], [*PLAIN[:5], "2", "1000", "1000"]]
    assert codes(run(Table(header, rows), TREATIES)[0]) == []
    examined, _, _ = run(Table(header, [[*PLAIN[:5], "1", "none", "0"]]), TREATIES)
    assert sorted(code for code, _, _ in codes(examined)) == [
        "layers_overlap",
        "limit_removed",
    ]


def test_amounts_in_another_currency_do_not_leave_out_what_goes() -> None:
    hand_in("1000", "0", "100")
    row = [*PLAIN[:3], "USD", *PLAIN[4:], "unlimited", "0", "unlimited"]
    examined, _, _ = run(Table(HEADER, [row]), TREATIES)
    assert [code for code, _, _ in codes(examined)] == ["limit_removed"] * 2


@pytest.mark.parametrize("word", ["unlimited", "0", "n/a", "", "-", "1500"])
def test_stock_import_export_ends_in_the_same_books(word: str) -> None:
    hand_in("1000", "500", "100")
    names = [str(c.column_name) for c in TREATIES.columns.values()]
    header = [next(n for n in names if n == _OWN.get(h, h)) for h in HEADER]
    row = [*PLAIN, word, "600", word]
    with transaction.atomic():
        for resource in TREATIES.resources[:2]:
            dataset = tablib.Dataset(row, headers=header)
            result = resource().import_data(dataset, raise_errors=True)
            assert not result.has_validation_errors()
        expected = books()
        transaction.set_rollback(True)
    run(Table(tuple(header), [row]), TREATIES)
    assert books() == expected


_OWN = {"UMR": "Treaty reference", "Layer": "Layer number"}
