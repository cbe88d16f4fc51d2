"""Premium of lists of the year as at a day: one state, however it is asked for."""

import datetime
import random
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from importers.exceptions import LoadConflict
from importers.management.premium_entries import entries_then
from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.ledger.premium_undo import without
from reinsurance.models import Load, PremiumEntry
from tests import examples
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    MARCH,
    PREMIUMS,
    said,
    send,
)

pytestmark = pytest.mark.django_db
APRIL = datetime.date(2026, 4, 30)


@pytest.fixture(autouse=True)
def lists() -> None:
    """The sender lists the year to date."""
    source_of(None)
    Source.objects.update(premium_lists="year")


COLUMNS = (
    *("gross_premium", "commission", "net_premium", "amounts_are", "section"),
    *("insured_name", "certificate_reference", "policy_reference", "period_end"),
)
Told = tuple[Any, ...]


def row(
    gross: str, commission: str = "", net: str = "", **cells: str
) -> dict[str, str]:
    whole = {"Gross premium": gross, "Commission": commission, "Net premium": net}
    return {**whole, **cells}


def listed(
    period: datetime.date, *rows: dict[str, str], **told: Any
) -> tuple[Examined, int]:
    return send(period, *rows, premium_lists="year", **told)


def _as_at(day: datetime.date, at: datetime.datetime | None) -> list[Told]:
    found = entries_then(PremiumEntry.all_objects.all(), at, day)
    return sorted((tuple(entry[n] for n in COLUMNS) for entry in found), key=str)


def stood(day: datetime.date, count: int = 4) -> list[Told]:
    """Columns of the entries as at the day, the same as known now."""
    found = _as_at(day, None)
    assert _as_at(day, timezone.now()) == found
    return [entry[:count] for entry in found]


OURS = {"Amounts are": "our share"}


@pytest.mark.parametrize("february", ["10", "20", ""])
@pytest.mark.parametrize("how", ["is_correction", "is_additional"])
def test_an_empty_cell_leaves_what_stood_at_the_end_of_its_own_period(
    february: str, how: str
) -> None:
    listed(JANUARY, row("20", "5", "15", **OURS))
    if february:
        net = str(int(february) - 5)
        listed(FEBRUARY, row(february, "5", net, **OURS))
    else:
        other = row("1", "0", "1", **{"Policy No": "P0"})
        listed(FEBRUARY, other, is_correction=True)
    assert stood(JANUARY) == [(20, 5, 15, "ours")]
    listed(JANUARY, row("20", **{"Amounts are": ""}), **{how: True})
    assert stood(JANUARY) == [(20, 5, 15, "ours")]


def test_what_a_correction_to_a_later_day_leaves_out_stood_until_then() -> None:
    listed(MARCH, row("30", **{"Policy No": "P2"}), is_correction=True)
    listed(JANUARY, row("30"), is_additional=True)
    listed(FEBRUARY, row("30"), is_additional=True)
    listed(JANUARY, row("30", "5", "25"), is_additional=True)
    assert stood(JANUARY, 3) == [(30, 5, 25)]
    assert stood(FEBRUARY, 3) == [(30, 5, 25)]
    assert stood(MARCH, 3) == [(30, None, None)]


@pytest.mark.parametrize("how", ["is_correction", "is_additional"])
def test_a_section_told_for_a_later_day_was_not_known_before(how: str) -> None:
    listed(FEBRUARY, row("20", Section=""))
    listed(MARCH, row("30", Section="S1"), **{how: True})
    assert [entry[4] for entry in stood(FEBRUARY, 5)] == [""]
    assert [entry[4] for entry in stood(MARCH, 5)] == ["S1"]


def _drawn(draw: random.Random) -> dict[str, str]:
    gross, commission = draw.choice((20, 30)), draw.choice((5, 5, 6))
    share = draw.choice(("", "our share"))
    whole = [str(gross), str(commission), str(gross - commission)]
    cells = {
        "Policy No": draw.choice(("P1", "P1", "P2")),
        "Section": draw.choice(("", "", "S1", "S2")),
        "Insured": draw.choice(("", "Acme", "Bolt")),
        "Amounts are": share,
    }
    return row(*(whole if draw.random() < 0.5 else whole[:1]), **cells)


@pytest.mark.parametrize("seed", range(examples.some(6)))
def test_as_at_a_day_is_as_at_the_day_as_known_now(seed: int) -> None:
    draw, lists = random.Random(seed), 0
    for _ in range(9):
        day = draw.choice((JANUARY, FEBRUARY, MARCH, APRIL))
        rows = [_drawn(draw) for _ in range(draw.randint(1, 3))]
        how = draw.choice(("is_correction", "is_additional"))
        examined, _ = listed(day, *rows, **{how: True})
        lists += any(n for action, n in examined.staged.rows.items() if n)
        for end in (JANUARY, FEBRUARY, MARCH, APRIL):
            for gross, commission, net, *_ in stood(end, len(COLUMNS)):
                assert None in {commission, net} or gross == commission + net
    assert lists == 9


def _left_out(examined: Examined) -> list[str]:
    return examined.issues.filter(code="amounts_left_out")["message"].to_list()


def test_a_new_gross_that_stands_as_at_its_own_day_alone_is_asked() -> None:
    listed(JANUARY, row("20", "5", "15", **OURS))
    listed(FEBRUARY, row("10", "5", "5", **OURS))
    examined, _ = listed(JANUARY, row("25", **{"Amounts are": ""}), is_correction=True)
    assert ("amounts_left_out", "Gross premium") in {
        found[1:] for found in said(examined)
    }
    assert _left_out(examined) == [
        "“Gross premium this time” is 25.00 here and 20.00 in the books, where what "
        "follows from it was told, too, and the row leaves that out: Commission "
        "amount, Net premium. Write it as well, or correct “Gross premium this "
        "time”. This is what would stand as at 2026-01-31."
    ]
    assert dict(examined.staged.rows) == {"rejected": 1}
    assert stood(JANUARY) == [(20, 5, 15, "ours")]


def test_a_new_gross_as_at_its_own_day_with_what_follows_is_loaded() -> None:
    first = listed(JANUARY, row("20", "5", "15"))[1]
    listed(JANUARY, row("20", "", ""), is_additional=True)
    listed(FEBRUARY, row("10", "5", "5"))
    examined, _ = listed(JANUARY, row("25", "6", "19"), is_correction=True)
    messages = examined.issues.filter(code="premium_changed")["message"].to_list()
    assert [message.partition(" of number")[0] for message in messages] == [
        "Gross premium this time: 25.00 replaces 20.00",
        "Commission amount: 6.00 replaces 5.00",
        "Net premium: 19.00 replaces 15.00",
    ]
    assert first
    assert stood(JANUARY, 3) == [(25, 6, 19)]


@pytest.mark.parametrize("is_left_out", [True, False])
def test_a_late_row_brings_no_amount_under_a_later_gross_until_it_is_left_out(
    is_left_out: bool,
) -> None:
    if is_left_out:
        listed(MARCH, row("30", **{"Policy No": "P2"}), is_correction=True)
    number = listed(FEBRUARY, row("30"), is_additional=True)[1]
    examined, _ = listed(JANUARY, row("40", "5", "35"), is_additional=True)
    assert _left_out(examined) == [
        f"Number {number} is for a later period, has “Gross premium this time” 30.00 "
        f"and leaves “{label}” out, which is told here with 40.00. Leave the cell "
        f"empty, or have that file handed in anew with “{label}”."
        for label in ("Commission amount", "Net premium")
    ]
    assert stood(FEBRUARY, 3) == [(30, None, None)]
    assert stood(JANUARY, 3) == []


def test_nor_where_a_later_list_tells_all_of_it_again() -> None:
    listed(MARCH, row("50", "6", "44"))
    listed(FEBRUARY, row("30"), is_additional=True)
    examined, _ = listed(JANUARY, row("40", "5", "35"), is_additional=True)
    assert len(_left_out(examined)) == 2
    assert stood(FEBRUARY, 3) == [(30, None, None)]


def test_another_share_as_at_its_own_day_alone_is_asked() -> None:
    listed(JANUARY, row("20", "5", "15", **OURS))
    listed(FEBRUARY, row("10", "5", "5", **OURS))
    whole = row("40", "10", "30", **{"Amounts are": "100%"})
    examined, _ = listed(JANUARY, whole, is_additional=True)
    assert [code for _, code, _ in said(examined) if code == "share_changed"]
    assert stood(JANUARY) == [(20, 5, 15, "ours")]


def test_an_undo_brings_no_amount_back_as_at_an_earlier_day() -> None:
    listed(JANUARY, row("20", "5", "15"))
    second = listed(JANUARY, row("30", "6", "24"), is_correction=True)[1]
    third = listed(JANUARY, row("30"), is_additional=True)[1]
    listed(FEBRUARY, row("50", "8", "42"))
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=second)
    assert str(caught.value) == (
        "“Commission amount” of policy P1 would come back beside “Gross premium this "
        f"time” 30.00, and was told with 20.00, as number {third} left it out. Undo "
        f"number {third} first."
    )
    undo(PREMIUMS, ingestion=third)
    undo(PREMIUMS, ingestion=second)
    assert stood(JANUARY, 3) == [(20, 5, 15)]


def test_an_undo_that_takes_away_what_was_left_out_names_the_premium() -> None:
    first = listed(JANUARY, row("20", "5", "15"))[1]
    listed(JANUARY, row("20"), is_additional=True)
    listed(FEBRUARY, row("10", "4", "6"))
    load = Load.objects.get(number=first)
    with transaction.atomic(), connection.cursor() as cursor:
        Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
        lists = Source.objects.values_list("pk", flat=True)
        found = without(
            cursor, load.pk, is_correction=False, listing=list(lists), also_then=True
        )
    names = PremiumEntry.all_objects.filter(pk__in=found.then.to_list())
    assert list(names.values_list("policy_reference", flat=True)) == ["P1"]
    assert stood(JANUARY, 3) == [(20, None, None)]


def test_premiums_that_a_later_list_tells_apart_are_apart_as_at_a_day() -> None:
    listed(MARCH, row("30", Section="S1"))
    listed(JANUARY, row("20", Section=""), is_additional=True)
    listed(JANUARY, row("10", Section="S2"), is_additional=True)
    found = [(gross, section) for gross, *_, section in stood(JANUARY, 5)]
    assert found == [(10, "S2"), (20, "")]


def at(gross: str, policy: str, day: datetime.date, **cells: str) -> dict[str, str]:
    """A row of a policy for the period to a day."""
    told = {"Policy No": policy, "Reporting period end": str(day)}
    return {"Gross premium": gross, **told, **cells}


def gross_at(day: datetime.date) -> list[tuple[str, int]]:
    return sorted((policy, int(gross)) for gross, *_, policy, _ in stood(day, 9))


def test_a_correction_does_not_lack_at_an_earlier_end_what_it_tells_for_a_later() -> (
    None
):
    listed(JANUARY, at("900", "P1", JANUARY), at("600", "P2", JANUARY))
    rows = [at("900", "P1", JANUARY), at("600", "P2", FEBRUARY)]
    examined, number = send(None, *rows, premium_lists="year", is_correction=True)
    assert examined.issues.filter(severity="error").is_empty()
    assert gross_at(JANUARY) == [("P1", 900), ("P2", 600)]
    undo(PREMIUMS, ingestion=number)
    assert gross_at(JANUARY) == [("P1", 900), ("P2", 600)]


def test_a_correction_of_three_ends_lacks_nothing_at_any_of_them() -> None:
    listed(
        JANUARY,
        *(at(n, p, JANUARY) for n, p in (("90", "P1"), ("6", "P2"), ("3", "P3"))),
    )
    listed(
        FEBRUARY,
        *(at(n, p, FEBRUARY) for n, p in (("91", "P1"), ("7", "P2"), ("3", "P3"))),
    )
    rows = [at("90", "P1", JANUARY), at("8", "P2", FEBRUARY), at("4", "P3", MARCH)]
    send(None, *rows, premium_lists="year", is_correction=True)
    assert gross_at(JANUARY) == [("P1", 90), ("P2", 6), ("P3", 3)]
    assert gross_at(FEBRUARY) == [("P1", 91), ("P2", 8), ("P3", 3)]
    assert gross_at(MARCH) == [("P1", 91), ("P2", 8), ("P3", 4)]


def test_rows_that_add_up_are_of_one_end_of_the_year() -> None:
    rows = [at("70", "P1", FEBRUARY), at("100", "P1", MARCH), at("1", "P2", MARCH)]
    examined, _ = send(None, *rows, premium_lists="year", equal_rows_add=True)
    found = examined.issues.filter(code="conflicting_rows")
    assert found["row"].to_list() == [2, 3]
    assert found["message"][0].startswith(
        "Rows 2, 3 tell the same premium of the year for periods that end on different"
    )
    assert gross_at(MARCH) == [("P2", 1)]


def test_a_late_correction_does_not_lack_what_was_told_again_since() -> None:
    listed(JANUARY, at("300", "P2", JANUARY))
    late = ingestion_of(PREMIUMS, source_of(None))
    listed(JANUARY, at("300", "P2", JANUARY), is_additional=True)
    examined, _ = listed(
        JANUARY, at("100", "P1", JANUARY), number=late, is_correction=True
    )
    assert "correction_lacks" not in examined.issues["code"].to_list()
    assert +examined.staged.effect.moves == {"premium GBP": 100}
    assert gross_at(JANUARY) == [("P1", 100), ("P2", 300)]
