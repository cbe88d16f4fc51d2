"""Corrections, and lists of the year, that move rows to another contract."""

import datetime
from typing import Any

import pytest

from importers import record_types
from importers.models import Ingestion, Source
from importers.pipeline.examine import Examined
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.models import Claim, Party, PremiumEntry, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, ingestion_of, run
from tests.reinsurance.ledger.premium_files import FEBRUARY, JANUARY, MARCH

pytestmark = pytest.mark.django_db

CLAIMS, PREMIUMS = (record_types.get(name) for name in ("claims", "premiums"))
Said = list[tuple[int, str, str, str]]


@pytest.fixture(autouse=True)
def contracts() -> None:
    cedant = Party.objects.create(code="CED1", name="Cedant")
    for reference, year in (("TW", 2025), ("TW", 2026), ("TV", 2026), ("T1", 2026)):
        Treaty.objects.create(
            reference=reference,
            cedant=cedant,
            treaty_type="QS",
            basis="RA",
            currency_id="GBP",
            year_of_account=year,
            inception=datetime.date(year, 1, 1),
            expiry=datetime.date(year, 12, 31),
        )


def send(
    header: str,
    rows: str,
    kind: Any,
    end: datetime.date,
    number: Ingestion | None = None,
    **told: Any,
) -> Any:
    table = Table(
        tuple(header.split(",")), [line.split(",") for line in rows.split()], chunk=2
    )
    examined, loaded, ingestion = run(
        table,
        kind,
        period_end=end,
        conventions=Conventions(**told),
        ingestion=number,
    )
    return examined, loaded, ingestion.pk


HEADER = (
    "UMR,Year of account,Policy No,Transaction type,Effective date,Ccy,"
    "Gross premium paid this time"
)


def premium(*rows: str, end: datetime.date = JANUARY, **told: Any) -> Any:
    """Rows such as ``TW/2025/P1/10``."""
    cells = [row.split("/") for row in rows]
    lines = " ".join(
        f"{umr},{year},{policy},Original,2026-01-01,GBP,{gross}"
        for umr, year, policy, gross in cells
    )
    return send(HEADER, lines, PREMIUMS, end, **told)


def claims(*rows: str, **told: Any) -> Any:
    """Rows such as ``TV/K1/10``."""
    header = "UMR,Claim reference,Date of loss,Policy inception,Currency,Paid to date"
    lines = " ".join(
        "{},{},2026-01-05,2026-01-02,GBP,{}".format(*r.split("/")) for r in rows
    )
    header = header.replace("Paid to date", "Paid indemnity to date")
    return send(header, lines, CLAIMS, JANUARY, **told)


def said(examined: Examined) -> Said:
    issues = examined.issues.select("row", "severity", "code", "message")
    return sorted(issues.rows())


def total() -> int:
    return int(sum(PremiumEntry.objects.values_list("gross_premium", flat=True)))


def stays(contract: str, number: int, what: str) -> tuple[int, str, str, str]:
    """The warning of a file that leaves a contract as it is."""
    return (
        0,
        "warning",
        "contract_not_corrected",
        f"Contract {contract}: number {number} told {what} of it for the period to 31 "
        "January 2026, and this correction does not name the contract: they stay. If "
        "its rows were moved to another renewal or number, correct that contract as "
        f"well, or undo number {number}.",
    )


def twice(
    row: int, name: str, contract: str, number: int, end: str = "31 January 2026"
) -> tuple[int, str, str, str]:
    """The breach of a row that stands under another contract as well."""
    return (
        row,
        "breach",
        "counts_under_both",
        f"“{name}” stands under contract {contract} as well, where number {number} "
        f"told it for the period to {end}, and this file does not name that contract: "
        "it would count under both. If it was moved, correct that contract as well, or "
        f"undo number {number}.",
    )


def again(
    row: int,
    name: str,
    own: str,
    number: int,
    other: str,
    end: str = "31 January 2026",
) -> tuple[int, str, str, str]:
    """The breach of a new row that the sender told under another contract."""
    return (
        row,
        "breach",
        "counts_under_both",
        f"“{name}” is new under contract {called(own)}, and number {number} told it "
        f"for the period to {end} under contract {other}, where it still stands: it "
        "would count under both. Where it belongs to one of them only, undo number "
        f"{number}, or reject this file and hand it in without the row.",
    )


def called(reference: str, year: int = 2026) -> str:
    """With the inception where two contracts have the number."""
    return f"TW of 1 January {year}" if reference == "TW" else reference


MOVED = ("TW/2026/P1/10", "TW/2026/P2/5")


def test_a_row_that_a_correction_moves_to_another_renewal() -> None:
    number = premium("TW/2025/P1/10", "TW/2026/P2/5")[2]
    examined, _, second = premium(*MOVED, is_correction=True)
    wrong = called("TW", 2025)
    assert said(examined) == [
        stays(wrong, number, "1 premium"),
        twice(2, "P1", wrong, number),
    ]
    undo(PREMIUMS, ingestion=second)
    both = premium("TW/2025/P9/1", *MOVED, is_correction=True)[0]
    assert set(both.by_code) == {"correction_lacks"}
    assert total() == 16


def test_a_row_that_a_correction_moves_to_another_number() -> None:
    number = premium("TV/2026/P1/10", "T1/2026/P2/5")[2]
    moved = ("T1/2026/P1/10", "T1/2026/P2/5")
    added = premium(*moved, is_additional=True)[0]
    assert said(added) == [again(2, "P1", "T1", number, "TV")]
    examined = premium(*moved, is_correction=True)[0]
    assert said(examined) == [stays(called("TV"), number, "1 premium")]


def test_a_claim_that_a_correction_moves_to_another_number() -> None:
    number = claims("TV/K1/10", "T1/K2/5", "TV/K3/1")[2]
    examined, _, _ = claims("T1/K1/10", "T1/K2/5", is_correction=True)
    assert said(examined) == [
        stays(called("TV"), number, "2 claims"),
        twice(2, "K1", called("TV"), number),
    ]
    assert Claim.objects.filter(reference="K1").count() == 2


def test_a_contract_that_was_told_by_a_file_of_its_own_is_no_matter() -> None:
    premium("TV/2026/P1/10")
    premium("T1/2026/P2/5")
    assert said(premium("T1/2026/P2/5", is_correction=True)[0]) == []


def test_what_was_taken_back_of_a_contract_is_no_matter() -> None:
    first = claims("TV/K1/10", "T1/K2/5")[2]
    undo(CLAIMS, ingestion=first)
    assert said(claims("T1/K1/10", is_correction=True)[0]) == []


def test_a_row_held_out_names_its_contract() -> None:
    premium("TV/2026/P1/10", "T1/2026/P2/5")
    examined, _, _ = premium("TV/2026/P1/ten", "T1/2026/P2/6", is_correction=True)
    assert "contract_not_corrected" not in examined.by_code


@pytest.fixture
def lists() -> dict[str, Any]:
    source_of(None)
    Source.objects.update(premium_lists="year")
    return {"premium_lists": "year"}


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_list_of_the_year_that_does_not_name_a_contract(
    lists: dict[str, Any], is_correction: bool
) -> None:
    number = premium("TW/2025/P1/10", "TW/2026/P2/5", **lists)[2]
    options = {**lists, "is_correction": is_correction}
    examined, _, _ = premium(*MOVED, end=FEBRUARY, **options)
    wrong = called("TW", 2025)
    listed = (
        0,
        "warning",
        "list_lacks",
        f"Contract {wrong}: number {number} listed 1 premium of it to 31 January 2026, "
        "and this later list of the year to date does not name the contract: they "
        "still count. If they should not, or its rows were moved to another contract, "
        f"have them corrected there, or undo number {number}.",
    )
    first = stays(wrong, number, "1 premium") if is_correction else listed
    assert said(examined) == [first, twice(2, "P1", wrong, number)]


def test_a_contract_that_has_a_list_of_its_own(lists: dict[str, Any]) -> None:
    premium("TV/2026/P1/10", "T1/2026/P2/5", **lists)
    premium("TV/2026/P1/10", end=FEBRUARY, **lists)
    assert said(premium("T1/2026/P2/5", end=FEBRUARY, **lists)[0]) == []


@pytest.mark.parametrize(("wrong", "year"), [("TW", 2025), ("TV", 2026)])
def test_a_correction_of_a_list_that_moves_a_row(
    lists: dict[str, Any], wrong: str, year: int
) -> None:
    """The list that is corrected is to the same day, and no file of its own."""
    number = premium(f"{wrong}/{year}/P1/10", "TW/2026/P2/5", **lists)[2]
    examined, loaded, _ = premium(*MOVED, **lists, is_correction=True)
    contract = called(wrong, year)
    assert dict(loaded) == {"created": 1, "unchanged": 1}
    assert said(examined) == [
        stays(contract, number, "1 premium"),
        twice(2, "P1", contract, number),
    ]


def test_a_contract_with_a_list_of_its_own_beside_the_one_that_is_corrected(
    lists: dict[str, Any],
) -> None:
    number = premium("TV/2026/P1/10", "T1/2026/P2/5", **lists)[2]
    own = premium("TV/2026/P3/1", **lists, is_additional=True)[2]
    moved = ("T1/2026/P1/10", "T1/2026/P2/5")
    examined = premium(*moved, **lists, is_correction=True)[0]
    assert said(examined) == [
        stays(called("TV"), own, "2 premiums"),
        twice(2, "P1", called("TV"), number),
    ]


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_row_that_the_list_of_its_own_contract_lacks(
    lists: dict[str, Any], is_correction: bool
) -> None:
    number = premium("TV/2026/P1/10", "T1/2026/P2/5", **lists)[2]
    premium("TV/2026/P3/1", end=FEBRUARY, **lists)
    moved = ("T1/2026/P1/10", "T1/2026/P2/5", "T1/2026/P3/1")
    options = {**lists, "is_correction": is_correction}
    examined = premium(*moved, end=FEBRUARY, **options)[0]
    assert said(examined) == [twice(2, "P1", called("TV"), number)]


@pytest.mark.parametrize("end", [JANUARY, FEBRUARY])
def test_an_additional_list_that_tells_a_row_under_another_contract(
    lists: dict[str, Any], end: datetime.date
) -> None:
    number = premium("TV/2026/P1/10", "T1/2026/P2/5", **lists)[2]
    moved = ("T1/2026/P1/10", "T1/2026/P2/5")
    examined = premium(*moved, end=end, **lists, is_additional=True)[0]
    assert said(examined) == [again(2, "P1", "T1", number, "TV")]


def test_a_row_of_another_year_under_another_contract_is_no_matter(
    lists: dict[str, Any],
) -> None:
    december = datetime.date(2025, 12, 31)
    premium("TV/2026/P1/10", end=december, **lists)
    assert said(premium("T1/2026/P1/10", **lists, is_additional=True)[0]) == []
    following = datetime.date(2027, 1, 31)
    premium("TV/2026/P4/10", end=following, **lists, is_additional=True)
    assert said(premium("T1/2026/P4/10", **lists, is_additional=True)[0]) == []


def test_who_listed_a_policy_under_two_contracts_in_the_year_means_it(
    lists: dict[str, Any],
) -> None:
    premium("T1/2026/P1/10", "TV/2026/P1/5", **lists)
    part = {**lists, "is_additional": True}
    send(HEADER, "T1,2026,P1,Original,2026-02-01,GBP,3", PREMIUMS, FEBRUARY, **part)
    row = "TV,2026,P1,Original,2026-02-01,GBP,2"
    examined, loaded, _ = send(HEADER, row, PREMIUMS, FEBRUARY, **part)
    assert dict(loaded) == {"created": 1}
    assert said(examined) == []


def test_the_same_rows_once_their_contract_is_known() -> None:
    premium("T1/2026/P1/10")
    picked = premium("T1/2026/P2/1")[2]
    rows = ("T1/2026/P1/10", "TV/2026/P2/1")
    examined, _, number = premium(*rows, is_additional=True)
    assert said(examined) == [again(3, "P2", "TV", picked, "T1")]
    undo(PREMIUMS, ingestion=number)
    undo(PREMIUMS, ingestion=picked)
    assert said(premium(*rows, is_additional=True)[0]) == []


def test_the_same_claims_once_their_contract_is_known() -> None:
    claims("T1/K1/10")
    picked = claims("T1/K2/1")[2]
    claims("T1/K2/1")
    rows = ("T1/K1/10", "TV/K2/1")
    examined, _, number = claims(*rows, is_additional=True)
    assert said(examined) == [again(3, "K2", "TV", number - 1, "T1")]
    undo(CLAIMS, ingestion=number)
    undo(CLAIMS, ingestion=number - 1)
    undo(CLAIMS, ingestion=picked)
    assert said(claims(*rows, is_additional=True)[0]) == []


@pytest.mark.parametrize("send", [premium, claims])
def test_what_one_file_tells_under_two_contracts_is_meant(send: Any) -> None:
    year = "/2026" if send is premium else ""
    name = "P1" if send is premium else "K1"
    send(f"T1{year}/{name}/10")
    both = (f"T1{year}/{name}/10", f"TV{year}/{name}/5", f"TV{year}/K9/5")
    assert said(send(*both)[0]) == []
    assert said(send(*reversed(both))[0]) == []


def test_who_told_a_policy_under_two_contracts_before_means_it() -> None:
    premium("T1/2026/P1/10", "TV/2026/P1/5")
    premium("T1/2026/P1/11", end=FEBRUARY)
    assert said(premium("TV/2026/P1/6", end=FEBRUARY)[0]) == []


def test_another_period_of_premium_under_another_contract_is_no_matter() -> None:
    premium("T1/2026/P1/10")
    assert said(premium("TV/2026/P1/6", end=FEBRUARY)[0]) == []


@pytest.mark.parametrize("declared", ["", "is_additional", "is_correction", "picked"])
@pytest.mark.parametrize("is_received_first", [False, True])
@pytest.mark.parametrize(("other", "year"), [("TW", 2025), ("TV", 2026)])
def test_a_late_list_that_tells_what_a_later_one_has_under_another_contract(
    lists: dict[str, Any], declared: str, is_received_first: bool, other: str, year: int
) -> None:
    number = ingestion_of(PREMIUMS) if is_received_first else None
    later = premium(f"{other}/{year}/P1/44", end=FEBRUARY, **lists)[2]
    told: dict[str, Any] = {declared: True} if declared else {}
    row = "TW/2026/P1/40"
    if declared == "picked":
        picked = Treaty.objects.get(reference="TW", year_of_account=2026)
        told, row = {"contracts": {"T?": picked.pk}}, "T?/2026/P1/40"
    examined, loaded, _ = premium(row, number=number, **lists, **told)
    assert dict(loaded) == {"created": 1}
    contract, end = called(other, year), "28 February 2026"
    if declared in {"is_additional", "picked"}:
        assert said(examined) == [again(2, "P1", "TW", later, contract, end)]
    else:
        assert said(examined) == [twice(2, "P1", contract, later, end)]


def test_a_late_list_between_lists_that_left_it_out_in_the_end(
    lists: dict[str, Any],
) -> None:
    """Until then it would have counted under both."""
    second = premium("TV/2026/P1/44", "TV/2026/P2/5", end=FEBRUARY, **lists)[2]
    premium("TV/2026/P2/5", end=MARCH, **lists, is_correction=True)
    end = "28 February 2026"
    examined = premium("T1/2026/P1/40", **lists)[0]
    assert said(examined) == [twice(2, "P1", "TV", second, end)]


@pytest.mark.parametrize("is_later", [False, True])
@pytest.mark.parametrize("again_in_second", [(), ("T1/2026/P1/11",)])
def test_a_correction_of_a_list_that_a_later_one_replaced(
    lists: dict[str, Any], again_in_second: tuple[str, ...], *, is_later: bool
) -> None:
    """What it does not name stood until the later list, and counts in it."""
    first = premium("T1/2026/P1/10", "TV/2026/P2/40", **lists)[2]
    second, end = first, "31 January 2026"
    if is_later:
        rows = (*again_in_second, "TV/2026/P2/44")
        second, end = premium(*rows, end=FEBRUARY, **lists)[2], "28 February 2026"
    moved = ("T1/2026/P1/10", "T1/2026/P2/40")
    examined = premium(*moved, **lists, is_correction=True)[0]
    expected = [stays("TV", first, "1 premium"), twice(3, "P2", "TV", second, end)]
    if is_later and again_in_second:
        lacks = (
            f"Number {second} lists the year to 2026-02-28 and does not have this "
            "premium under this contract, where it counts all the same. If it should "
            "not, leave the row out; else ask the sender."
        )
        expected.append((3, "warning", "list_lacks", lacks))
    found = [s for s in said(examined) if s[2] != "premium_changed"]
    assert found == expected


def test_a_correction_of_a_list_that_names_one_contract_of_a_later_one(
    lists: dict[str, Any],
) -> None:
    first = premium("T1/2026/P1/10", "TV/2026/P2/40", **lists)[2]
    premium("T1/2026/P1/11", "TV/2026/P2/44", end=FEBRUARY, **lists)
    examined = premium("T1/2026/P1/12", **lists, is_correction=True)[0]
    found = [s for s in said(examined) if s[2] != "premium_changed"]
    assert found == [stays("TV", first, "1 premium")]


def test_an_additional_list_that_tells_it_under_both_contracts(
    lists: dict[str, Any],
) -> None:
    premium("TV/2026/P1/40", **lists)
    premium("TV/2026/P1/44", end=FEBRUARY, **lists)
    both = ("T1/2026/P1/10", "TV/2026/P1/41")
    examined = premium(*both, **lists, is_additional=True)[0]
    assert "counts_under_both" not in examined.by_code


def test_an_additional_list_of_what_stood_until_a_later_list(
    lists: dict[str, Any],
) -> None:
    first = premium("TV/2026/P1/40", "TV/2026/P2/1", **lists)[2]
    premium("TV/2026/P2/1", end=FEBRUARY, **lists, is_correction=True)
    added = {**lists, "is_additional": True}
    examined, _, third = premium("T1/2026/P1/10", end=MARCH, **added)
    assert said(examined) == []
    undo(PREMIUMS, ingestion=third)
    examined = premium("T1/2026/P1/10", **added)[0]
    assert said(examined) == [again(2, "P1", "T1", first, "TV")]


@pytest.mark.parametrize("lists_year", [False, True])
def test_a_waiting_file_beside_what_was_received_later(
    lists: dict[str, Any], *, lists_year: bool
) -> None:
    told = lists if lists_year else {}
    waiting = ingestion_of(PREMIUMS)
    later = premium("TV/2026/P1/10", "T1/2026/P2/5", **told, is_additional=True)[2]
    moved = ("T1/2026/P1/10", "T1/2026/P3/1")
    examined = premium(*moved, number=waiting, **told, is_correction=True)[0]
    assert said(examined) == [twice(2, "P1", "TV", later)]


def test_a_waiting_correction_beside_a_claim_that_was_received_later() -> None:
    waiting = ingestion_of(CLAIMS)
    later = claims("TV/K1/10", "T1/K2/5")[2]
    examined = claims("T1/K1/10", "T1/K3/5", number=waiting, is_correction=True)[0]
    assert said(examined) == [twice(2, "K1", "TV", later)]


def test_what_stays_under_a_contract_is_not_asked_what_it_keeps_apart() -> None:
    """The amount to date stays: a quarter and its month do not count twice."""
    header = (
        "UMR,Claim reference,Date of loss,Policy inception,Currency,"
        "Reporting period start,Paid indemnity to date,Paid indemnity this period"
    )

    def told(end: datetime.date, *rows: str, **more: Any) -> Any:
        lines = " ".join(
            "{},{},2026-01-05,2026-01-02,GBP,2026-{}-01,{},{}".format(*r.split("/"))
            for r in rows
        )
        return send(header, lines, CLAIMS, end, **more)

    bureau = Source.objects.create(code="bur", name="Bureau").pk
    first = told(MARCH, "TV/K1/03/50/", "T1/K2/03/10/")[2]
    told(FEBRUARY, "TV/K1/02//20", sender=bureau)
    told(MARCH, "TV/K1/01//50", sender=bureau)
    examined, loaded, _ = told(MARCH, "T1/K2/03/11/", is_correction=True)
    assert loaded["updated"] == 1
    assert [
        (code, text.partition(" of it")[0]) for *_, code, text in said(examined)
    ] == [
        ("contract_not_corrected", f"Contract TV: number {first} told 1 claim"),
    ]
    paid = Claim.objects.values_list("reference", "positions__paid_indemnity")
    assert sorted(paid) == [("K1", 50), ("K2", 11)]


def test_a_contract_that_rejected_rows_alone_name_stays_as_it_is() -> None:
    first = claims("T1/K1/1", "TV/K5/5", "TV/K6/6")[2]
    examined, loaded, _ = claims("T1/K1/2", "TV/K5/abc", is_correction=True)
    assert loaded["updated"] == 1
    assert [text for *_, code, text in said(examined) if code != "bad_amount"] == [
        f"Contract TV: number {first} told 1 claim of it for the period to 31 January "
        "2026 that this file does not have, and only rejected rows of the file name "
        "the contract: they stay. Mend these rows, and hand the whole file in again in "
        "place of this one."
    ]
    examined, _, _ = claims("T1/K1/2", "TV/K5/7", is_correction=True)
    assert {code for *_, code, _ in said(examined)} == {"correction_lacks"}
    assert sorted(Claim.objects.values_list("reference", flat=True)) == ["K1", "K5"]


def test_premium_of_a_contract_that_rejected_rows_alone_name_stays() -> None:
    first = premium("TV/2026/P1/10", "TV/2026/P3/3", "T1/2026/P2/5")[2]
    rows = ("TV/2026/P1/ten", "T1/2026/P2/6")
    examined, _, _ = premium(*rows, is_correction=True)
    assert [
        text.partition(" for the period")[0]
        for *_, code, text in said(examined)
        if code == "contract_not_corrected"
    ] == [f"Contract TV: number {first} told 1 premium of it"]
