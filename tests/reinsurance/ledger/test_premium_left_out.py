"""What a correction leaves out of premium, where another sender repeated it."""

from decimal import Decimal

import pytest

from importers.models import Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from reinsurance.models import Treaty
from tests.importers.pipeline.tables import ingestion_of
from tests.reinsurance.ledger.premium_files import JANUARY, PREMIUMS, books, send

pytestmark = pytest.mark.django_db
GONE = "After the load that does not count any more."


@pytest.fixture
def cedant(db: None) -> Source:
    return Source.objects.create(code="ced", name="Cedant", is_house=True)


@pytest.fixture
def broker(db: None) -> Source:
    return Source.objects.create(code="bro", name="Broker", is_house=True)


def premium(policy: str, gross: int) -> dict[str, str]:
    return {"Policy No": policy, "Gross premium": str(gross)}


def lacks(examined: Examined) -> list[str]:
    return examined.issues.filter(code="correction_lacks")["message"].to_list()


def stand() -> list[tuple[str, int]]:
    return sorted((policy, int(gross)) for gross, policy in books("policy_reference"))


def stays(number: int, gross: int = 100) -> str:
    return (
        f"Premium of policy P1, Original of 1 January 2026, {gross}.00 GBP: told for "
        "the period to 31 January 2026 and missing in this correction. After the load "
        "what this sender told of it does not count any more, but what number "
        f"{number} told for it stays. If that is not meant, it has to be taken back as "
        "well."
    )


@pytest.mark.parametrize("is_first", [True, False])
def test_what_another_sender_repeated_stays(
    cedant: Source, broker: Source, *, is_first: bool
) -> None:
    if is_first:
        send(JANUARY, premium("P1", 100), premium("P2", 5), source=cedant)
    _, theirs = send(JANUARY, premium("P1", 100), source=broker)
    if not is_first:
        send(JANUARY, premium("P1", 100), premium("P2", 5), source=cedant)
    first, _ = send(JANUARY, premium("P2", 6), source=cedant, is_correction=True)
    assert lacks(first) == [stays(theirs)]
    assert first.staged.effect.moves == {"premium GBP": 1}
    assert stand() == [("P1", 100), ("P2", 6)]
    again, _ = send(JANUARY, premium("P2", 6), source=cedant, is_correction=True)
    assert lacks(again) == []
    second, number = send(JANUARY, premium("P2", 7), source=broker, is_correction=True)
    assert [message.endswith(GONE) for message in lacks(second)] == [True]
    assert second.staged.effect.moves == {"premium GBP": -99}
    assert stand() == [("P2", 7)]
    undo(PREMIUMS, ingestion=number)
    assert stand() == [("P1", 100), ("P2", 6)]


def test_what_another_sender_told_otherwise_comes_back(
    cedant: Source, broker: Source
) -> None:
    Treaty.objects.create(
        reference="T1",
        treaty_type="QS",
        currency_id="GBP",
        premium_income_limit=Decimal(105),
    )
    _, theirs = send(JANUARY, premium("P1", 100), source=broker)
    send(JANUARY, premium("P1", 90), premium("P2", 5), source=cedant)
    correction, _ = send(JANUARY, premium("P2", 6), source=cedant, is_correction=True)
    assert lacks(correction) == [stays(theirs, 90)]
    assert correction.staged.effect.moves == {"premium GBP": 11}
    assert "above_premium_income_limit" in correction.by_code
    assert stand() == [("P1", 100), ("P2", 6)]


def test_what_another_sender_replaced_is_said_to_be_left_out(
    cedant: Source, broker: Source
) -> None:
    send(JANUARY, premium("P1", 95), premium("P2", 1), source=cedant)
    send(JANUARY, premium("P1", 100), source=cedant, is_additional=True)
    _, theirs = send(JANUARY, premium("P1", 90), source=broker)
    correction, _ = send(JANUARY, premium("P2", 1), source=cedant, is_correction=True)
    assert lacks(correction) == [stays(theirs)]
    assert correction.staged.effect.moves == {}
    assert stand() == [("P1", 90), ("P2", 1)]
    again, _ = send(JANUARY, premium("P2", 1), source=cedant, is_correction=True)
    assert lacks(again) == []
    undo(PREMIUMS, ingestion=theirs)
    assert stand() == [("P2", 1)]


def test_what_a_later_file_replaced_is_said_to_be_left_out(cedant: Source) -> None:
    send(JANUARY, premium("P1", 100), premium("P2", 1), source=cedant)
    waiting = ingestion_of(PREMIUMS, cedant)
    _, later = send(JANUARY, premium("P1", 90), source=cedant, is_additional=True)
    correction, _ = send(
        JANUARY, premium("P2", 1), source=cedant, number=waiting, is_correction=True
    )
    word = stays(later).replace(f"number {later}", f"number {later}, received later,")
    assert lacks(correction) == [word]
    assert stand() == [("P1", 90), ("P2", 1)]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_correction_does_not_lack_what_it_tells_after_another_sender(
    cedant: Source, broker: Source, *, is_late: bool
) -> None:
    send(JANUARY, premium("P1", 100), source=cedant)
    number = ingestion_of(PREMIUMS, cedant) if is_late else None
    send(JANUARY, premium("P1", 90), source=broker)
    correction, _ = send(
        JANUARY, premium("P1", 80), source=cedant, number=number, is_correction=True
    )
    assert lacks(correction) == []
    assert stand() == [("P1", 90 if is_late else 80)]


def test_what_replaced_it_comes_to_the_limit_once(
    cedant: Source, broker: Source
) -> None:
    Treaty.objects.create(
        reference="T1",
        treaty_type="QS",
        currency_id="GBP",
        premium_income_limit=Decimal(100),
    )
    send(JANUARY, premium("P1", 10), premium("P2", 5), source=cedant)
    send(JANUARY, premium("P1", 90), source=broker)
    correction, _ = send(JANUARY, premium("P2", 11), source=cedant, is_correction=True)
    assert "above_premium_income_limit" in correction.by_code
    assert correction.staged.effect.moves == {"premium GBP": 6}
