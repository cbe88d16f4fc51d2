"""The premium income limit looks at what stands after the whole of a file."""

import datetime
from decimal import Decimal

import pytest

from importers.models import Source
from importers.pipeline.examine import Examined
from importers.services.ingestions import source_of
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, ingestion_of, run
from tests.reinsurance.ledger.premium_files import PREMIUMS

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = datetime.date(2026, 1, 31), datetime.date(2026, 2, 28)
HEADER = ("UMR", "Policy No", "Transaction type", "Effective date", "Ccy", "Gross GWP")
ABOVE = "above_premium_income_limit"


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(
        reference="T1", treaty_type="QS", currency_id="GBP", premium_income_limit=1000
    )


def send(
    *rows: str,
    period: datetime.date = JANUARY,
    chunk: int = 50,
    as_settled: bool = False,
    **told: bool,
) -> Examined:
    """A file of rows such as ``A Original 5 1200``: policy, type, day and gross."""
    cells = []
    for row in rows:
        policy, kind, day, gross = row.split()
        kind = "Return Premium" if kind == "Return" else kind
        cells.append(["T1", policy, kind, f"2026-01-{int(day):02}", "GBP", gross])
    header = tuple("Gross premium" if n == "Gross GWP" else n for n in HEADER)
    examined, _, _ = run(
        Table(header, cells, chunk=chunk),
        PREMIUMS,
        period_end=period,
        conventions=Conventions(**told),
        ingestion=ingestion_of(PREMIUMS, source_of(None)),
        as_settled=as_settled,
    )
    return examined


def said(examined: Examined) -> list[tuple[int, str]]:
    """Row and what the contract's premium is said to stand at."""
    found = examined.issues.filter(examined.issues["code"] == ABOVE)
    return [
        (row, text.split("stands at ")[1].split(" GBP")[0])
        for row, text in found.select("row", "message").rows()
    ]


def standing() -> Decimal:
    return sum(PremiumEntry.objects.values_list("gross_premium", flat=True), Decimal(0))


@pytest.mark.parametrize("as_settled", [False, True])
@pytest.mark.parametrize("chunk", [1, 2, 50])
def test_rows_of_all_parts_of_a_file_count_together(
    chunk: int, *, as_settled: bool
) -> None:
    rows = [f"P{n} Original 5 300" for n in range(4)]
    examined = send(*rows, chunk=chunk, as_settled=as_settled)
    assert (standing(), said(examined)) == (1200, [(2, "1200.00")])


@pytest.mark.parametrize("chunk", [1, 50])
def test_parts_that_are_too_much_alone_are_not_too_much_together(chunk: int) -> None:
    examined = send("A Original 5 1200", "A Return 15 -300", chunk=chunk)
    assert (standing(), said(examined)) == (900, [])


@pytest.mark.parametrize("chunk", [1, 50])
@pytest.mark.parametrize(
    ("first", "correction", "stands", "above"),
    [
        (
            ["A Original 5 1200", "A Return 15 -300"],
            ["A Original 5 1250"],
            1250,
            [(2, "1250.00")],
        ),
        (
            ["A Original 5 1200", "A Return 15 -300"],
            ["A Original 5 1200"],
            1200,
            [(2, "1200.00")],
        ),
        (["A Original 5 600", "B Original 5 600"], ["A Original 5 900"], 900, []),
        (["A Original 5 800"], ["A Original 6 800"], 800, []),
    ],
)
def test_what_a_correction_leaves_out_does_not_count(
    first: list[str],
    correction: list[str],
    stands: int,
    above: list[tuple[int, str]],
    chunk: int,
) -> None:
    send(*first)
    examined = send(*correction, chunk=chunk, is_correction=True)
    assert (standing(), said(examined)) == (stands, above)


def test_a_correction_of_a_list_of_the_year_leaves_out_of_the_year() -> None:
    source_of(None)
    Source.objects.update(premium_lists="year")
    listed = {"premium_lists": "year"}
    send("A Original 5 600", "B Original 5 300", **listed)  # type: ignore[arg-type]
    examined = send(
        "A Original 5 950",
        period=FEBRUARY,
        is_correction=True,
        **listed,  # type: ignore[arg-type]
    )
    assert (standing(), said(examined)) == (950, [])


def test_a_correction_with_rows_held_out_lacks_nothing_of_them() -> None:
    send("A Original 5 600", "B Original 5 300")
    examined = send("A Original 5 900", "B Original 5 x", is_correction=True)
    assert (standing(), said(examined)) == (1200, [(2, "1200.00")])
