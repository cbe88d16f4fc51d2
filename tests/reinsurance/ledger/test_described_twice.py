"""Rows of one claim in one file that tell it another event, insured or date of loss."""

import datetime

import pytest

from importers.pipeline.examine import Examined
from reinsurance.models import Claim, LossEvent, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run
from tests.reinsurance.ledger.test_claims import CLAIMS

pytestmark = pytest.mark.django_db
HEADER = ("UMR", "Claim Ref", "Ccy", "Paid to date", "Section", "Event", "Insured")
JUNE = datetime.date(2026, 6, 30)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    for code in ("E", "W"):
        LossEvent.objects.create(code=code, name=code)
    return Treaty.objects.create(reference="R", treaty_type="CXL", currency_id="GBP")


def send(*rows: str, chunk: int = 50, equal_rows_add: bool = False) -> Examined:
    """Rows such as ``C1 1 E Quay``: claim, section, event and insured; ``-``: none."""
    cells = []
    for paid, row in enumerate(rows, start=100):
        claim, section, *told = (text.strip("-") for text in row.split())
        cells.append(["R", claim, "GBP", str(paid), section, *told])
    return run(
        Table(HEADER, cells, chunk=chunk),
        CLAIMS,
        period_end=JUNE,
        conventions=Conventions(equal_rows_add=equal_rows_add),
    )[0]


def said(examined: Examined) -> list[tuple[int, str, str]]:
    """Row, column and message."""
    found = examined.issues.filter(examined.issues["code"] == "claim_described_twice")
    assert set(found["severity"]) <= {"warning"}
    return list(found.select("row", "column", "message").iter_rows())


def message(label: str, own: str, row: int, its: str) -> str:
    return (
        f"{label}: the row tells “{own}”. A claim has one, and of its rows for this "
        f"period row {row} counts, “{its}”. If they are two losses, they need two "
        "claim references."
    )


@pytest.mark.parametrize("chunk", [1, 50])
def test_a_row_whose_event_does_not_count_says_so(chunk: int) -> None:
    examined = send("C1 1 E -", "C2 1 E -", "C2 2 W -", chunk=chunk)
    assert said(examined) == [(3, "Event", message("Loss event", "E", 4, "W"))]
    event = Claim.objects.get(reference="C2").loss_event
    assert event is not None
    assert event.code == "W"


def test_any_description_of_the_claim_as_a_whole_is_said() -> None:
    examined = send("C1 1 E Quay", "C1 2 - QUAY", "C1 3 E Wharf")
    assert said(examined) == [
        (2, "Insured", message("Insured", "Quay", 4, "Wharf")),
        (3, "Insured", message("Insured", "QUAY", 4, "Wharf")),
    ]
    assert Claim.objects.get().insured_name == "Wharf"


def test_rows_that_agree_or_are_silent_say_nothing() -> None:
    assert said(send("C1 1 E Quay", "C1 2 - -", "C1 3 E quay", "C2 1 W Wharf")) == []


def test_of_rows_that_add_up_the_last_that_tells_it_counts() -> None:
    examined = send("C1 1 E -", "C1 1 W Quay", "C1 1 - -", equal_rows_add=True)
    assert said(examined) == [(2, "Event", message("Loss event", "E", 3, "W"))]
    claim = Claim.objects.get()
    assert claim.loss_event is not None
    assert (claim.loss_event.code, claim.insured_name) == ("W", "Quay")


@pytest.mark.parametrize("rows", [["Closed", "Open"], ["Open", "Closed"]])
def test_rows_that_add_up_are_open_if_one_of_them_is(rows: list[str]) -> None:
    header = ("UMR", "Claim Ref", "Ccy", "Status", "Paid to date", "Claimant name")
    names = {"Open": "Doe", "Closed": ""}
    cells = [["R", "C1", "GBP", status, "5", names[status]] for status in rows]
    run(
        Table(header, cells),
        CLAIMS,
        period_end=JUNE,
        conventions=Conventions(equal_rows_add=True),
    )
    claim = Claim.objects.get()
    assert (claim.status_id, claim.details) == ("OPEN", {"Claimant Name": "Doe"})
