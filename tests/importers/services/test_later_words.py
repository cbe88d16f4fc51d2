"""Files that are loaded after something received later: what stands is said before."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion, Source
from importers.services import ingestions, work
from reinsurance.ledger import by_hand
from reinsurance.models import ClaimPosition, PremiumEntry, Treaty

pytestmark = pytest.mark.django_db
CLAIMS = "UMR,Claim Ref,Insured,Date of Loss,Status,Ccy,Paid to date,Reserve\n"
PREMIUMS = "UMR,Policy No,Insured,Transaction type,Effective date,Ccy,Gross premium\n"
MAY = date(2025, 5, 31)
CODE = "later_word_stands"


@pytest.fixture(autouse=True)
def books(db: None) -> None:
    Treaty.objects.create(reference="Q1", treaty_type="QS", currency_id="GBP")
    Source.objects.create(code="dom", name="Dom", is_house=True)


def submitted(
    kind: str, content: str, declared: str = "", period_end: date = MAY
) -> Ingestion:
    return check(
        ingestions.submit(
            blocks=[content.encode()],
            file_name="file.csv",
            record_type=kind,
            source=ingestions.source_of("dom"),
            door="test",
            period_end=period_end,
            declared=declared,
            enqueue=False,
        )
    )


def check(ingestion: Ingestion) -> Ingestion:
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "ready", ingestion.message
    return ingestion


def declare(ingestion: Ingestion, declared: str) -> Ingestion:
    ingestions.declare(ingestion.pk, declared, user=None, enqueue=False)
    return check(ingestion)


def load(ingestion: Ingestion) -> Ingestion:
    ingestions.approve(ingestion.pk, seen=ingestion.effect, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message
    return ingestion


def claims(declared: str = "", **told: str) -> Ingestion:
    rows = [
        f"Q1,{reference},x,2025-05-01,Open,GBP,{paid},20\n"
        for reference, paid in told.items()
    ]
    return submitted("claims", CLAIMS + "".join(rows), declared)


def premiums(declared: str = "", **gross: str) -> Ingestion:
    rows = [
        f"Q1,{policy},x,Original,2025-05-01,GBP,{amount}\n"
        for policy, amount in gross.items()
    ]
    return submitted("premiums", PREMIUMS + "".join(rows), declared)


def said(ingestion: Ingestion, code: str = CODE) -> list[tuple[int, str, str]]:
    found = ingestion.issues.filter(code=code).order_by("row", "pk")
    return list(found.values_list("row", "column", "message"))


def counts(ingestion: Ingestion) -> tuple[int, int, int]:
    return (
        ingestion.rows_created, ingestion.rows_updated, ingestion.rows_unchanged,
    )  # fmt: skip


def paid() -> dict[str, int]:
    rows = ClaimPosition.objects.values_list("claim__reference", "paid_indemnity")
    return {reference: int(amount) for reference, amount in rows}


def gross() -> dict[str, int]:
    rows = PremiumEntry.objects.values_list("policy_reference", "gross_premium")
    return {policy: int(amount or 0) for policy, amount in rows}


def by_a_person(user: User, reference: str, amount: int) -> None:
    by_hand.tell(
        ClaimPosition.objects.get(claim__reference=reference),
        period_end=MAY,
        amounts={"paid_indemnity": Decimal(amount)},
        basis="to_date",
        user=user,
        reason="Letter",
    )


@pytest.mark.parametrize("declared", ["additional", "correction"])
def test_premium_of_a_file_received_before(declared: str) -> None:
    load(premiums(PQ1="100", PQ2="100"))
    a = premiums(PQ1="150")
    b = load(premiums("correction", PQ1="110", PQ2="110"))
    a = declare(a, declared)
    assert said(a) == [
        (
            2,
            "Gross premium",
            f"Number {b.pk}, received later, tells 110.00 for the same period, and "
            "that stands: this row does not count. If it is right, hand it in once "
            "more.",
        )
    ]
    assert counts(load(a)) == (0, 0, 1)
    assert gross() == {"PQ1": 110, "PQ2": 110}


SPLIT = (
    "UMR,Policy No,Insured,Transaction type,Effective date,Ccy,Gross premium,"
    "Commission,Taxes\n"
)


def split(gross: str, commission: str, taxes: str, declared: str = "") -> Ingestion:
    row = f"Q1,PQ1,x,Original,2025-05-01,GBP,{gross},{commission},{taxes}\n"
    return submitted("premiums", SPLIT + row, declared)


@pytest.mark.parametrize(
    ("here", "later", "message", "stands"),
    [
        (
            ("100", "10", "5"),
            ("100", "12", ""),
            "“Commission amount” 12.00 (here 10.00) for the same period, and that "
            "stands: what this row tells of it does not count; what that file leaves "
            "empty is as told here.",
            (100, 12, 5),
        ),
        (
            ("100", "10", "5"),
            ("100", "12", "6"),
            "“Commission amount” 12.00 (here 10.00), “Taxes and levies” 6.00 "
            "(here 5.00) for the same period, and that stands: this row does not "
            "count.",
            (100, 12, 6),
        ),
        (
            ("100", "10", "5"),
            ("110", "12", "5"),
            "“Gross premium this time” 110.00 (here 100.00), “Commission amount” 12.00 "
            "(here 10.00) for the same period, and that stands: this row does not "
            "count.",
            (110, 12, 5),
        ),
        (("100", "10", "5"), ("100", "", "5"), "", (100, 10, 5)),
    ],
)
def test_amounts_of_premium_that_differ_are_named(
    here: tuple[str, str, str],
    later: tuple[str, str, str],
    message: str,
    stands: tuple[int, int, int],
) -> None:
    a = split(*here)
    b = load(split(*later))
    a = declare(a, "additional")
    right = " If it is right, hand it in once more."
    assert [text for _, _, text in said(a)] == [
        f"Number {b.pk}, received later, tells {text}{right}"
        for text in [message]
        if text
    ]
    load(a)
    names = ("gross_premium", "commission", "taxes")
    assert PremiumEntry.objects.values_list(*names).get() == stands


def test_premium_that_a_later_correction_leaves_out() -> None:
    load(premiums(PQ1="100", PQ2="100"))
    a = premiums(PQ1="150")
    b = load(premiums("correction", PQ2="110"))
    a = declare(a, "additional")
    assert said(a) == [
        (
            2,
            "Gross premium",
            f"Number {b.pk}, a correction received later, leaves this out for the "
            "period, and that stands: the row changes nothing. If the row is right, "
            "hand it in once more.",
        )
    ]
    load(a)
    assert gross() == {"PQ2": 110}


def test_premium_that_the_later_file_tells_alike_is_no_news() -> None:
    load(premiums(PQ1="100"))
    a = premiums(PQ1="110")
    load(premiums("correction", PQ1="110", PQ2="20"))
    assert said(declare(a, "additional")) == []


@pytest.mark.parametrize("declared", ["additional", "correction"])
def test_claims_of_a_file_received_before(declared: str) -> None:
    load(claims(PP1="10", PP2="10"))
    a = claims(PP1="15")
    b = load(claims("correction", PP1="11", PP2="11"))
    a = declare(a, declared)
    assert said(a) == [
        (
            2,
            "Paid to date",
            f"Number {b.pk}, received later, tells 11.00 for the same period, and that "
            "stands: this amount does not count. If it is right, hand it in once more.",
        )
    ]
    assert [message for _, _, message in said(a, "correction_lacks")] == [
        "Claim PP2 GBP: told for the period to 31 May 2025 and missing in this "
        "correction. After the load what this sender told of it does not count any "
        f"more, but what number {b.pk}, received later, told for it stays. If that is "
        "not meant, it has to be taken back as well."
    ] * (declared == "correction")
    assert counts(a) == (0, 0, 1)
    assert a.preview == []
    assert counts(load(a)) == (0, 0, 1)
    assert paid() == {"PP1": 11, "PP2": 11}


def test_a_claim_that_a_later_correction_leaves_out() -> None:
    load(claims(PP1="10", PP2="10"))
    a = claims(PP1="15")
    b = load(claims("correction", PP2="11"))
    a = declare(a, "additional")
    assert said(a) == [
        (
            2,
            "Claim Ref",
            f"Number {b.pk}, a correction received later, leaves this out for the "
            "period, and that stands: the row changes nothing. If the row is right, "
            "hand it in once more.",
        )
    ]
    load(a)
    assert paid() == {"PP2": 11}


def test_an_amount_told_by_hand_after_the_file_was_received(manager: User) -> None:
    load(claims(HA1="10"))
    a = claims(HA1="15", HA2="7")
    load(claims("additional", HA3="1"))
    by_a_person(manager, "HA1", 12)
    a = declare(a, "additional")
    assert said(a) == [
        (
            2,
            "Paid to date",
            "A person, later than this file, tells 12.00 for the same period, and that "
            "stands: this amount does not count. If it is right, hand it in once more.",
        )
    ]
    load(a)
    assert paid() == {"HA1": 12, "HA2": 7, "HA3": 1}


@pytest.mark.parametrize("declared", ["additional", "correction"])
def test_an_amount_told_by_hand_while_the_newest_file_waits(
    manager: User, declared: str
) -> None:
    load(claims(HB1="10", HB2="5"))
    a = claims(HB1="9", HB2="5")
    by_a_person(manager, "HB1", 15)
    a = declare(a, declared)
    assert [message[:57] for *_, message in said(a)] == [
        "A person, later than this file, tells 15.00 for the same "
    ]
    assert (a.rows_updated, a.rows_unchanged) == (1, 1)
    load(a)
    assert paid() == {"HB1": 15, "HB2": 5}
    load(claims("correction", HB1="8", HB2="5"))
    assert paid() == {"HB1": 8, "HB2": 5}


def test_a_later_file_of_other_claims_is_no_later_word() -> None:
    load(claims(PP1="10"))
    a = claims(PP2="15")
    load(claims("additional", PP1="11"))
    assert said(declare(a, "additional")) == []


def test_a_correction_that_lacks_what_a_person_told(manager: User) -> None:
    load(claims(E5="10", E6="10"))
    by_a_person(manager, "E5", 55)
    first = claims("correction", E6="11")
    assert [message for _, _, message in said(first, "correction_lacks")] == [
        "Claim E5 GBP: told for the period to 31 May 2025 and missing in this "
        "correction. After the load what this sender told of it does not count any "
        "more, but what a person told for it stays. If that is not meant, it has to be "
        "taken back as well."
    ]
    load(first)
    assert paid() == {"E5": 55, "E6": 11}
    again = claims("correction", E6="12")
    assert said(again, "correction_lacks") == []
    load(again)
    assert paid() == {"E5": 55, "E6": 12}


HEAD = "UMR,Claim Ref,Insured,Date of Loss,Status,Ccy,Paid {},Reserve\n"


def paid_as(
    basis: str, amount: str, declared: str = "", period_end: date = MAY
) -> Ingestion:
    row = f"Q1,PP1,x,2025-02-01,Open,GBP,{amount},20\n"
    return submitted("claims", HEAD.format(basis) + row, declared, period_end)


BASES = {"to date": "Paid to date", "this month": "Paid this month"}


@pytest.mark.parametrize("before", ["", "50"])
@pytest.mark.parametrize(
    ("mine", "declared", "other", "later_is", "stands"),
    [
        (("to date", "150"), "additional", ("this month", "90"), "correction", 90),
        (("to date", "150"), "correction", ("this month", "90"), "correction", 90),
        (("this month", "30"), "additional", ("to date", "95"), "correction", 95),
        (("this month", "30"), "correction", ("to date", "95"), "correction", 95),
        (("this month", "30"), "correction", ("to date", "95"), "additional", 95),
    ],
)
def test_an_amount_that_a_later_file_tells_in_another_basis(
    before: str,
    mine: tuple[str, str],
    declared: str,
    other: tuple[str, str],
    later_is: str,
    stands: int,
) -> None:
    if before:
        load(paid_as("to date", before, period_end=date(2025, 4, 30)))
    a = paid_as(*mine)
    b = load(paid_as(*other, later_is))
    a = declare(a, declared)
    basis = "to date" if other[0] == "to date" else "this period"
    assert said(a, "to_date_stands") == []
    assert said(a) == [
        (
            2,
            BASES[mine[0]],
            f"Number {b.pk}, received later, tells {other[1]}.00 {basis} for the same "
            "period, and that stands: this amount does not count. If it is right, hand "
            "it in once more.",
        )
    ]
    assert counts(load(a)) == (0, 0, 1)
    assert paid() == {
        "PP1": stands if other[0] == "to date" else stands + int(before or 0)
    }


def test_fees_and_recoveries_that_a_later_file_tells_in_another_basis() -> None:
    def fees(when: str, paid: int, recovered: int, declared: str = "") -> Ingestion:
        return submitted(
            "claims",
            "UMR,Claim Ref,Date of Loss,Status,Ccy,"
            f"Paid {when},Paid {when} - adjusters fees,Recoveries received {when}\n"
            f"Q1,PP1,2025-02-01,Open,GBP,0,{paid},{recovered}\n",
            declared,
        )

    a = fees("to date", 20, 30)
    load(fees("this month", 7, 10, "correction"))
    told = said(declare(a, "additional"))
    assert [(column, text[text.index("tells") :][:24]) for _, column, text in told] == [
        ("Paid to date - adjusters fees", "tells 7.00 this period f"),
        ("Recoveries received to date", "tells 10.00 this period "),
    ]
    load(a)
    fields = ("paid_adjusters", "recovered")
    assert ClaimPosition.objects.values_list(*fields).get() == (7, 10)


def test_another_basis_that_comes_to_the_same_is_no_news() -> None:
    load(paid_as("to date", "50", period_end=date(2025, 4, 30)))
    a = paid_as("to date", "140")
    load(paid_as("this month", "90", "correction"))
    assert said(declare(a, "additional")) == []
    assert counts(load(a)) == (0, 0, 1)
    assert paid() == {"PP1": 140}
