"""Amounts that a person tells, among those of files."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.formats import date_format

from backoffice.roles import AUDITOR, Role
from importers import record_types
from importers.exceptions import LoadConflict
from importers.pipeline.undo import undo
from reinsurance.ledger import books, by_hand
from reinsurance.ledger.hand_refusals import NotMeantError, TellingError
from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimPosition,
    ClaimStatement,
    ClaimStatus,
    Edit,
    Load,
    Party,
    Treaty,
)
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
MAY, JUNE, JULY = (
    datetime.date(2026, month, day) for month, day in ((5, 31), (6, 30), (7, 31))
)


@pytest.fixture(autouse=True)
def treaty(db: None) -> Treaty:
    cedant = Party.objects.create(code="ANDES", name="Andes")
    return Treaty.objects.create(
        reference="T1", cedant=cedant, treaty_type="QS", currency_id="GBP"
    )


@pytest.fixture
def ann(manager: User) -> User:
    return manager


def send(
    period: datetime.date,
    *,
    correction: bool = False,
    conventions: Conventions | None = None,
    **cells: str,
) -> int:
    """A file with one row; its number."""
    told = {name.replace("_", " "): text for name, text in cells.items()}
    row = {
        "UMR": "T1",
        "Claim Ref": "C1",
        "Date of Loss": "2026-05-01",
        "Currency": "GBP",
        **told,
    }
    examined, _, ingestion = run(
        Table(tuple(row), [list(row.values())]),
        CLAIMS,
        period_end=period,
        conventions=conventions or Conventions(is_correction=correction),
    )
    assert not examined.issues.filter(severity="error").height, examined.issues
    return ingestion.pk


def tell(user: User, amount: str, *, period: datetime.date = JUNE, **more: Any) -> Any:
    name = more.pop("name", "paid_indemnity")
    values = {"basis": "to_date", "reason": "Telephoned", **more}
    return by_hand.tell(
        ClaimPosition.all_objects.get(),
        period_end=period,
        amounts={name: Decimal(amount)},
        user=user,
        **values,
    )


def paid(day: datetime.date | None = None, **options: Any) -> Any:
    (key,) = ClaimPosition.all_objects.values_list("pk", flat=True)
    (held,) = books.as_at([key], day, **options)
    return held.amounts["paid_indemnity"]


def stands() -> Any:
    return ClaimPosition.objects.get().paid_indemnity


def test_a_person_comes_after_the_file_and_before_later_ones(ann: User) -> None:
    number = send(JUNE, Paid_to_date="100", Insured="Quay", Status="Open")
    statement = tell(ann, "90", period=datetime.date(2026, 6, 27))
    assert stands() == 90
    load = statement.load
    assert load.number > number
    assert (load.user, load.reason, load.told) == (
        ann,
        "Telephoned",
        ["paid_indemnity_to_date"],
    )
    assert (statement.period_start, statement.period_end) == (
        datetime.date(2026, 6, 1),
        JUNE,
    )
    claim = Claim.objects.get()
    assert (claim.insured_name, claim.status_id) == ("Quay", "OPEN")
    tell(ann, "91")
    assert stands() == 91
    send(JUNE, Paid_to_date="95")
    assert stands() == 95


def test_a_late_correction_of_june_leaves_july(ann: User) -> None:
    send(JUNE, Paid_to_date="100")
    send(JULY, Paid_to_date="150")
    tell(ann, "90")
    assert (paid(JUNE), paid(JULY), stands()) == (90, 150, 150)
    (key,) = ClaimPosition.objects.values_list("pk", flat=True)
    assert [m.amounts["paid_indemnity"] for m in books.movements([key])] == [90, 60]
    edit = Edit.objects.get()
    assert (edit.model, edit.object_id, edit.before, edit.after) == (
        "claimposition",
        key,
        {"paid_indemnity": "100.0000"},
        {"paid_indemnity": "90.0000"},
    )
    assert (edit.reference, edit.reason, edit.user) == (
        "C1 GBP at 30 Jun 2026",
        "Telephoned",
        ann,
    )
    assert edit.cedant == Party.objects.get()


def test_what_was_known_before_is_what_it_was(ann: User) -> None:
    send(JUNE, Paid_to_date="100")
    days = [datetime.datetime(2026, 7, n, tzinfo=datetime.UTC) for n in (1, 2, 3, 4)]
    Load.objects.update(loaded_at=days[0])
    statement = tell(ann, "90")
    Load.objects.filter(user=ann).update(loaded_at=days[1])
    hour = datetime.timedelta(hours=1)
    assert paid(known_at=days[0] + hour) == 100
    assert paid(known_at=days[1] + hour) == 90
    by_hand.withdraw(statement, user=ann, reason="Misheard")
    Load.objects.filter(user=ann).update(undone_at=days[2])
    assert (stands(), paid(JUNE)) == (100, 100)
    assert paid(known_at=days[1] + hour) == 90
    assert paid(known_at=days[3]) == 100
    assert list(Edit.objects.order_by("pk").values_list("after", "reason")) == [
        ({"paid_indemnity": "90.0000"}, "Telephoned"),
        ({"paid_indemnity": "100.0000"}, "Withdrawn: Misheard"),
    ]


def test_what_is_paid_in_a_period_and_the_last_word_of_it(ann: User) -> None:
    send(MAY, Paid_this_month="60")
    send(JUNE, Paid_this_month="40")
    tell(ann, "30", basis="this_period")
    assert (paid(MAY), stands()) == (60, 90)
    tell(ann, "25", basis="this_period")
    assert stands() == 85
    tell(ann, "99")
    assert stands() == 99
    send(JULY, Paid_this_month="1")
    assert stands() == 100


def test_reserves_fees_and_recoveries(ann: User) -> None:
    send(JUNE, Paid_to_date="100", Reserve="50")
    for name in ("reserve_indemnity", "paid_fees", "recovered", "paid_tpa"):
        tell(ann, "7", name=name)
    held: Any = ClaimPosition.objects.get()
    amounts = (held.paid_indemnity, held.reserve_indemnity, held.recovered)
    assert amounts == (100, 7, 7)
    assert (held.paid_tpa, held.paid_fees, held.incurred) == (7, 7, 114)


def test_a_status_is_told_with_it(ann: User) -> None:
    send(JUNE, Paid_to_date="100", Status="Open")
    closed = ClaimStatus.objects.get(pk="CLOSED")
    statement = tell(ann, "90", status=closed)
    assert Claim.objects.get().status == closed
    assert ClaimPosition.objects.get().status == closed
    by_hand.withdraw(statement, user=ann, reason="Misheard")
    assert Claim.objects.get().status_id == "OPEN"


def test_a_status_set_on_the_claims_page_stays(ann: User) -> None:
    send(JUNE, Paid_to_date="100", Status="Open")
    Claim.objects.update(status="CLOSED", date_closed=JULY)
    by_hand.withdraw(tell(ann, "90"), user=ann, reason="Misheard")
    claim = Claim.objects.get()
    assert (claim.status_id, claim.date_closed) == ("CLOSED", JULY)


def test_an_amount_by_hand_stands_in_the_way_of_undoing_the_only_file(
    ann: User,
) -> None:
    number = send(JUNE, Paid_to_date="100")
    statement = tell(ann, "90")
    with pytest.raises(LoadConflict) as refused, transaction.atomic():
        undo(CLAIMS, ingestion=number)
    assert str(refused.value) == (
        f"{ann.username} corrected an amount of claim “C1” of contract “T1” since. "
        "Withdraw that first."
    )
    assert (stands(), Load.objects.exclude(undone_at=None).count()) == (90, 0)
    by_hand.withdraw(statement, user=ann, reason="Misheard")
    undo(CLAIMS, ingestion=number)
    assert not ClaimPosition.objects.exists()
    assert not Claim.objects.exists()


def test_an_amount_by_hand_stays_while_a_file_speaks_of_its_position(ann: User) -> None:
    may = send(MAY, Paid_to_date="60")
    tell(ann, "90")
    june = send(JUNE, Reserve="5")
    undo(CLAIMS, ingestion=may)
    assert stands() == 90
    with pytest.raises(LoadConflict, match="Withdraw that first"), transaction.atomic():
        undo(CLAIMS, ingestion=june)


def test_an_amount_by_hand_stays_while_a_file_repeats_what_is_undone(ann: User) -> None:
    may = send(MAY, Paid_to_date="60")
    tell(ann, "90")
    again = send(MAY, Paid_to_date="60")
    undo(CLAIMS, ingestion=may)
    assert stands() == 90
    with pytest.raises(LoadConflict, match="Withdraw that first"), transaction.atomic():
        undo(CLAIMS, ingestion=again)


def test_a_correction_replaces_the_persons_word(ann: User) -> None:
    send(MAY, Paid_to_date="60")
    send(JUNE, Paid_to_date="100")
    tell(ann, "90")
    number = send(JUNE, correction=True, Paid_this_month="35")
    assert stands() == 95
    undo(CLAIMS, ingestion=number)
    assert stands() == 90


def test_a_quarter_stays_a_quarter(ann: User) -> None:
    send(JUNE, Paid_to_date="100", Previously_paid="60")
    ClaimStatement.objects.update(period_start=datetime.date(2026, 4, 1))
    statement = tell(ann, "90")
    assert statement.period_start == datetime.date(2026, 4, 1)
    assert (paid(datetime.date(2026, 3, 31)), stands()) == (60, 90)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": " "}, "Say why the amount is corrected."),
        ({"amount": "90.005"}, "Amounts in GBP have at most 2 decimals."),
        ({"amount": "NaN"}, "The amount of paid, indemnity is out of bounds."),
        ({"amount": "1e16"}, "The amount of paid, indemnity is out of bounds."),
        ({"name": "incurred"}, "There is no amount “incurred”."),
        ({"basis": "previously"}, "An amount is told to date or for this period."),
        ({"amount": "100"}, "The books say that already: nothing would change."),
        (
            {"period": datetime.date(2026, 6, 15)},
            "15 Jun 2026 is no end of a month: it is more than 5 days before it. Give "
            "the period's last day.",
        ),
        (
            {"period": datetime.date(2099, 6, 30)},
            "The period to 30 Jun 2099 has not begun yet.",
        ),
        (
            {"basis": "this_period"},
            "For this period paid, indemnity was told to date: 100. Tell what it "
            "comes to at its end; 90 would be to date.",
        ),
    ],
)
def test_what_is_refused(ann: User, change: dict[str, Any], said: str) -> None:
    send(JUNE, Paid_to_date="100")
    amount = change.pop("amount", "90")
    with pytest.raises(TellingError) as refused:
        tell(ann, amount, **change)
    assert str(refused.value) == said
    assert stands() == 100
    assert not Edit.objects.exists()
    assert Load.objects.count() == 1


def test_a_reason_that_reads_as_that_of_a_withdrawal_is_refused(ann: User) -> None:
    send(JUNE, Paid_to_date="100")
    with pytest.raises(TellingError, match="press Withdraw beside it"):
        tell(ann, "90", reason="Withdrawn: misheard")
    assert not Edit.objects.exists()


def test_a_currency_without_decimals(ann: User) -> None:
    send(JUNE, Paid_to_date="100", Currency="JPY")
    with pytest.raises(TellingError, match="Amounts in JPY have no decimals."):
        tell(ann, "90.5")


def test_a_period_within_one_that_was_told_is_refused(ann: User) -> None:
    number = send(JUNE, Paid_this_month="100")
    ClaimStatement.objects.update(period_start=datetime.date(2026, 4, 1))
    for basis in ("to_date", "this_period"):
        with pytest.raises(TellingError) as refused:
            start = datetime.date(2026, 5, 1)
            tell(ann, "90", period=MAY, basis=basis, period_start=start)
        assert str(refused.value) == (
            f"Number {number} told what was paid from 1 Apr 2026 to 30 Jun 2026, which "
            "overlaps: correct that period instead."
        )


def test_a_persons_amount_that_is_overlapped_is_called_that(ann: User) -> None:
    """As in a file, January is told, then February, then January by hand."""
    january, february = datetime.date(2026, 1, 31), datetime.date(2026, 2, 28)
    first = datetime.date(2026, 1, 1)
    send(january, Paid_this_month="10")
    send(february, Paid_this_month="20")
    told = tell(ann, "15", period=january, basis="this_period", period_start=first)
    assert stands() == 35
    more = {"basis": "this_period", "period_start": first}
    with pytest.raises(TellingError) as refused:
        tell(ann, "99", period=datetime.date(2026, 3, 31), **more)
    day = date_format(told.load.loaded_at.date(), "j M Y")
    assert str(refused.value) == (
        f"An amount by hand ({ann.username}, {day}) told what was paid from 1 Jan 2026 "
        "to 31 Jan 2026, which overlaps: correct that period instead."
    )
    number = send(january, Reserve="4")
    assert number
    with pytest.raises(TellingError, match=r"^An amount by hand \("):
        tell(ann, "99", period=datetime.date(2026, 3, 31), **more)


def test_who_may_withdraw(ann: User, user_with: Callable[[Role], User]) -> None:
    send(JUNE, Paid_to_date="100")
    auditor = user_with(AUDITOR)
    own, other = tell(auditor, "90"), tell(ann, "80")
    with pytest.raises(TellingError, match="Ask them, or a manager"):
        by_hand.withdraw(other, user=auditor, reason="Misheard")
    assert not by_hand.may_withdraw(other, auditor)
    assert by_hand.may_withdraw(own, auditor)
    by_hand.withdraw(own, user=ann, reason="Misheard")
    assert stands() == 80
    with pytest.raises(TellingError, match="withdrawn already"):
        by_hand.withdraw(own, user=auditor, reason="Misheard")
    with pytest.raises(TellingError, match="A file told this"):
        by_hand.withdraw(
            ClaimStatement.objects.earliest("pk"), user=ann, reason="Misheard"
        )


def test_others_claims_and_hidden_ones_are_not_there(ann: User) -> None:
    number = send(JUNE, Paid_to_date="100")
    statement = tell(ann, "90")
    other = Party.objects.create(code="OTHER", name="Other")
    CedantLimit.objects.create(user=ann, cedant=other)
    limited = User.objects.get(pk=ann.pk)
    with pytest.raises(TellingError, match="There is no such position"):
        tell(limited, "80")
    with pytest.raises(TellingError, match="There is no such statement"):
        by_hand.withdraw(statement, user=limited, reason="Misheard")
    by_hand.withdraw(statement, user=ann, reason="Misheard")
    undo(CLAIMS, ingestion=number)
    with pytest.raises(TellingError, match="There is no such position"):
        tell(ann, "80")


QUARTERS = Conventions(frequency="quarter")


def test_a_period_alone_has_a_beginning(ann: User) -> None:
    send(datetime.date(2026, 3, 31), conventions=QUARTERS, Paid_this_period="30")
    asks = (
        "Say from when: what was paid in the period to 30 Jun 2026 may be of a month, "
        "a quarter or a year. Give the period's first day."
    )
    within = (
        "16 Apr 2026 is no beginning of a period to 30 Jun 2026: give the first day of "
        "its first month."
    )
    july = within.replace("16 Apr", "1 Jul")
    for start, message in (
        (None, asks),
        (datetime.date(2026, 4, 16), within),
        (datetime.date(2026, 7, 1), july),
    ):
        with pytest.raises(TellingError) as refused:
            tell(ann, "9", basis="this_period", period_start=start)
        assert str(refused.value) == message
    assert stands() == 30
    start = datetime.date(2026, 4, 1)
    statement = tell(ann, "9", basis="this_period", period_start=start)
    assert (statement.period_start, statement.period_end) == (start, JUNE)
    assert stands() == 39
    send(JUNE, conventions=QUARTERS, Paid_this_period="40")
    assert stands() == 70


def test_a_period_that_was_told_is_not_begun_elsewhere(ann: User) -> None:
    send(JUNE, conventions=QUARTERS, Paid_this_period="30")
    june = datetime.date(2026, 6, 1)
    with pytest.raises(TellingError) as refused:
        tell(ann, "9", basis="this_period", period_start=june)
    assert str(refused.value) == (
        "The period to 30 Jun 2026 was told from 1 Apr 2026, not from 1 Jun 2026: tell "
        "what was paid since then, or what was paid to date."
    )
    tell(ann, "9", basis="this_period")
    assert stands() == 9


def test_a_withdrawal_that_leaves_a_limit_passed_has_to_be_meant(ann: User) -> None:
    Treaty.objects.update(loss_notification_threshold=1000)
    send(JUNE, Paid_to_date="700")
    statement = tell(ann, "300")
    send(JULY, **{"Paid this month - Indemnity": "400"})
    assert stands() == 700
    with pytest.raises(NotMeantError) as caught, transaction.atomic():
        by_hand.withdraw(statement, user=ann, reason="Misheard")
    assert caught.value.warnings == [
        "The claim stands at 1100.00 GBP, at or above the contract's loss notification "
        "threshold of 1000.00."
    ]
    assert stands() == 700
    by_hand.withdraw(statement, user=ann, reason="Misheard", is_meant=True)
    assert stands() == 1100
