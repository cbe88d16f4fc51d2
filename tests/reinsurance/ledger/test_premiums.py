"""Premium files in any order, told again, corrected, undone: the entries that stand."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, note, settings

from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.conventions import Conventions
from tests import examples
from tests.importers.pipeline.tables import Table, ingestion_of, run
from tests.reinsurance.ledger import histories, premium_files, premium_histories
from tests.reinsurance.ledger.premium_histories import PREMIUMS, History

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY, MARCH = (
    datetime.date(2026, 1, 31),
    datetime.date(2026, 2, 28),
    datetime.date(2026, 3, 31),
)


@settings(
    max_examples=histories.count(160),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(premium_histories.histories())
def test_the_entries_are_those_of_the_oracle(history: History) -> None:
    note(repr(history))
    premium_histories.play(history)


@settings(
    max_examples=histories.count(64),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(premium_histories.histories(adds=True))
def test_the_entries_of_rows_that_add_up_are_those_of_the_oracle(
    history: History,
) -> None:
    note(repr(history))
    premium_histories.play(history)


def send(
    period: datetime.date, *rows: tuple[str, str, str], **told: bool | str
) -> tuple[Examined, int]:
    """Load a file of policy, gross premium and brokerage; its number."""
    Treaty.objects.get_or_create(
        reference="T1", defaults={"treaty_type": "QS", "currency_id": "GBP"}
    )
    header = ("UMR", "Policy No", "Gross premium", "Brokerage", "Ccy", "Effective date")
    table = Table(header, [["T1", *row, "GBP", "2026-01-01"] for row in rows])
    number = ingestion_of(PREMIUMS)
    examined, _, _ = run(
        table,
        PREMIUMS,
        period_end=period,
        conventions=Conventions(**told),  # type: ignore[arg-type]
        ingestion=number,
    )
    return examined, number.pk


def entries() -> list[tuple[str, Decimal, Decimal | None]]:
    """Policy, gross premium and brokerage of all that stand."""
    rows = PremiumEntry.objects.order_by("policy_reference", "period_end", "pk")
    return list(rows.values_list("policy_reference", "gross_premium", "brokerage"))


def test_the_same_period_replaces_and_another_adds() -> None:
    send(JANUARY, ("P1", "100", "5"))
    examined, again = send(JANUARY, ("P1", "110", "6"))
    assert dict(examined.staged.rows) == {"updated": 1, "rejected": 0}
    assert examined.by_code["premium_changed"] == 2
    send(FEBRUARY, ("P1", "7", ""))
    assert entries() == [("P1", 110, 6), ("P1", 7, None)]
    undo(PREMIUMS, ingestion=again)
    assert entries() == [("P1", 100, 5), ("P1", 7, None)]


def test_what_an_undone_file_alone_told_is_not_known_any_more() -> None:
    first = send(JANUARY, ("P1", "100", "5"))[1]
    send(JANUARY, ("P1", "100", ""))
    assert entries() == [("P1", 100, 5)]
    undo(PREMIUMS, ingestion=first)
    assert entries() == [("P1", 100, None)]


@pytest.mark.parametrize("undone", [0, 1])
def test_of_a_file_sent_twice_the_other_stays(undone: int) -> None:
    numbers = [send(JANUARY, ("P1", "100", "5"))[1] for _ in range(2)]
    assert PremiumEntry.all_objects.count() == 1
    undo(PREMIUMS, ingestion=numbers[undone])
    assert entries() == [("P1", 100, 5)]
    undo(PREMIUMS, ingestion=numbers[1 - undone])
    assert entries() == []


def test_a_correction_leaves_out_what_it_lacks_but_not_what_it_holds_out() -> None:
    send(JANUARY, ("P1", "100", ""), ("P2", "20", ""), ("P3", "30", ""))
    examined, number = send(
        JANUARY, ("P1", "90", ""), ("P2", "twenty", ""), is_correction=True
    )
    told = examined.issues.filter(code="correction_lacks")["message"].to_list()
    assert told == [
        "Premium of policy P3, Original of 1 January 2026, 30.00 GBP: told for the "
        "period to 31 January 2026 and missing in this correction. After the load that "
        "does not count any more."
    ]
    assert entries() == [("P1", 90, None), ("P2", 20, None)]
    undo(PREMIUMS, ingestion=number)
    assert [gross for _, gross, _ in entries()] == [100, 20, 30]


def test_equal_rows_add_and_the_same_file_again_replaces_all_of_them() -> None:
    rows = [("P1", "100", "")] * 2
    first = send(JANUARY, *rows, equal_rows_add=True)[1]
    send(JANUARY, *rows, equal_rows_add=True)
    assert entries() == [("P1", 100, None)] * 2
    undo(PREMIUMS, ingestion=first)
    assert entries() == [("P1", 100, None)] * 2


def test_rows_that_differ_add_as_well() -> None:
    examined, _ = send(JANUARY, ("P1", "10", ""), ("P1", "15", ""), equal_rows_add=True)
    assert examined.staged.effect.moves == {"premium GBP": 25}
    assert entries() == [("P1", 10, None), ("P1", 15, None)]


@pytest.mark.parametrize("is_correction", [True, False])
def test_fewer_or_more_equal_rows_are_told(is_correction: bool) -> None:
    row = ("P1", "300", "")
    first = send(JANUARY, row, row, equal_rows_add=True)[1]
    options = {"equal_rows_add": True, "is_correction": is_correction}
    examined, second = send(JANUARY, row, **options)
    assert dict(examined.staged.rows) == {"updated": 1, "rejected": 0}
    assert examined.staged.effect.moves == {"premium GBP": -300}
    assert examined.by_code == {"premium_changed": 1}
    assert examined.issues["message"].to_list() == [
        f"Rows for this transaction and period: 1 here in place of 2 of number "
        f"{first}, 300.00 in all instead of 600.00."
    ]
    assert entries() == [("P1", 300, None)]
    examined, _ = send(JANUARY, row, row, row, **options)
    assert examined.staged.effect.moves == {"premium GBP": 600}
    assert examined.issues["message"].to_list() == [
        f"Rows for this transaction and period: 3 here in place of 1 of number "
        f"{second}, 900.00 in all instead of 300.00."
    ]
    assert entries() == [("P1", 300, None)] * 3


def test_fewer_rows_with_the_same_amount_in_all() -> None:
    first = send(JANUARY, ("P1", "100", ""), ("P1", "70", ""), equal_rows_add=True)[1]
    examined, _ = send(JANUARY, ("P1", "170", ""), equal_rows_add=True)
    assert examined.staged.effect.moves == {}
    assert examined.issues["message"].to_list() == [
        "Rows for this transaction and period: 1 here in place of 2 of number "
        f"{first}, 170.00 in all as before."
    ]


def test_lists_of_the_year_replace_each_other_and_come_back() -> None:
    source_of(None)
    Source.objects.update(premium_lists="year")
    send(JANUARY, ("P1", "100", ""), premium_lists="year")
    second = send(FEBRUARY, ("P1", "100", ""), ("P2", "20", ""), premium_lists="year")[
        1
    ]
    third = send(MARCH, ("P1", "110", ""), ("P2", "20", ""), premium_lists="year")[1]
    assert entries() == [("P1", 110, None), ("P2", 20, None)]
    undo(PREMIUMS, ingestion=second)
    assert entries() == [("P1", 110, None), ("P2", 20, None)]
    undo(PREMIUMS, ingestion=third)
    assert entries() == [("P1", 100, None)]


@pytest.mark.parametrize("frequency", ["month", "quarter"])
def test_what_was_told_twice_word_for_word_is_replaced_once(frequency: str) -> None:
    row = {"Gross premium": "100"}
    premium_files.send(MARCH, row, frequency=frequency)
    again, _ = premium_files.send(MARCH, row, frequency=frequency)
    assert dict(again.staged.rows) == {"unchanged": 1, "rejected": 0}
    same, _ = premium_files.send(MARCH, row, frequency=frequency, is_correction=True)
    assert premium_files.said(same) == []
    assert not same.staged.effect.moves
    more, _ = premium_files.send(
        MARCH, {"Gross premium": "120"}, frequency=frequency, is_correction=True
    )
    assert premium_files.said(more) == [(2, "premium_changed", "Gross premium")]
    assert more.staged.effect.moves == {"premium GBP": 20}
    assert premium_files.books() == [(120,)]
