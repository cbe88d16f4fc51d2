"""The dates of a claim, told by different files."""

import datetime

import pytest
from django.core.exceptions import ValidationError

from importers import record_types
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from reinsurance.models import Claim, LossEvent, Treaty
from tests.reinsurance.ledger.test_claims import (
    FEBRUARY,
    MARCH,
    errors,
    paid,
    send,
)

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def warnings(examined: Examined) -> list[tuple[int, str, str]]:
    found = examined.issues.filter(severity="warning").sort("row", "code")
    return found.select("row", "column", "code").rows()


def bare(amount: int, **more: str) -> dict[str, str]:
    """A row that says nothing of the date of loss."""
    return paid(amount, **{"Date of Loss": "", **more})


@pytest.mark.parametrize(
    ("first", "then", "held_out"),
    [
        (
            {"Date of Loss": "2026-01-10"},
            {"Date notified": "2026-01-07"},
            ("Date notified", "notified_before_loss"),
        ),
        (
            {"Date of Loss": "2026-01-05", "Date notified": "2026-01-07"},
            {"Date of Loss": "2026-01-10"},
            ("date_notified", "notified_before_loss"),
        ),
        (
            {"Date of Loss": "2026-01-10"},
            {"Date closed": "2026-01-07", "Claim status": "closed"},
            ("Date closed", "closed_before_loss"),
        ),
        (
            {"Date of Loss": "2026-01-10"},
            {"Date of Loss To": "2026-01-07"},
            ("Date of Loss To", "loss_ends_before_start"),
        ),
        (
            {"Policy inception": "2026-01-10"},
            {"Policy expiry": "2025-12-31"},
            ("Policy expiry", "policy_expiry_before_inception"),
        ),
    ],
)
def test_dates_of_two_files_that_contradict_each_other(
    first: dict[str, str], then: dict[str, str], held_out: tuple[str, str]
) -> None:
    assert errors(send(bare(100, **first))[0]) == []
    before = Claim.objects.values().get()
    second, _ = send(bare(170, **then), period=FEBRUARY)
    [(row, column, code)] = errors(second)
    assert (row, code) == (2, held_out[1])
    assert column.replace("_", " ").lower() == held_out[0].replace("_", " ").lower()
    assert Claim.objects.values().get() == before


def test_an_undo_may_leave_dates_that_contradict_each_other() -> None:
    send(bare(100, **{"Date of Loss": "2026-01-10"}))
    _, second = send(bare(110, **{"Date of Loss": "2026-01-05"}), period=FEBRUARY)
    third, _ = send(bare(120, **{"Date notified": "2026-01-07"}), period=MARCH)
    assert errors(third) == []
    undo(CLAIMS, ingestion=second)
    claim = Claim.objects.get()
    assert claim.date_of_loss == datetime.date(2026, 1, 10)
    assert claim.date_notified == datetime.date(2026, 1, 7)
    with pytest.raises(ValidationError, match="on or after the date of loss"):
        claim.full_clean()
    # Money goes on coming in; what the books hold is not a fault of the new row.
    april = datetime.date(2026, 4, 30)
    assert errors(send(bare(130), period=april)[0]) == []
    same = bare(140, **{"Date notified": "2026-01-07"})
    assert errors(send(same, period=april)[0]) == []


def test_a_policy_told_after_the_loss_does_not_cover_it() -> None:
    send(bare(100, **{"Date of Loss": "2026-01-10"}))
    policy = {"Policy inception": "2026-01-11", "Policy expiry": "2026-12-31"}
    second, _ = send(bare(110, **policy), period=FEBRUARY)
    assert warnings(second) == [(2, "Date of Loss", "loss_outside_policy")]


def test_an_event_told_after_the_loss_is_not_its_event() -> None:
    LossEvent.objects.create(
        code="E1",
        name="Storm",
        date_from=datetime.date(2026, 1, 11),
        date_to=datetime.date(2026, 1, 14),
    )
    send(bare(100, **{"Date of Loss": "2026-01-10"}))
    second, _ = send(bare(110, **{"Loss event": "E1"}), period=FEBRUARY)
    assert warnings(second) == [(2, "Date of Loss", "loss_outside_event")]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Date closed", "The closing of a claim"),
        ("Date opened", "The opening of a claim"),
        ("Date of Loss To", "The end of a loss"),
    ],
)
def test_a_date_of_a_claim_that_lies_in_the_future_is_asked_about(
    column: str, said: str
) -> None:
    told = {"Date of Loss": "2026-01-10", column: "2135-01-31"}
    found = send(bare(100, **told))[0].issues.select("code", "severity", "message")
    assert found.rows() == [
        (
            "date_in_future",
            "warning",
            f"{said} on 2135-01-31 lies in the future. Is its year right?",
        )
    ]
