"""Premium of lists of the year as at a day: one state, however it is asked for."""

import datetime
import random
from typing import Any

import pytest
from django.utils import timezone

from importers.management.premium_entries import entries_then
from importers.models import Source
from importers.pipeline.examine import Examined
from importers.services.ingestions import source_of
from reinsurance.models import PremiumEntry
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    MARCH,
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


@pytest.mark.parametrize("seed", range(12))
def test_as_at_a_day_is_as_at_the_day_as_known_now(seed: int) -> None:
    draw, lists = random.Random(seed), 0
    for _ in range(9):
        day = draw.choice((JANUARY, FEBRUARY, MARCH, APRIL))
        rows = [_drawn(draw) for _ in range(draw.randint(1, 3))]
        how = draw.choice(("is_correction", "is_additional"))
        examined, _ = listed(day, *rows, **{how: True})
        lists += any(n for action, n in examined.staged.rows.items() if n)
        for end in (JANUARY, FEBRUARY, MARCH, APRIL):
            stood(end, len(COLUMNS))
    assert lists == 9
