"""Lists of the year to date: what a later one says, and what stood before it."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, note, settings

from importers.management import book_rows
from importers.management.book_rows import Wanted
from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from tests import examples
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger import histories, list_histories
from tests.reinsurance.ledger.premium_files import (
    FEBRUARY,
    JANUARY,
    MARCH,
    PREMIUMS,
    books,
    said,
    send,
)
from tests.reinsurance.ledger.premium_histories import History

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def lists() -> None:
    """The sender lists the year to date."""
    source_of(None)
    Source.objects.update(premium_lists="year")


@settings(
    max_examples=histories.count(128),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(list_histories.histories())
def test_the_entries_are_those_of_the_oracle(history: History) -> None:
    note(repr(history))
    list_histories.play(history)


def listed(
    period: datetime.date, gross: str, **options: object
) -> tuple[Examined, int]:
    return send(period, {"Gross premium": gross}, premium_lists="year", **options)


def stood(day: datetime.date) -> list[Decimal]:
    rows = book_rows.premiums(Wanted(as_at=day))
    return [Decimal(row["gross_premium"]) for row in rows]


def test_what_a_later_list_replaces_stood_until_then() -> None:
    listed(JANUARY, "100")
    listed(FEBRUARY, "110")
    assert books() == [(110,)]
    assert (stood(JANUARY), stood(FEBRUARY)) == ([100], [110])


def test_a_list_that_repeats_another_tells_its_own_period() -> None:
    listed(JANUARY, "100")
    second = listed(FEBRUARY, "110")[1]
    examined, _ = listed(MARCH, "110")
    assert dict(examined.staged.rows) == {"unchanged": 1, "rejected": 0}
    undo(PREMIUMS, ingestion=second)
    assert books("period_end") == [(110, MARCH)]
    assert (stood(JANUARY), stood(FEBRUARY), stood(MARCH)) == ([100], [100], [110])


@pytest.mark.parametrize("is_correction", [True, False])
def test_a_late_list_leaves_what_a_later_one_says(is_correction: bool) -> None:
    first = listed(JANUARY, "100")[1]
    third = listed(MARCH, "110")[1]
    examined, _ = listed(JANUARY, "95", is_correction=is_correction)
    assert dict(examined.staged.rows) == {"unchanged": 1, "rejected": 0}
    assert examined.issues.select("row", "severity", "code", "message").rows() == [
        (
            2,
            "warning",
            "premium_changed",
            f"Gross premium this time: 95.00 replaces 100.00 of number {first} as at "
            "2026-01-31. What was told for a later period stays.",
        )
    ]
    assert books() == [(110,)]
    assert (stood(JANUARY), stood(MARCH)) == ([95], [110])
    undo(PREMIUMS, ingestion=third)
    assert books() == [(95,)]


def test_a_list_received_before_and_loaded_late_changes_nothing_later() -> None:
    early = ingestion_of(PREMIUMS)
    listed(JANUARY, "100")
    listed(FEBRUARY, "110", number=early)
    assert books() == [(110,)]
    assert (stood(JANUARY), stood(FEBRUARY)) == ([100], [110])


def policies(*told: tuple[str, str]) -> list[dict[str, str]]:
    return [{"Policy No": policy, "Gross premium": gross} for policy, gross in told]


def in_books() -> list[tuple[object, ...]]:
    return books("policy_reference", "period_end")


FEBRUARY_LIST = policies(("A", "100"), ("B", "50"))
MARCH_LIST = policies(("A", "100"), ("C", "7"))


def test_what_a_later_list_lacks_is_told_and_stays() -> None:
    send(FEBRUARY, *FEBRUARY_LIST, premium_lists="year")
    examined, _ = send(MARCH, *MARCH_LIST, premium_lists="year")
    assert said(examined) == [(0, "list_lacks", "")]
    assert examined.issues.select("severity", "message").rows() == [
        (
            "warning",
            "Premium of policy B, Original of 1 January 2026, 50.00 GBP: listed to 28 "
            "February 2026 and missing in this later list of the year to date. It "
            "still counts. If it should not, hand this list in as a correction; else "
            "ask the sender.",
        )
    ]
    assert in_books() == [(100, "A", MARCH), (50, "B", FEBRUARY), (7, "C", MARCH)]


def test_a_list_that_lacks_very_many_names_some() -> None:
    many = policies(*((f"B{n:02}", "50") for n in range(25)))
    send(FEBRUARY, *many, premium_lists="year")
    examined, _ = send(MARCH, *MARCH_LIST, premium_lists="year")
    assert examined.by_code == {"list_lacks": 21}
    assert "And 5 more that this list lacks." in examined.issues["message"].to_list()


def test_a_corrected_list_leaves_out_what_the_year_had() -> None:
    send(FEBRUARY, *FEBRUARY_LIST, premium_lists="year")
    send(MARCH, *MARCH_LIST, premium_lists="year")
    examined, number = send(
        MARCH, *MARCH_LIST, premium_lists="year", is_correction=True
    )
    assert examined.issues.select("code", "severity", "message").rows() == [
        (
            "correction_lacks",
            "warning",
            "Premium of policy B, Original of 1 January 2026, 50.00 GBP: told for the "
            "period to 28 February 2026 and missing in this correction. After the load "
            "that does not count any more.",
        )
    ]
    assert in_books() == [(100, "A", MARCH), (7, "C", MARCH)]
    assert (stood(FEBRUARY), stood(MARCH)) == ([100, 50], [100, 7])
    undo(PREMIUMS, ingestion=number)
    assert in_books() == [(100, "A", MARCH), (50, "B", FEBRUARY), (7, "C", MARCH)]


def test_a_corrected_list_leaves_later_lists_and_other_years_alone() -> None:
    december = datetime.date(2025, 12, 31)
    send(december, *policies(("B", "50")), premium_lists="year")
    send(MARCH, *policies(("D", "9")), premium_lists="year")
    examined, _ = send(
        FEBRUARY, *policies(("A", "100")), premium_lists="year", is_correction=True
    )
    assert said(examined) == [(2, "list_lacks", "Policy No")]
    assert in_books() == [(100, "A", FEBRUARY), (50, "B", december), (9, "D", MARCH)]


def test_what_a_corrected_list_left_out_and_a_later_one_tells_counts_again() -> None:
    send(JANUARY, *FEBRUARY_LIST, premium_lists="year")
    send(FEBRUARY, *MARCH_LIST, premium_lists="year", is_correction=True)
    send(MARCH, *MARCH_LIST, *policies(("B", "60")), premium_lists="year")
    assert in_books() == [(100, "A", MARCH), (60, "B", MARCH), (7, "C", MARCH)]


@pytest.mark.parametrize(
    "part", [{"is_additional": True}, {"contracts": {"M3": 1}}], ids=str
)
def test_rows_held_out_and_parts_of_lists_lack_nothing(part: dict[str, object]) -> None:
    send(FEBRUARY, *FEBRUARY_LIST, premium_lists="year")
    examined, _ = send(
        MARCH, *MARCH_LIST, *policies(("B", "fifty")), premium_lists="year"
    )
    assert "list_lacks" not in examined.by_code
    examined, _ = send(MARCH, *policies(("D", "9")), premium_lists="year", **part)
    assert said(examined) == []


def test_a_section_that_a_corrected_list_lacks_fits_nothing_any_more() -> None:
    send(JANUARY, {"Gross premium": "50", "Section": "S1"}, premium_lists="year")
    send(
        FEBRUARY,
        {"Gross premium": "60", "Section": "S2"},
        premium_lists="year",
        is_correction=True,
    )
    examined, _ = send(MARCH, {"Gross premium": "70"}, premium_lists="year")
    assert said(examined) == [(2, "premium_changed", "Gross premium")]
    assert books("section") == [(70, "S2")]


def test_the_list_of_the_year_before_is_not_one_of_a_new_year() -> None:
    rows = policies(("A", "100"), ("B", "50"), ("C", "7"))
    december = datetime.date(2025, 12, 31)
    number = send(december, *rows, premium_lists="year")[1]
    examined, _ = send(JANUARY, *rows, premium_lists="year")
    assert examined.by_code == {"told_for_an_earlier_period": 3}
    assert examined.issues["message"].unique().to_list() == [
        f"Number {number} told the same transaction and amount for the period to "
        "2025-12-31. It is added. The sender lists the year to date, and a new year "
        "begins with a new list: if this is the list of the year before, hand it in "
        "for a period of that year."
    ]


@pytest.mark.parametrize("is_additional", [True, False])
def test_what_a_late_list_has_and_a_later_one_lacks_is_told(
    is_additional: bool,
) -> None:
    options = {"premium_lists": "year", "is_additional": is_additional}
    number = send(MARCH, *policies(("A", "100")), premium_lists="year")[1]
    examined, _ = send(FEBRUARY, *policies(("A", "90"), ("B", "7")), **options)
    assert said(examined) == [(3, "list_lacks", "Policy No")]
    assert examined.issues.select("severity", "message").rows() == [
        (
            "warning",
            f"Number {number} lists the year to 2026-03-31 and does not have this "
            "premium under this contract, where it counts all the same. If it should "
            "not, leave the row out; else ask the sender.",
        )
    ]
    assert in_books() == [(100, "A", MARCH), (7, "B", FEBRUARY)]


def test_a_later_list_does_not_lack_what_it_held_out_or_what_is_of_another_year() -> (
    None
):
    rows = policies(("A", "100"), ("B", "seven"))
    send(MARCH, *rows, premium_lists="year")
    examined, _ = send(FEBRUARY, *policies(("B", "7")), premium_lists="year")
    assert said(examined) == []
    december = datetime.date(2025, 12, 31)
    examined, _ = send(december, *policies(("C", "7")), premium_lists="year")
    assert said(examined) == []


def instalments(*told: tuple[str, str]) -> list[dict[str, str]]:
    return [{"Instalment": number, "Gross premium": gross} for number, gross in told]


@pytest.mark.parametrize("part", [{"is_additional": True}, {"is_correction": True}])
def test_a_late_list_that_makes_a_later_one_unclear_is_held_out(
    part: dict[str, bool],
) -> None:
    options = {"premium_lists": "year", **part}
    send(JANUARY, *instalments(("1", "100")), premium_lists="year")
    later = listed(MARCH, "300")[1]
    late = instalments(("1", "100"), ("2", "100"))
    examined, _ = send(FEBRUARY, *late, **options)
    assert [row[:2] for row in said(examined) if row[1] != "list_lacks"] == [
        (2, "premium_unclear"),
        (3, "premium_unclear"),
    ]
    assert examined.issues["message"].unique().to_list() == [
        f"Number {later} lists the year to 2026-03-31 and leaves certificate, section, "
        "risk code or instalment out: beside this row it would not be clear which "
        "premium that one tells. Have that list handed in as a correction with them, "
        "then this one anew."
    ]
    assert books("instalment_number") == [(300, 1)]
    told = instalments(("1", "150"), ("2", "150"))
    send(MARCH, *told, premium_lists="year", is_correction=True)
    examined, _ = send(FEBRUARY, *late, **options)
    assert said(examined) == []
    assert books("instalment_number") == [(150, 1), (150, 2)]


def test_a_late_list_that_leaves_a_later_one_clear_is_loaded() -> None:
    send(JANUARY, *instalments(("1", "100")), premium_lists="year")
    listed(MARCH, "300")
    send(FEBRUARY, *instalments(("1", "120")), premium_lists="year")
    assert books("instalment_number", "period_end") == [(300, 1, MARCH)]


@pytest.mark.parametrize("equal_rows_add", [False, True])
def test_what_a_list_tells_again_of_its_year_is_not_told_of_an_earlier_period(
    equal_rows_add: bool,
) -> None:
    rows = policies(("A", "100"), ("B", "50"), ("C", "7"))
    options = {"premium_lists": "year", "equal_rows_add": equal_rows_add}
    for month in (JANUARY, FEBRUARY):
        examined, _ = send(month, *rows, *rows[: int(equal_rows_add)], **options)
        assert said(examined) == []
    twice = [(100, "A", FEBRUARY)] * (1 + equal_rows_add)
    assert in_books() == [*twice, (50, "B", FEBRUARY), (7, "C", FEBRUARY)]
