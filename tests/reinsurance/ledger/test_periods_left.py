"""Corrections that leave a period out which the file that they correct told."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from importers import record_types
from importers.models import Source
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.ledger.statements import timelines_of
from reinsurance.models import Claim, ClaimPosition, Party, PremiumEntry, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, ingestion_of, run

pytestmark = pytest.mark.django_db

CLAIMS, PREMIUMS = (record_types.get(name) for name in ("claims", "premiums"))
ENDS = {
    "Dec": datetime.date(2025, 12, 31),
    "Jan": datetime.date(2026, 1, 31),
    "Feb": datetime.date(2026, 2, 28),
    "Mar": datetime.date(2026, 3, 31),
    "Apr": datetime.date(2026, 4, 30),
    "May": datetime.date(2026, 5, 31),
}
Send = Callable[..., Any]
CLAIM_HEADER = (
    "UMR,Claim reference,Reporting Period (End Date),Paid indemnity to date,"
    "Date of loss,Policy inception,Currency,Section"
)
PREMIUM_HEADER = (
    "UMR,Policy No,Reporting Period (End Date),Gross premium paid this time,"
    "Transaction type,Effective date,Ccy,Section"
)


@pytest.fixture(autouse=True)
def contracts() -> None:
    cedant = Party.objects.create(code="CED1", name="Cedant")
    for reference in ("T1", "TV"):
        Treaty.objects.create(
            reference=reference,
            cedant=cedant,
            treaty_type="QS",
            basis="RA",
            currency_id="GBP",
            inception=datetime.date(2025, 6, 1),
            expiry=datetime.date(2026, 12, 31),
        )


def run_rows(kind: Any, rows: tuple[str, ...], number: Any, **told: Any) -> Any:
    """Load rows such as ``T1/K1/Jan/10`` (``/A``: section)."""
    is_claims = kind is CLAIMS
    header = CLAIM_HEADER if is_claims else PREMIUM_HEADER
    more = ["2026-01-05", "2026-01-02", "GBP"]
    if not is_claims:
        more = ["Original", "2026-01-01", "GBP"]
    cells = [[*row.split("/"), ""][:5] for row in rows]
    table = Table(
        tuple(header.split(",")),
        [
            [umr, name, str(ENDS.get(end, end)), told, *more, section]
            for umr, name, end, told, section in cells
        ],
        chunk=2,
    )
    return run(table, kind, conventions=Conventions(**told), ingestion=number)


def send(
    kind: Any, rows: tuple[str, ...], number: Any, *, row: int = 0, **told: Any
) -> Any:
    """Number of the file, and what is said of ``row``, or of the whole of it."""
    examined, _, ingestion = run_rows(kind, rows, number, **told)
    said = examined.issues.select("row", "severity", "code", "message").rows()
    return ingestion.pk, [tuple(issue) for n, *issue in said if n == row]


def claims(*rows: str, number: Any = None, **told: Any) -> Any:
    """Number of the file, and what is said of the whole of it."""
    return send(CLAIMS, rows, number, **told)


def premiums(*rows: str, number: Any = None, **told: Any) -> Any:
    """The same of premium."""
    return send(PREMIUMS, rows, number, **told)


def corrected(sent: Send, *rows: str, **told: Any) -> list[tuple[str, str, str]]:
    """What is said of a correction with these rows."""
    return sent(*rows, is_correction=True, **told)[1]


def stays(contract: str, number: int, what: str, periods: str) -> tuple[str, str, str]:
    """The warning of a correction that has a contract for other periods alone."""
    that = "that period" if periods.startswith("the period ") else "those periods"
    return (
        "warning",
        "contract_not_corrected",
        f"Contract {contract}: number {number} told {what} of it for {periods}, and "
        f"this correction does not have it for {that}: they stay. If they should not, "
        f"correct {that} as well, or undo number {number}.",
    )


def rejected(
    contract: str, number: int, what: str, periods: str
) -> tuple[str, str, str]:
    """The same where rejected rows are of the period."""
    return (
        "warning",
        "contract_not_corrected",
        f"Contract {contract}: number {number} told {what} of it for {periods} that "
        "this file does not have, and only rejected rows of the file are, or may be, "
        "of that period: they stay. Mend these rows, and hand the whole file in again "
        "in place of this one.",
    )


FEBRUARY = "the period to 28 February 2026"


@pytest.mark.parametrize(("sent", "what"), [(claims, "claim"), (premiums, "premium")])
def test_a_period_that_a_correction_leaves_out(sent: Send, what: str) -> None:
    first, said = sent("T1/K1/Jan/10", "T1/K1/Feb/11", "T1/K2/Feb/5", "TV/K3/Jan/1")
    assert said == []
    found = corrected(sent, "T1/K1/Jan/12", "TV/K3/Jan/1")
    assert found == [stays("T1", first, f"2 {what}s", FEBRUARY)]
    if sent is premiums:
        assert sum(e.gross_premium for e in PremiumEntry.objects.all()) == 29
    whole = ("T1/K1/Jan/12", "T1/K1/Feb/13", "T1/K2/Feb/5", "TV/K3/Jan/1")
    assert corrected(sent, *whole) == []


@pytest.mark.parametrize(("sent", "what"), [(claims, "claim"), (premiums, "premium")])
def test_a_period_that_another_contract_of_the_correction_has(
    sent: Send, what: str
) -> None:
    first, _ = sent("T1/K1/Jan/10", "T1/K1/Feb/11", "TV/K3/Feb/1")
    found = corrected(sent, "T1/K1/Jan/12", "TV/K3/Feb/1")
    assert found == [stays("T1", first, f"1 {what}", FEBRUARY)]


@pytest.mark.parametrize(("sent", "what"), [(claims, "claim"), (premiums, "premium")])
def test_a_contract_and_period_that_the_correction_has_neither_of(
    sent: Send, what: str
) -> None:
    first, _ = sent("T1/K1/Jan/10", "TV/K3/Feb/1")
    [(severity, code, message)] = corrected(sent, "T1/K1/Jan/12")
    assert (severity, code) == ("warning", "contract_not_corrected")
    assert message.startswith(
        f"Contract TV: number {first} told 1 {what} of it for {FEBRUARY}, and this "
        "correction does not name the contract: they stay."
    )


def test_many_periods_that_a_correction_leaves_out_are_one_warning() -> None:
    rows = [f"T1/K1/{end}/10" for end in ("Jan", "Feb", "Mar", "Apr", "May")]
    first, _ = claims(*rows, "T1/K2/Mar/1")
    assert corrected(claims, *rows[:3], "T1/K2/Mar/1") == [
        stays("T1", first, "1 claim", "the periods to 30 April 2026 and 31 May 2026")
    ]
    second, _ = claims(*rows, "T1/K2/Mar/1", is_correction=True)
    assert corrected(claims, rows[4]) == [
        stays(
            "T1",
            second,
            "2 claims",
            "the 4 periods that end from 31 January 2026 to 30 April 2026",
        )
    ]


@pytest.mark.parametrize("sent", [claims, premiums])
def test_a_period_that_a_file_of_its_own_told_is_no_matter(sent: Send) -> None:
    sent("T1/K1/Jan/10")
    sent("T1/K1/Feb/11")
    assert corrected(sent, "T1/K1/Jan/12") == []
    assert corrected(sent, "T1/K1/Feb/12") == []


@pytest.mark.parametrize("sent", [claims, premiums])
@pytest.mark.parametrize("again", [11, 12])
@pytest.mark.parametrize("declared", ["is_correction", "is_additional"])
def test_a_period_that_a_file_of_its_own_told_anew_is_no_matter(
    sent: Send, again: int, declared: str
) -> None:
    sent("T1/K1/Jan/10", "T1/K1/Feb/11")
    sent(f"T1/K1/Feb/{again}", **{declared: True})
    assert corrected(sent, "T1/K1/Jan/12") == []


@pytest.mark.parametrize(("sent", "what"), [(claims, "claim"), (premiums, "premium")])
def test_only_what_the_corrected_file_told_is_counted(sent: Send, what: str) -> None:
    first, _ = sent("T1/K1/Jan/10", "T1/K1/Feb/11", "T1/K2/Feb/5")
    sent("T1/K3/Feb/1", "T1/K2/Feb/5", is_additional=True)
    found = corrected(sent, "T1/K1/Jan/12")
    assert found == [stays("T1", first, f"1 {what}", FEBRUARY)]


@pytest.mark.parametrize("sent", [claims, premiums])
def test_a_period_that_was_taken_back_is_no_matter(sent: Send) -> None:
    first, _ = sent("T1/K1/Jan/10", "T1/K1/Feb/11")
    second, _ = sent("T1/K1/Jan/12", "T1/K1/Feb/12", is_correction=True)
    kind = CLAIMS if sent is claims else PREMIUMS
    undo(kind, ingestion=second)
    undo(kind, ingestion=first)
    assert corrected(sent, "T1/K1/Jan/13") == []


@pytest.mark.parametrize("sent", [claims, premiums])
def test_a_period_of_a_file_that_was_received_later_is_no_matter(sent: Send) -> None:
    waiting = ingestion_of(CLAIMS if sent is claims else PREMIUMS)
    sent("T1/K1/Jan/10", "T1/K1/Feb/11")
    assert corrected(sent, "T1/K2/Jan/12", number=waiting) == []


@pytest.mark.parametrize("sent", [claims, premiums])
def test_another_senders_period_is_theirs(sent: Send) -> None:
    other = Source.objects.create(code="bur", name="Bureau").pk
    sent("T1/K1/Jan/10", "T1/K1/Feb/11", sender=other)
    sent("T1/K2/Jan/10")
    assert corrected(sent, "T1/K2/Jan/12") == []


@pytest.mark.parametrize(("sent", "what"), [(claims, "claim"), (premiums, "premium")])
def test_a_period_of_which_all_rows_are_rejected(sent: Send, what: str) -> None:
    first, _ = sent("T1/K1/Jan/10", "T1/K1/Feb/11", "T1/K2/Feb/5")
    found = corrected(sent, "T1/K1/Jan/12", "T1/K1/Feb/abc")
    assert found == [rejected("T1", first, f"1 {what}", FEBRUARY)]
    both = ("T1/K1/Jan/12", "T1/K1/Feb/abc", "T1/K2/Feb/x")
    assert corrected(sent, *both) == []


@pytest.mark.parametrize(("sent", "what"), [(claims, "claim"), (premiums, "premium")])
def test_a_rejected_row_of_another_period_does_not_name_what_stays(
    sent: Send, what: str
) -> None:
    first, _ = sent("T1/K1/Jan/10", "T1/K1/Feb/11", "T1/K2/Jan/5")
    found = corrected(sent, "T1/K2/Jan/6", "T1/K1/Jan/abc")
    assert found == [stays("T1", first, f"1 {what}", FEBRUARY)]


@pytest.mark.parametrize(("sent", "what"), [(claims, "claim"), (premiums, "premium")])
def test_rejected_rows_of_a_period_that_a_file_of_its_own_told(
    sent: Send, what: str
) -> None:
    """The rows show that the correction is of that file, too."""
    sent("T1/K1/Jan/10")
    second, _ = sent("T1/K1/Feb/11", "T1/K2/Feb/5")
    found = corrected(sent, "T1/K1/Jan/12", "T1/K1/Feb/abc")
    assert found == [rejected("T1", second, f"1 {what}", FEBRUARY)]


@pytest.fixture
def lists() -> dict[str, Any]:
    source_of(None)
    Source.objects.update(premium_lists="year")
    return {"premium_lists": "year"}


def test_a_year_that_a_correction_of_a_list_leaves_out(lists: dict[str, Any]) -> None:
    first, _ = premiums("T1/P1/Dec/10", "T1/P1/Jan/11", "T1/P2/Jan/5", **lists)
    found = corrected(premiums, "T1/P1/Jan/12", "T1/P2/Jan/5", **lists)
    december = "the period to 31 December 2025"
    assert found == [stays("T1", first, "1 premium", december)]


def test_a_list_of_the_next_year_leaves_no_year_out(lists: dict[str, Any]) -> None:
    premiums("T1/P1/Dec/10", "T1/P1/Jan/11", **lists)
    assert premiums("T1/P1/Feb/12", **lists)[1] == []
    assert corrected(premiums, "T1/P1/Feb/13", **lists) == []


def test_the_period_of_a_list_is_the_year(lists: dict[str, Any]) -> None:
    premiums("T1/P1/Jan/10", "T1/P1/Feb/11", **lists)
    assert corrected(premiums, "T1/P1/Feb/12", **lists) == []


def test_claims_stand_as_the_warning_says() -> None:
    claims("T1/K1/Jan/10", "T1/K2/Feb/5")
    assert len(corrected(claims, "T1/K1/Jan/12")) == 1
    paid = Claim.objects.values_list("reference", "positions__paid_indemnity")
    assert sorted(paid) == [("K1", 12), ("K2", 5)]


@pytest.mark.parametrize("sent", [claims, premiums])
def test_a_row_that_stands_under_a_contract_of_another_period(sent: Send) -> None:
    """The correction names the contract, and not for the period of the row."""
    first, _ = sent("T1/K1/Jan/10", "TV/K2/Feb/1", "TV/K3/Jan/1")
    told = {"is_correction": True, "row": 2}
    _, said = sent("T1/K3/Jan/1", "T1/K1/Jan/10", "TV/K2/Feb/1", **told)
    assert said == [
        (
            "breach",
            "counts_under_both",
            f"“K3” stands under contract TV as well, where number {first} told it for "
            "the period to 31 January 2026, and this file does not have that contract "
            "for that period: it would count under both. If it was moved, correct that "
            f"contract as well, or undo number {first}.",
        )
    ]


@pytest.mark.parametrize("sent", [claims, premiums])
@pytest.mark.parametrize(
    ("rejected_row", "codes"),
    [
        ("TV/K2/Feb/x", ["counts_under_both"]),
        ("TV/K2/Jan/x", ["counts_under_both"]),
        ("TV/K3/Feb/x", ["counts_under_both"]),
        ("TV/K3/Jan/x", []),
    ],
)
def test_only_a_rejected_row_of_the_record_and_period_tells_it_there(
    sent: Send, rejected_row: str, codes: list[str]
) -> None:
    """A rejected row of another claim, or period, does not take the breach away."""
    sent("T1/K1/Jan/10", "TV/K2/Feb/1", "TV/K3/Jan/1")
    rows = ("T1/K3/Jan/1", "T1/K1/Jan/10", rejected_row)
    _, said = sent(*rows, is_correction=True, row=2)
    assert [code for _, code, _ in said] == codes


# ------------------------------------------------------ what rejected rows name
def kept(number: int, what: str, periods: str) -> tuple[str, str, str]:
    return (
        "warning",
        "contract_not_corrected",
        f"Contract T1: number {number} told {what} of it for {periods} that this "
        "correction does not have, or not whole, and rejected rows of it name: that "
        "stays as it was. Mend these rows, and hand the whole file in again in place "
        "of this one; by themselves they leave nothing out.",
    )


def left(said: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [issue for issue in said if issue[1] == "contract_not_corrected"]


JANUARY = "the period to 31 January 2026"


def stand(send: Send) -> dict[tuple[str, str], int]:
    """Paid, or gross premium, by reference and end of the period."""
    if send is premiums:
        rows = PremiumEntry.objects.values_list(
            "policy_reference", "period_end", "gross_premium"
        )
        return {(name, f"{end:%b}"): int(paid) for name, end, paid in rows}
    keys = dict(ClaimPosition.objects.values_list("pk", "claim__reference"))
    lines = timelines_of(list(keys))
    return {
        (keys[position], f"{end:%b}"): int(paid)
        for position, end, paid in lines.select(
            "position", "period_end", "paid_indemnity"
        ).iter_rows()
    }


@pytest.mark.parametrize("send", [claims, premiums])
def test_a_rejected_row_keeps_what_it_names_in_its_period_alone(send: Send) -> None:
    send("T1/K1/Jan/10", "T1/K2/Jan/7", "T1/K1/Feb/20", "T1/K2/Feb/8")
    told = ("T1/K2/Jan/7", "T1/K2/Feb/9", "T1/K1/Feb/x")
    _, said = send(*told, is_correction=True)
    assert [code for _, code, _ in said] == ["correction_lacks"]
    kept = {("K1", "Feb"): 20, ("K2", "Jan"): 7, ("K2", "Feb"): 9}
    assert stand(send) == kept


@pytest.mark.parametrize("send", [claims, premiums])
def test_what_goes_for_one_period_and_stays_for_another_moves_by_the_one(
    send: Send,
) -> None:
    """Claims are to date: what is left out of January changes no sum of today."""
    send("T1/K1/Jan/10", "T1/K2/Jan/7", "T1/K1/Feb/20", "T1/K2/Feb/8")
    table = ("T1/K2/Jan/7", "T1/K2/Feb/9", "T1/K1/Feb/x")
    kind = CLAIMS if send is claims else PREMIUMS
    examined, _, _ = run_rows(kind, table, None, is_correction=True)
    moves = {name: int(by) for name, by in examined.staged.effect.moves.items()}
    by = {"paid GBP": 1, "incurred GBP": 1} if send is claims else {"premium GBP": -9}
    assert moves == by


@pytest.mark.parametrize("send", [claims, premiums])
def test_a_rejected_row_without_a_period_keeps_every_one(send: Send) -> None:
    send("T1/K1/Jan/10", "T1/K2/Jan/7", "T1/K1/Feb/20", "T1/K2/Feb/8")
    told = ("T1/K2/Jan/7", "T1/K2/Feb/9", "T1/K1/No day/20")
    send(*told, is_correction=True)
    kept = {("K1", "Jan"): 10, ("K1", "Feb"): 20, ("K2", "Jan"): 7, ("K2", "Feb"): 9}
    assert stand(send) == kept


@pytest.mark.parametrize("send", [claims, premiums])
def test_what_is_told_or_rejected_for_its_own_period_is_not(send: Send) -> None:
    send("T1/K1/Jan/10", "T1/K2/Jan/7", "T1/K1/Feb/20", "T1/K2/Feb/8")
    for told in (
        ("T1/K2/Jan/7", "T1/K2/Feb/9", "T1/K1/Feb/x", "T1/K1/Jan/10"),
        ("T1/K2/Jan/7", "T1/K2/Feb/9", "T1/K1/Jan/x", "T1/K1/Feb/20"),
    ):
        _, said = send(*told, is_correction=True)
        assert left(said) == []


@pytest.mark.parametrize(
    ("send", "what"), [(claims, "1 claim"), (premiums, "2 premiums")]
)
@pytest.mark.parametrize("good", ["T1/K2/Jan/8", "T1/K2/Feb/8"])
def test_another_section_of_what_a_rejected_row_names_stays(
    send: Send, what: str, good: str
) -> None:
    one, _ = send("T1/K1/Jan/10/A", "T1/K1/Jan/1/B", "T1/K2/Jan/7/A")
    _, said = send(f"{good}/A", "T1/K1/Jan/x/A", is_correction=True)
    assert kept(one, what, JANUARY) in left(said)


@pytest.mark.parametrize("end", ["Jan", "Feb"])
def test_what_a_rejected_row_of_a_list_of_the_year_keeps_is_said(
    lists: dict[str, Any], end: str
) -> None:
    """Its period is the year: what an earlier list told of the policy as well."""
    one, _ = premiums("T1/P1/Jan/100/A", "T1/P1/Jan/200/B", "T1/P9/Jan/1", **lists)
    rows = (f"T1/P1/{end}/x/A", f"T1/P9/{end}/1")
    assert left(corrected(premiums, *rows, **lists)) == [
        kept(one, "2 premiums", JANUARY)
    ]
    assert sum(e.gross_premium for e in PremiumEntry.objects.all()) == 301


def test_the_row_itself_is_not_said_of_a_list(lists: dict[str, Any]) -> None:
    premiums("T1/P1/Jan/100", "T1/P9/Jan/1", **lists)
    premiums("T1/P1/Feb/110", "T1/P9/Feb/1", **lists)
    for end in ("Feb", "Mar"):
        rows = (f"T1/P1/{end}/x", f"T1/P9/{end}/1")
        assert left(corrected(premiums, *rows, **lists)) == []


def test_a_later_list_and_another_year_are_no_matter(lists: dict[str, Any]) -> None:
    premiums("T1/P1/Dec/5/A", "T1/P1/Dec/6/B", **lists)
    premiums("T1/P1/Jan/100/A", "T1/P9/Jan/1", **lists)
    premiums("T1/P1/Mar/100/A", "T1/P1/Mar/200/B", "T1/P9/Mar/1", **lists)
    rows = ("T1/P1/Feb/x/A", "T1/P9/Feb/1")
    assert left(corrected(premiums, *rows, **lists)) == []
