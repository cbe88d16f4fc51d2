"""The limit of each occurrence looks at an event after the whole of a file."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from importers.pipeline.examine import Examined
from reinsurance.ledger import by_hand
from reinsurance.ledger.hand_refusals import NotMeantError
from reinsurance.models import (
    ClaimPosition,
    ExchangeRate,
    Layer,
    LossEvent,
    Treaty,
)
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run
from tests.reinsurance.ledger.test_claims import CLAIMS

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = datetime.date(2026, 1, 31), datetime.date(2026, 2, 28)
HEADER = ("UMR", "Claim Ref", "Ccy", "Date of Loss", "Paid to date", "Loss event")


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    LossEvent.objects.create(code="STORM", name="Storm")
    LossEvent.objects.create(code="FLOOD", name="Flood")
    treaty = Treaty.objects.create(reference="T1", treaty_type="CXL", currency_id="GBP")
    Layer.objects.create(
        treaty=treaty, number=1, occurrence_attachment=0, occurrence_limit=1000
    )
    return treaty


def send(
    *rows: str,
    period: datetime.date = JANUARY,
    chunk: int = 50,
    as_settled: bool = False,
    is_correction: bool = False,
) -> Examined:
    """A file of rows such as ``C1 300 STORM``: claim, paid to date, event."""
    cells = []
    for row in rows:
        claim, paid, *event = row.split()
        cells.append(["T1", claim, "GBP", "2026-01-01", paid, *(event or [""])])
    return run(
        Table(HEADER, cells, chunk=chunk),
        CLAIMS,
        period_end=period,
        conventions=Conventions(is_correction=is_correction),
        as_settled=as_settled,
    )[0]


def said(examined: Examined) -> list[tuple[int, str, str]]:
    """Row, event and what it is said to stand at."""
    found = examined.issues.filter(examined.issues["code"] == "above_event_limit")
    return [
        (row, *text.split("of event ")[1].split(" GBP")[0].split(" stand at "))
        for row, text in found.select("row", "message").rows()
    ]


def of_event(code: str) -> int:
    rows = ClaimPosition.objects.filter(claim__loss_event__code=code)
    return int(sum(rows.values_list("incurred", flat=True)))


@pytest.mark.parametrize("as_settled", [False, True])
@pytest.mark.parametrize("chunk", [1, 2, 50])
def test_claims_of_all_parts_of_a_file_count_together(
    chunk: int, *, as_settled: bool
) -> None:
    rows = [f"C{n} 300 STORM" for n in range(4)] + ["F1 900 FLOOD"]
    examined = send(*rows, chunk=chunk, as_settled=as_settled)
    assert (of_event("STORM"), said(examined)) == (1200, [(2, "STORM", "1200.00")])


@pytest.mark.parametrize("chunk", [1, 50])
def test_claims_of_the_books_count_with_those_of_the_file(chunk: int) -> None:
    send("C1 500 STORM", "C2 400 STORM")
    examined = send("C1 550", "C3 100 STORM", chunk=chunk, period=FEBRUARY)
    assert (of_event("STORM"), said(examined)) == (1050, [(2, "STORM", "1050.00")])


def test_a_claim_that_comes_under_another_event_leaves_the_first() -> None:
    send("C1 500 STORM", "C2 400 STORM")
    examined = send("C1 500 FLOOD", "C3 500 STORM", period=FEBRUARY)
    assert (of_event("STORM"), of_event("FLOOD"), said(examined)) == (900, 500, [])


@pytest.mark.parametrize("chunk", [1, 50])
def test_what_a_correction_leaves_out_does_not_count(chunk: int) -> None:
    send("C1 500 STORM", "C2 400 STORM")
    examined = send("C1 900 STORM", "C3 50 STORM", chunk=chunk, is_correction=True)
    assert (of_event("STORM"), said(examined)) == (950, [])


def test_what_a_correction_leaves_of_a_claim_counts() -> None:
    send("C1 500 STORM", "C2 300 STORM")
    send("C2 600", period=FEBRUARY)
    examined = send("C1 700 STORM", "C2 10 FLOOD", period=FEBRUARY, is_correction=True)
    assert of_event("STORM") == 700
    assert said(examined) == []
    examined = send("C1 500 STORM", "C4 1 FLOOD", is_correction=True)
    assert (of_event("STORM"), said(examined)) == (700, [])


@pytest.mark.parametrize("chunk", [1, 50])
@pytest.mark.parametrize(
    ("limit", "first", "correction", "above"),
    [
        ("threshold", ("1200", "-300"), "1201", "1201.00"),
        ("threshold", ("1200", "-300"), "999", None),
        ("threshold", ("600", "500"), "600", None),
        ("risk", ("1200", "-300"), "1201", "1201.00"),
        ("risk", ("600", "500"), "600", None),
        ("cash", ("1200", "-300"), "1200", "1200.00"),
        ("cash", ("600", "500"), "600", None),
    ],
)
def test_a_section_that_a_correction_leaves_out_is_none_of_the_claim(
    treaty: Treaty,
    limit: str,
    first: tuple[str, str],
    correction: str,
    above: str | None,
    chunk: int,
) -> None:
    if limit == "threshold":
        Treaty.objects.update(loss_notification_threshold=1000)
    elif limit == "cash":
        Treaty.objects.update(cash_loss_limit=1000)
    else:
        Layer.objects.update(risk_attachment=0, risk_limit=1000)

    def sections(*amounts: str, is_correction: bool) -> Examined:
        header = ("UMR", "Claim Ref", "Ccy", "Date of Loss", "Paid to date", "Section")
        cells = [
            ["T1", "C1", "GBP", "2026-01-01", amount, str(number)]
            for number, amount in enumerate(amounts, start=1)
        ]
        cells.append(["T1", "C2", "GBP", "2026-01-01", "1", "1"])
        return run(
            Table(header, cells, chunk=chunk),
            CLAIMS,
            period_end=JANUARY,
            conventions=Conventions(is_correction=is_correction),
        )[0]

    sections(*first, is_correction=False)
    examined = sections(correction, is_correction=True)
    found = examined.issues.filter(examined.issues["severity"] == "breach")
    said = [text.split(" GBP")[0].split(" ")[-1] for text in found["message"]]
    assert said == ([above] if above else [])


def test_an_amount_by_hand_is_held_against_the_event(manager: User) -> None:
    send("C1 500 STORM", "C2 400 STORM")
    position = ClaimPosition.objects.get(claim__reference="C1")

    def tell(amount: int, *, is_meant: bool = False) -> None:
        by_hand.tell(
            position,
            period_start=None,
            period_end=JANUARY,
            amounts={"paid_indemnity": Decimal(amount)},
            basis="to_date",
            status=None,
            user=manager,
            reason="late invoice",
            is_meant=is_meant,
        )

    tell(600)
    with pytest.raises(NotMeantError) as caught, transaction.atomic():
        tell(700)
    assert "The claims of event STORM stand at 1100.00 GBP" in str(caught.value)
    tell(700, is_meant=True)
    assert of_event("STORM") == 1100


def test_what_is_left_of_a_claim_is_at_the_rate_of_its_own_period() -> None:
    """Left out of February, what stands is January's, at January's rate."""
    for day, rate in (("2026-01-02", "0.5"), ("2026-02-02", "2")):
        ExchangeRate.objects.create(base_id="USD", quote_id="GBP", date=day, rate=rate)

    def told(
        period: datetime.date, *rows: str, is_correction: bool = False
    ) -> Examined:
        cells = [
            ["T1", claim, currency, "2026-01-01", paid, "STORM"]
            for claim, currency, paid in map(str.split, rows)
        ]
        return run(
            Table(HEADER, cells),
            CLAIMS,
            period_end=period,
            conventions=Conventions(
                is_correction=is_correction, several_currencies=True
            ),
        )[0]

    told(JANUARY, "C1 USD 800", "C2 GBP 500")
    assert said(told(FEBRUARY, "C1 USD 900", "C2 GBP 500"))[0][2] == "2300.00"
    examined = told(FEBRUARY, "C2 GBP 601", is_correction=True)
    assert said(examined) == [(2, "STORM", "1001.00")]
    assert said(told(FEBRUARY, "C2 GBP 600", is_correction=True)) == []


def test_a_file_without_events_is_held_against_those_of_the_books() -> None:
    send("C1 500 STORM", "C2 400 STORM")
    table = Table(HEADER[:-1], [["T1", "C1", "GBP", "2026-01-01", "601"]])
    assert said(run(table, CLAIMS, period_end=FEBRUARY)[0]) == [(2, "STORM", "1001.00")]
