"""Single histories of claims, each with what the books have to hold after it."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from importers import record_types
from importers.models import Ingestion
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.ledger import books
from reinsurance.models import Claim, ClaimPosition, ClaimStatement, Load, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, ingestion_of, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
JANUARY, FEBRUARY, MARCH = (
    datetime.date(2026, 1, 31),
    datetime.date(2026, 2, 28),
    datetime.date(2026, 3, 31),
)
NEEDED = {"UMR": "T1", "Claim Ref": "C1", "Ccy": "GBP", "Date of Loss": "2026-01-01"}
CORRECTION = Conventions(is_correction=True)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def send(
    *rows: dict[str, str],
    period: datetime.date | None = JANUARY,
    conventions: Conventions | None = None,
    ingestion: Ingestion | None = None,
    chunk: int = 7,
) -> tuple[Examined, int]:
    """Load a file of rows, whatever they say beside :data:`NEEDED`."""
    every = [{**NEEDED, **row} for row in rows]
    header = tuple(dict.fromkeys(name for row in every for name in row))
    table = Table(header, [[row.get(n, "") for n in header] for row in every], chunk)
    examined, _, loaded = run(
        table,
        CLAIMS,
        period_end=period,
        conventions=conventions,
        ingestion=ingestion,
    )
    return examined, loaded.pk


def paid(amount: int, **more: str) -> dict[str, str]:
    """A row with what was paid to date."""
    return {"Paid to date": str(amount), **more}


def errors(examined: Examined) -> list[tuple[int, str, str]]:
    """Row, column and code of what holds rows out, and of nothing else."""
    found = examined.issues.filter(severity="error").sort("row", "code")
    return found.select("row", "column", "code").rows()


def positions() -> list[tuple[str, str, str, Decimal]]:
    """Claim, section, currency and paid of all that stand."""
    return list(
        ClaimPosition.objects.order_by(
            "claim__reference", "section", "currency"
        ).values_list("claim__reference", "section", "currency_id", "paid_indemnity")
    )


def paid_as_at(day: datetime.date | None, **options: Any) -> list[Decimal]:
    keys = list(ClaimPosition.all_objects.order_by("pk").values_list("pk", flat=True))
    found = books.as_at(keys, day, **options)
    return [standing.amounts["paid_indemnity"] for standing in found]


# ------------------------------------------------------------------- known at a time
def test_what_was_known_before_and_after_an_undo() -> None:
    days = [datetime.datetime(2026, 5, n, tzinfo=datetime.UTC) for n in range(1, 5)]
    first, second = send(paid(100))[1], send(paid(170), period=FEBRUARY)[1]
    Load.objects.filter(number=first).update(loaded_at=days[0])
    undo(CLAIMS, ingestion=second)
    Load.objects.filter(number=second).update(loaded_at=days[1], undone_at=days[2])
    hour = datetime.timedelta(hours=1)
    assert paid_as_at(None, known_at=days[0] - hour) == []
    assert paid_as_at(None, known_at=days[0] + hour) == [100]
    assert paid_as_at(None, known_at=days[1] + hour) == [170]
    assert paid_as_at(JANUARY, known_at=days[1] + hour) == [100]
    assert paid_as_at(None, known_at=days[2] + hour) == [100]
    assert paid_as_at(None) == [100]


# -------------------------------------------------------------------- which position
def test_another_currency_is_held_out_until_the_sender_may() -> None:
    send(paid(100))
    dollars = paid(60, Ccy="USD")
    assert errors(send(dollars, period=FEBRUARY)[0]) == [(2, "Ccy", "currency_changed")]
    assert positions() == [("C1", "", "GBP", 100)]
    several = Conventions(several_currencies=True)
    assert errors(send(dollars, period=FEBRUARY, conventions=several)[0]) == []
    assert positions() == [("C1", "", "GBP", 100), ("C1", "", "USD", 60)]


def test_a_file_that_lists_both_currencies_adds_a_position() -> None:
    send(paid(100))
    both = (paid(110), paid(60, Ccy="USD"))
    assert errors(send(*both, period=FEBRUARY)[0]) == []
    assert positions() == [("C1", "", "GBP", 110), ("C1", "", "USD", 60)]


def test_a_section_that_is_told_later_is_filled_in() -> None:
    send(paid(100))
    assert errors(send(paid(120, Section="2"), period=FEBRUARY)[0]) == []
    assert positions() == [("C1", "2", "GBP", 120)]
    assert errors(send(paid(130), period=MARCH)[0]) == []
    assert positions() == [("C1", "2", "GBP", 130)]
    assert paid_as_at(JANUARY) == [100]


def test_an_untold_section_that_fits_two_is_asked() -> None:
    send(paid(100, Section="1"), paid(60, Section="2"))
    examined, _ = send(paid(170), period=FEBRUARY)
    assert [code for _, _, code in errors(examined)] == ["position_unclear"]
    assert positions() == [("C1", "1", "GBP", 100), ("C1", "2", "GBP", 60)]


def test_two_sections_do_not_fill_in_one() -> None:
    send(paid(100))
    examined, _ = send(paid(70, Section="1"), paid(30, Section="2"), period=FEBRUARY)
    assert [code for _, _, code in errors(examined)] == ["position_unclear"] * 2
    assert positions() == [("C1", "", "GBP", 100)]


# -------------------------------------------------------------------- rows of a file
def test_months_of_a_claim_in_several_chunks() -> None:
    ends = {"2026-01-31": "100", "2026-02-28": "50", "2026-03-31": "7"}
    rows = [
        {"Paid this month": paid, "Reporting Period (End Date)": end, "Claim Ref": ref}
        for ref in ("C1", "C2")
        for end, paid in ends.items()
    ]
    examined, _ = send(*rows, period=None, chunk=1)
    assert dict(examined.staged.rows) == {"created": 2, "updated": 4, "rejected": 0}
    assert positions() == [("C1", "", "GBP", 157), ("C2", "", "GBP", 157)]
    assert paid_as_at(FEBRUARY) == [150, 150]


def test_rows_of_one_claim_that_differ_are_held_out_in_several_chunks() -> None:
    examined, _ = send(paid(1), paid(5, **{"Claim Ref": "C2"}), paid(2), chunk=1)
    assert errors(examined) == [
        (2, "Claim Ref", "conflicting_rows"),
        (4, "Claim Ref", "conflicting_rows"),
    ]
    assert positions() == [("C2", "", "GBP", 5)]


def test_equal_rows_add_where_the_sender_says_so() -> None:
    rows = [{"Paid this month": "40", "Reserve": "10"}] * 3
    assert [code for _, _, code in errors(send(*rows)[0])] == ["duplicate_row"] * 2
    assert positions() == [("C1", "", "GBP", 40)]
    adds = Conventions(equal_rows_add=True)
    examined, _ = send(*rows, period=FEBRUARY, conventions=adds)
    assert errors(examined) == []
    assert positions() == [("C1", "", "GBP", 160)]
    assert ClaimPosition.objects.get().reserve_indemnity == 30
    assert sum(examined.staged.rows.values()) == 3


def test_rows_that_differ_add_as_well() -> None:
    rows = [{"Paid this month": "0", "Reserve": reserve} for reserve in ("5", "5", "7")]
    examined, _ = send(*rows, conventions=Conventions(equal_rows_add=True))
    assert errors(examined) == []
    assert ClaimPosition.objects.get().reserve_indemnity == 17


def test_a_blank_amount_is_nil_where_the_sender_says_so() -> None:
    send({"Paid to date": "100", "Reserve": "30"})
    send({"Paid to date": "100", "Reserve": ""}, period=FEBRUARY)
    assert ClaimPosition.objects.get().reserve_indemnity == 30
    nil = Conventions(blank_is_zero=True)
    send({"Paid to date": "100", "Reserve": ""}, period=MARCH, conventions=nil)
    assert ClaimPosition.objects.get().reserve_indemnity == 0


def test_what_a_row_held_out_would_have_told_is_no_reason_to_warn() -> None:
    ends = ("2026-01-31", "2026-02-28", "2026-03-31")
    told = (
        {"Paid to date": "40"},
        {"Paid to date": "10", "Paid this month": "0"},
        {"Previously Paid": "20", "Paid this month": "40"},
    )
    rows = [
        {**row, "Reporting Period (End Date)": end}
        for row, end in zip(told, ends, strict=True)
    ]
    examined, _ = send(*rows, period=None)
    assert [(row, code) for row, _, code in errors(examined)] == [(3, "bases_disagree")]
    assert "previously_paid_differs" not in examined.by_code
    assert positions() == [("C1", "", "GBP", 60)]


def test_a_currency_beside_a_row_held_out_is_another_one() -> None:
    """What the file listed beside it is not loaded, so it does not count."""
    send({"Paid to date": "40"})
    rows = (
        {"Paid to date": "50", "Paid this month": "1"},
        paid(60, Ccy="USD"),
    )
    examined, _ = send(*rows, period=FEBRUARY)
    assert [(row, code) for row, _, code in errors(examined)] == [
        (2, "bases_disagree"),
        (3, "currency_changed"),
    ]
    assert positions() == [("C1", "", "GBP", 40)]


# --------------------------------------------------------------------------- periods
def test_a_quarter_over_months_that_were_told_counts_once() -> None:
    send({"Paid this month": "40"}, period=FEBRUARY)
    quarters = Conventions(frequency="quarter")
    examined, _ = send({"Paid this period": "90"}, period=MARCH, conventions=quarters)
    assert [code for _, _, code in errors(examined)] == ["periods_overlap"]
    assert positions() == [("C1", "", "GBP", 40)]
    june = datetime.date(2026, 6, 30)
    send({"Paid this period": "5"}, period=june, conventions=quarters)
    assert positions() == [("C1", "", "GBP", 45)]


def test_a_period_that_ends_in_its_middle_is_asked() -> None:
    examined, _ = send(paid(1), period=datetime.date(2026, 2, 15))
    assert [code for _, _, code in errors(examined)] == ["period_unclear"]
    examined, _ = send(paid(1), period=datetime.date(2026, 2, 23))
    assert errors(examined) == []
    assert ClaimPosition.objects.get().period_end == FEBRUARY


def test_an_amount_of_no_period_is_held_out() -> None:
    examined, _ = send({"Paid this month": "1"}, period=None)
    assert [code for _, _, code in errors(examined)] == ["missing_period"]
    assert errors(send(paid(1), period=None)[0]) == []
    assert positions() == [("C1", "", "GBP", 1)]


# ----------------------------------------------------------------------- corrections
def test_a_correction_lists_what_it_lacks() -> None:
    others = [paid(n, **{"Claim Ref": f"C{n}"}) for n in (2, 3)]
    send(paid(1), *others)
    examined, number = send(paid(9), others[0], conventions=CORRECTION)
    told = examined.issues.filter(code="correction_lacks")
    assert told["message"].to_list() == [
        "Claim C3 GBP: told for the period to 31 January 2026 and missing in this "
        "correction. After the load that does not count any more."
    ]
    assert positions() == [("C1", "", "GBP", 9), ("C2", "", "GBP", 2)]
    undo(CLAIMS, ingestion=number)
    assert [amount for *_, amount in positions()] == [1, 2, 3]


def test_rows_held_out_of_a_correction_are_not_lacked() -> None:
    send(paid(1), paid(2, **{"Claim Ref": "C2"}))
    bad = {"Claim Ref": "C2", "Paid to date": "two"}
    examined, _ = send(paid(9), bad, conventions=CORRECTION)
    assert [code for _, _, code in errors(examined)] == ["bad_amount"]
    assert "correction_lacks" not in examined.by_code
    assert positions() == [("C1", "", "GBP", 9), ("C2", "", "GBP", 2)]


def test_a_correction_of_another_sender_or_contract_leaves_the_rest() -> None:
    send(paid(1), paid(2, **{"Claim Ref": "C2"}))
    Treaty.objects.create(reference="T2", treaty_type="QS", currency_id="GBP")
    send(paid(9, UMR="T2"), conventions=CORRECTION)
    other = Conventions(is_correction=True, sender=source_of(None).pk + 1)
    send(paid(5), conventions=other)
    assert sorted(amount for *_, amount in positions()) == [2, 5, 9]


def test_a_late_file_behind_a_correction_counts_once_that_is_undone() -> None:
    late, number = ingestion_of(CLAIMS), send(paid(1), conventions=CORRECTION)[1]
    lacking = paid(2, **{"Claim Ref": "C2", "Insured": "Acme"})
    examined, _ = send(lacking, ingestion=late)
    assert dict(examined.staged.rows) == {"unchanged": 1, "rejected": 0}
    assert positions() == [("C1", "", "GBP", 1)]
    assert ClaimStatement.objects.count() == 2
    undo(CLAIMS, ingestion=number)
    assert positions() == [("C2", "", "GBP", 2)]
    claim = Claim.objects.get()
    assert (claim.reference, claim.insured_name, claim.status_id) == (
        "C2",
        "Acme",
        "OPEN",
    )


def test_a_claim_without_its_first_file_lives_by_its_other_position() -> None:
    number = send(paid(1, Section="1", Insured="Acme"))[1]
    send(paid(2, Section="2", Insured="Bolt"), period=FEBRUARY)
    send(paid(3, Section="1"), period=MARCH)
    undo(CLAIMS, ingestion=number)
    assert positions() == [("C1", "1", "GBP", 3), ("C1", "2", "GBP", 2)]
    assert Claim.objects.get().insured_name == "Bolt"


def test_a_claim_of_two_positions_loses_one_and_its_words() -> None:
    send(paid(2, Section="2", Insured="Bolt"))
    number = send(paid(1, Section="1", Insured="Acme", Status="Closed"))[1]
    undo(CLAIMS, ingestion=number)
    assert positions() == [("C1", "2", "GBP", 2)]
    claim = Claim.objects.get()
    assert (claim.insured_name, claim.status_id) == ("Bolt", "OPEN")
