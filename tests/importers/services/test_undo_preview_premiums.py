"""The page before an undo says what it does to premium, now and as at earlier ends."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from importers.management import book_rows
from importers.management.book_rows import Wanted
from importers.models import Ingestion, Source
from importers.services import ingestions, undo_preview, undoing
from reinsurance.models import Treaty
from tests.importers.services.loads import loaded
from tests.reinsurance.ledger.premium_files import FEBRUARY, JANUARY, MARCH

pytestmark = pytest.mark.django_db
HEADER = (
    "UMR,Policy No,Transaction type,Effective date,Ccy,Gross premium paid this time\n"
)


@pytest.fixture(autouse=True)
def lists() -> None:
    """The sender lists the year to date."""
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")
    ingestions.source_of(None)
    Source.objects.update(premium_lists="year")


def listed(end: object, declared: str = "additional", **premiums: int) -> Ingestion:
    rows = (
        f"T1,{policy},Original,2026-01-10,GBP,{gross}\n"
        for policy, gross in premiums.items()
    )
    text = HEADER + "".join(rows)
    return loaded(text, "premiums", declared=declared, period_end=end)


def history() -> list[Decimal]:
    """Gross premium as at the end of January, February and March, and now."""
    return [
        sum(
            (
                Decimal(row["gross_premium"])
                for row in book_rows.premiums(Wanted(as_at=day))
            ),
            Decimal(0),
        )
        for day in (JANUARY, FEBRUARY, MARCH, None)
    ]


def page(file: Ingestion, user: User) -> list[tuple[str, tuple[str, ...]]]:
    affected = undo_preview.preview(file, user=user).affected
    return [
        (part.effect, tuple(name.split()[2] for name in part.examples))
        for part in affected
    ]


def undo(file: Ingestion) -> None:
    ingestions.undo(file.pk, user=None, reason="wrong", enqueue=False)
    undoing.undo(file.pk)


def test_the_first_of_two_lists(manager: User) -> None:
    first = listed(JANUARY, P1=10, P2=5)
    listed(FEBRUARY, P1=12, P2=5)
    assert history() == [15, 17, 17, 17]
    assert page(first, manager) == [("changed", ("P1", "P2"))]
    assert history() == [15, 17, 17, 17]
    undo(first)
    assert history() == [0, 17, 17, 17]


def test_the_middle_one_of_three_lists(manager: User) -> None:
    listed(JANUARY, P1=100, P2=7)
    second = listed(FEBRUARY, P1=120, P2=7)
    listed(MARCH, P1=130, P2=7)
    assert page(second, manager) == [("changed", ("P1",))]
    undo(second)
    assert history() == [107, 107, 137, 137]


def test_a_correction_of_the_first_list(manager: User) -> None:
    listed(JANUARY, P1=100, P2=7)
    listed(FEBRUARY, P1=120, P2=7)
    second = listed(JANUARY, "correction", P1=100)
    assert history() == [100, 127, 127, 127]
    assert page(second, manager) == [("changed", ("P2",))]
    undo(second)
    assert history() == [107, 127, 127, 127]


def test_what_was_left_out_since_and_stood_until_then(manager: User) -> None:
    first = listed(JANUARY, P1=100, P2=7)
    listed(FEBRUARY, "correction", P1=100)
    assert page(first, manager) == [("changed", ("P1", "P2"))]
    undo(first)
    assert history() == [0, 100, 100, 100]


def test_a_list_that_was_replaced_for_its_own_end(manager: User) -> None:
    first = listed(JANUARY, P1=100)
    listed(JANUARY, "correction", P1=110)
    listed(FEBRUARY, P1=120)
    assert page(first, manager) == []
    undo(first)
    assert history() == [110, 120, 120, 120]


def test_what_counts_now_is_counted_once(manager: User) -> None:
    listed(JANUARY, P1=100)
    second = listed(FEBRUARY, P1=120, P2=1)
    assert page(second, manager) == [
        ("removed", ("P1", "P2")),
        ("brought back", ("P1",)),
    ]
    undo(second)
    assert history() == [100, 100, 100, 100]


def test_what_a_correction_told_alike_does_not_leave_and_come_back(
    manager: User,
) -> None:
    Source.objects.update(premium_lists="period")
    listed(JANUARY, P1=150, P2=60)
    correction = listed(JANUARY, "correction", P1=150)
    assert page(correction, manager) == [("brought back", ("P2",))]
    other = listed(JANUARY, "correction", P1=140)
    assert page(other, manager) == [("removed", ("P1",)), ("brought back", ("P1",))]
    undo(other)
    undo(correction)
    assert history() == [210, 210, 210, 210]
