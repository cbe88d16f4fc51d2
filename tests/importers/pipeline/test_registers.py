"""Registers of treaties, one after another, and their undos in any order.

The oracle is a fold: what the registers that stand say, one after another, as if no
other had ever been loaded.
"""

from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers import record_types
from importers.models import RowChange
from importers.pipeline.undo import undo
from importers.services import undo_preview
from reinsurance.models import Deletion, Layer, Participation, Party, Treaty
from reinsurance.resources.conventions import Conventions
from tests import examples
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

HEADER = (
    *("UMR", "Treaty type", "Ccy", "Layer number", "Commission", "Reinsurer"),
    *("Written line", "Signed line"),
)
Line = tuple[str, str, str]
"""Reinsurer, written and signed line as a file has them."""
Register = tuple[str, tuple[Line, ...]]
"""Commission of the layer, and the lines of its panel."""
Panel = dict[str, tuple[Decimal | None, Decimal | None]]


@pytest.fixture(autouse=True)
def parties() -> None:
    for code in ("RE1", "RE2", "RE3"):
        Party.objects.create(code=code, name=code)


def hand_in(register: Register) -> int:
    """Load a register; the number of its ingestion."""
    commission, lines = register
    rows = [["X1", "QS", "GBP", "1", commission, *line] for line in lines]
    _, _, ingestion = run(Table(HEADER, rows), record_types.get("treaties"))
    return ingestion.pk


def take_back(number: int) -> None:
    undo(record_types.get("treaties"), ingestion=number)


def reg(**signed: int) -> Register:
    return "", tuple((code, "", f"{line}%") for code, line in signed.items())


def panel() -> Panel:
    return {
        line.reinsurer.code: (line.written_line, line.signed_line)
        for line in Participation.objects.select_related("reinsurer")
    }


def signed() -> dict[str, int]:
    return {code: int((line or 0) * 100) for code, (_, line) in panel().items()}


def test_undo_of_a_middle_register_revives_no_leaver() -> None:
    hand_in(reg(RE1=60, RE2=40))
    middle = hand_in(reg(RE1=100))
    hand_in(reg(RE1=70, RE3=30))
    take_back(middle)
    assert signed() == {"RE1": 70, "RE3": 30}


@pytest.mark.parametrize("order", ["bc", "cb"])
def test_a_panel_stands_as_its_last_standing_register_says(order: str) -> None:
    hand_in(reg(RE2=60, RE3=40))
    numbers = {"b": hand_in(reg(RE2=100)), "c": hand_in(reg(RE2=60, RE3=40))}
    for name in order:
        take_back(numbers[name])
    assert signed() == {"RE2": 60, "RE3": 40}


def test_who_left_comes_back_under_the_same_key() -> None:
    hand_in(reg(RE1=60, RE2=40))
    key = Participation.objects.get(reinsurer__code="RE2").pk
    hand_in(reg(RE1=100))
    assert list(Deletion.objects.values_list("model", "object_id", "reference")) == [
        ("participation", key, "RE2 RE2 on X1 layer 1")
    ]
    hand_in(reg(RE1=60, RE2=40))
    assert Participation.objects.get(reinsurer__code="RE2").pk == key


def test_a_word_that_only_an_undone_register_told_goes_with_it() -> None:
    first = hand_in(("20%", reg(RE1=100)[1]))
    hand_in(reg(RE1=100))
    assert Layer.objects.get().commission == Decimal("0.2")
    take_back(first)
    assert Layer.objects.get().commission is None
    assert signed() == {"RE1": 100}


def test_a_preview_tells_who_comes_back(manager: object) -> None:
    hand_in(reg(RE1=60, RE2=40))
    second = hand_in(reg(RE1=100))
    loaded = RowChange.objects.filter(ingestion=second).first().ingestion  # type: ignore[union-attr]
    loaded.status = "loaded"
    loaded.save()
    found = undo_preview.preview(loaded, user=manager)  # type: ignore[arg-type]
    assert [(a.effect, a.count) for a in found.affected] == [
        ("changed", 1),
        ("brought back", 1),
    ]
    hand_in(reg(RE1=100))
    found = undo_preview.preview(loaded, user=manager)  # type: ignore[arg-type]
    assert found.affected == ()  # the third register tells all of it
    whole = [list(m._base_manager.values()) for m in (Treaty, Layer, Participation)]
    take_back(second)
    assert whole == [
        list(m._base_manager.values()) for m in (Treaty, Layer, Participation)
    ]


# ------------------------------------------------------------------------- the oracle
def share(text: str) -> Decimal | None:
    return Decimal(text.removesuffix("%")) / 100 if text else None


def folded(registers: list[Register]) -> tuple[Decimal | None, Panel]:
    """Commission and panel after these registers, and no other, were loaded."""
    commission: Decimal | None = None
    now: Panel = {}
    for told, lines in registers:
        commission = commission if share(told) is None else share(told)
        after: Panel = {}
        for code, written, line in lines:
            known = now.get(code, (None, None))
            cells = (share(written), share(line))
            after[code] = (
                known[0] if cells[0] is None else cells[0],
                known[1] if cells[1] is None else cells[1],
            )
        now = after
    return commission, now


CELL = st.sampled_from(("", "10%", "20%", "30%"))
REGISTERS = st.tuples(
    CELL,
    st.lists(
        st.tuples(st.sampled_from(("RE1", "RE2", "RE3")), CELL, CELL),
        min_size=1,
        unique_by=lambda line: line[0],
    ).map(tuple),
)
STEPS = st.lists(
    st.one_of(REGISTERS, st.integers(0, 7)), min_size=3, max_size=10
)  # a register, or the undo of one of those that stand


@settings(
    max_examples=examples.some(12),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(STEPS)
def test_a_panel_is_that_of_the_registers_that_stand(
    steps: list[Register | int],
) -> None:
    with transaction.atomic():
        follow(steps, hand_in, take_back)
        transaction.set_rollback(True)


def follow(
    steps: list[Register | int],
    load: Callable[[Register], int],
    back: Callable[[int], None],
) -> None:
    """Take the steps, and undo what is left; the books are the fold's after each."""
    standing: dict[int, Register] = {}

    def agree() -> None:
        if not standing:
            assert not Treaty.objects.exists()
            return
        commission, lines = folded(list(standing.values()))
        assert (Layer.objects.get().commission, panel()) == (commission, lines)

    for step in steps:
        if not isinstance(step, int):
            standing[load(step)] = step
        elif standing:
            number = list(standing)[step % len(standing)]
            back(number)
            del standing[number]
        agree()
    while standing:
        number = list(standing)[len(standing) // 2]
        back(number)
        del standing[number]
        agree()


# ------------------------------------------------------------------------ rows held out
def check(*rows: tuple[str, ...], additional: bool = False) -> list[tuple[str, str]]:
    """Load rows of layer 1; codes and messages of what is no error."""
    cells = [["X1", "QS", "GBP", "1", "", *row] for row in rows]
    examined, _, _ = run(
        Table(HEADER, cells),
        record_types.get("treaties"),
        conventions=Conventions(is_additional=additional),
    )
    rest = examined.issues.filter(pl.col("severity") != "error")
    return list(rest.select("code", "message").iter_rows())


def test_who_is_in_a_row_held_out_has_not_left() -> None:
    hand_in(reg(RE1=50, RE3=50))
    assert check(("RE1", "", "60%"), ("RE3", "4O%", "40%")) == [
        (
            "signed_lines_above_one",
            "The signed lines of layer 1 of “X1” total 1.1, more than the whole. "
            "Correct the lines.",
        )
    ]
    assert signed() == {"RE1": 60, "RE3": 50}
    assert check(("RE3", "40%", "40%"), additional=True) == []
    assert signed() == {"RE1": 60, "RE3": 40}


def test_a_row_held_out_may_be_of_anybody_it_does_not_tell() -> None:
    hand_in(reg(RE1=50, RE2=20, RE3=30))
    assert check(("RE1", "", "50%"), ("RE2", "", "20%"), ("RE33", "", "30%")) == [
        (
            "perhaps_left_the_panel",
            "RE3 RE3 is on layer 1 of “X1” in the books and in no good row of this "
            "register. It stays, as a row held out may be its line. Has it left? Then "
            "hand in the whole register, corrected.",
        )
    ]
    assert signed() == {"RE1": 50, "RE2": 20, "RE3": 30}


def test_rows_held_out_of_other_layers_keep_nobody() -> None:
    hand_in(reg(RE1=50, RE3=50))
    rows = [
        ["X1", "QS", "GBP", "1", "", "RE1", "", "60%"],
        ["X1", "QS", "GBP", "2", "", "RE3", "4O%", "40%"],
    ]
    examined, _, _ = run(Table(HEADER, rows), record_types.get("treaties"))
    assert list(
        examined.issues.filter(pl.col("code") == "left_the_panel")["message"]
    ) == [
        "RE3 RE3 is on layer 1 of “X1” in the books and not in this register: after "
        "the load it has left the panel. If the file is not the whole register, "
        "declare it additional."
    ]
    assert signed() == {"RE1": 60}


def test_a_word_of_a_row_held_out_is_none_at_an_undo() -> None:
    hand_in(reg(RE1=60, RE3=40))
    left = hand_in(reg(RE1=60))
    check(("RE1", "", "60%"), ("RE3", "4O%", "40%"))
    take_back(left)
    assert signed() == {"RE1": 60, "RE3": 40}


def test_the_register_that_created_a_contract_is_undone_while_another_stands() -> None:
    header = ("UMR", "Treaty name", "Treaty type", "Ccy", "Layer number", "Ceded share")
    numbers = []
    for share, name in (("60%", "First"), ("70%", "Second")):
        rows = [["X1", name, "QS", "GBP", "1", share]]
        _, _, ingestion = run(Table(header, rows), record_types.get("treaties"))
        numbers.append(ingestion.pk)
    key = Treaty.objects.get().pk
    take_back(numbers[0])
    treaty = Treaty.objects.get()
    assert (treaty.pk, treaty.name) == (key, "Second")
    assert Layer.objects.get().ceded_share == Decimal("0.7")
    take_back(numbers[1])
    assert not Treaty.objects.exists()
