"""A file among the others: late, a second one of its period, or somebody else's.

By contract, not by sender, whoever told the period: the form, a column, or the row.
"""

from datetime import date
from typing import Any

import pytest

from importers.exceptions import StateProblem
from importers.models import Ingestion, Source
from importers.services import ingestions, undoing, work
from reinsurance.models import ClaimPosition, LoadPeriod, Treaty

pytestmark = pytest.mark.django_db
HEADER = "UMR,Claim Ref,Date of Loss,Currency,Status,Paid to date"
DATED = f"{HEADER},Reporting Period (End Date)"
MAY, JUNE, JULY = date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31)
STAYS = (
    "This file changes what stood at the end of its own periods; what was told for "
    "later ones stays."
)


def row(
    paid: int, *, treaty: str = "T1", claim: str = "C1", end: date | None = None
) -> str:
    """A line of a claims bordereau, with the end of its period where that is told."""
    told = f",{end}" if end else ""
    return f"{treaty},{claim},2026-03-01,GBP,Open,{paid}{told}\n"


@pytest.fixture(autouse=True)
def sources(db: None) -> None:
    for reference in ("T1", "T2"):
        Treaty.objects.create(reference=reference, treaty_type="QS", currency_id="GBP")
    for code in ("broker", "cedant"):
        Source.objects.create(code=code, name=code.title(), is_house=True)


def checked(
    content: str,
    *,
    end: date | None = None,
    source: str = "broker",
    kind: str = "claims",
    **more: Any,
) -> Ingestion:
    """The file, handed in and checked; ready to be approved."""
    ingestion = ingestions.submit(
        blocks=[content.encode()],
        file_name="claims.csv",
        record_type=kind,
        source=ingestions.source_of(source),
        door="test",
        period_end=end,
        enqueue=False,
        **more,
    )
    return again(ingestion)


def again(ingestion: Ingestion) -> Ingestion:
    """The file as its check leaves it."""
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "ready", ingestion.message
    return ingestion


def load(ingestion: Ingestion) -> Ingestion:
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message
    return ingestion


def paid(amount: int, end: date | None, **more: Any) -> Ingestion:
    """A checked file of one claim, the end of its period told in the form."""
    return checked(f"{HEADER}\n{row(amount)}", end=end, **more)


def said(ingestion: Ingestion, code: str) -> list[tuple[int, str, str]]:
    issues = ingestion.issues.filter(code=code)
    count = ingestion.issue_counts["by_code"].get(code, 0)
    assert issues.count() == count
    return list(issues.values_list("row", "severity", "message").order_by("pk"))


def late(ingestion: Ingestion) -> list[tuple[int, str, str]]:
    return said(ingestion, "later_period_loaded")


# ----------------------------------------------------------------------------- lateness
@pytest.mark.parametrize("told_in", ["form", "row"])
def test_an_older_period_after_a_newer_one_is_told(told_in: str) -> None:
    june = load(paid(150, JUNE))
    if told_in == "form":
        may = paid(110, MAY)
    else:
        may = checked(f"{DATED}\n{row(110, end=MAY)}")
    assert late(may) == [
        (
            0,
            "warning",
            f"Contract T1: this file goes up to 31 May 2026, and number {june.pk}, up "
            f"to 30 June 2026, is in the books already. {STAYS}",
        )
    ]
    assert may.issue_counts["warning"] == 1
    assert (may.rows_updated, may.rows_rejected) == (1, 0)
    load(may)
    assert ClaimPosition.objects.get().paid_indemnity == 150


def test_the_newer_period_may_be_told_by_its_rows() -> None:
    june = load(checked(f"{DATED}\n{row(150, end=JUNE)}"))
    ((_, _, message),) = late(paid(110, MAY))
    assert f"number {june.pk}, up to 30 June 2026" in message


@pytest.mark.parametrize("period_end", [JUNE, JULY, None])
def test_what_is_not_older_is_not(period_end: date | None) -> None:
    load(paid(150, JUNE))
    assert late(paid(160, period_end)) == []


def test_a_period_that_was_only_checked_counts_for_nothing() -> None:
    paid(150, JUNE)
    assert late(paid(110, MAY)) == []


def test_a_load_that_was_undone_counts_for_nothing() -> None:
    june = load(paid(150, JUNE))
    ingestions.undo(june.pk, user=None, reason="wrong month", enqueue=False)
    undoing.undo(june.pk)
    assert late(paid(110, MAY)) == []


def test_each_contract_has_a_sequence_of_its_own() -> None:
    """A file of two contracts is late for one of them."""
    first = load(paid(150, JUNE))
    assert late(checked(f"{HEADER}\n{row(1, treaty='T2')}", end=MAY)) == []
    both = checked(f"{HEADER}\n{row(110)}{row(1, treaty='T2')}", end=MAY)
    ((_, _, message),) = late(both)
    assert message.startswith("Contract T1: this file goes up to 31 May 2026, and ")
    assert f"number {first.pk}, up to 30 June 2026," in message


def test_each_row_counts_for_its_own_period() -> None:
    """The file is late for a contract by the latest period that it tells of it."""
    load(paid(150, JUNE))
    rows = row(110, end=MAY) + row(170, claim="C2", end=JULY)
    ingestion = checked(f"{DATED}\n{rows}")
    assert late(ingestion) == []
    load(ingestion)
    periods = LoadPeriod.objects.filter(load__number=ingestion.pk)
    assert set(periods.values_list("treaty__reference", "period_end", "row_count")) == {
        ("T1", MAY, 1),
        ("T1", JULY, 1),
    }


def test_another_senders_newer_period_is_named() -> None:
    june = load(paid(150, JUNE, source="cedant"))
    ((_, severity, message),) = late(paid(110, MAY))
    assert severity == "warning"
    assert f"number {june.pk}, up to 30 June 2026" in message


# ----------------------------------------------------------------------- another sender
FOREIGN, SAME_BYTES = "period_of_another_sender", "same_file_of_another_sender"


@pytest.mark.parametrize("told_in", ["form", "row"])
def test_the_same_claims_and_period_of_another_sender(told_in: str) -> None:
    theirs = load(paid(150, JUNE, source="cedant"))
    if told_in == "form":
        ours = paid(160, JUNE)
    else:
        ours = checked(f"{DATED}\n{row(160, end=JUNE)}")
    assert said(ours, FOREIGN) == [
        (
            0,
            "breach",
            "1 of the claims and periods in this file of Broker were told by Cedant in "
            f"number {theirs.pk} already. The later word counts: approve it only if "
            "that is meant.",
        )
    ]
    assert ours.issue_counts["breach"] == 1
    assert not ours.needs_declaration


def test_a_direct_upload_over_a_senders_period() -> None:
    theirs = load(paid(150, JUNE, source="cedant"))
    ours = paid(160, JUNE, source="")
    ((_, severity, message),) = said(ours, FOREIGN)
    assert severity == "breach"
    assert "in this file of Direct upload were told by Cedant in number " in message
    assert f"number {theirs.pk} " in message


def test_other_claims_or_periods_of_another_sender_are_theirs() -> None:
    load(paid(150, JUNE, source="cedant"))
    assert said(paid(160, JULY), FOREIGN) == []
    other = checked(f"{HEADER}\n{row(160, claim='C2')}", end=JUNE)
    assert said(other, FOREIGN) == []


def test_another_senders_word_that_stands_by_a_repeat() -> None:
    first = load(paid(150, JUNE, source="cedant"))
    second = load(paid(150, JUNE, source="cedant", declared="additional"))
    assert (second.rows_unchanged, second.rows_updated) == (1, 0)
    ingestions.undo(first.pk, user=None, reason="sent twice", enqueue=False)
    undoing.undo(first.pk)
    ours = paid(160, JUNE)
    ((_, severity, message),) = said(ours, FOREIGN)
    assert severity == "breach"
    assert f"were told by Cedant in number {second.pk} already" in message


def told_of(*claims: str, source: str = "cedant", **more: Any) -> Ingestion:
    """A checked file of claims with an amount (``C1/10``), for June or ``end``."""
    cells = [claim.split("/") for claim in claims]
    rows = "".join(row(int(paid), claim=name) for name, paid in cells)
    return checked(
        f"{HEADER}\n{rows}", end=more.pop("end", JUNE), source=source, **more
    )


def numbers(ingestion: Ingestion) -> list[str]:
    """Files of another sender that are named, with how many records, in order."""
    return sorted(
        f"{message.split()[0]} in {message.partition('in number ')[2].split()[0]}"
        for _, _, message in said(ingestion, FOREIGN)
    )


def test_what_another_sender_left_out_since_is_not_named() -> None:
    first = load(told_of("C1/150", "C2/5"))
    second = load(told_of("C2/5", declared="correction"))
    assert said(told_of("C1/160", source="broker"), FOREIGN) == []
    both = told_of("C1/160", "C2/6", source="broker")
    assert numbers(both) == sorted(f"1 in {n.pk}" for n in (first, second))
    ingestions.undo(second.pk, user=None, reason="wrong", enqueue=False)
    undoing.undo(second.pk)
    ours = told_of("C1/161", source="broker")
    assert numbers(ours) == [f"1 in {first.pk}"]


def test_what_another_sender_told_of_another_period_is_not_named() -> None:
    load(told_of("C1/140", "C2/5", end=MAY))
    load(told_of("C1/150", "C2/5"))
    load(told_of("C2/5", declared="correction"))
    assert said(told_of("C1/160", source="broker"), FOREIGN) == []
    assert len(numbers(told_of("C1/161", source="broker", end=MAY))) == 1


def test_what_another_sender_repeated_and_left_out_is_not_named() -> None:
    """The repeat of the one is left out; what the first told stands."""
    first = load(told_of("C1/150", "C2/5"))
    load(told_of("C1/150", "C2/5", source="broker"))
    load(told_of("C2/5", source="broker", declared="correction"))
    Source.objects.create(code="bureau", name="Bureau", is_house=True)
    ours = told_of("C1/160", source="bureau")
    assert numbers(ours) == [f"1 in {first.pk}"]


APART = (
    "1 of the {} and periods in this file of {} were told by {} in number {} under "
    "another {}. This file stands beside that, and if they mean the same, it counts "
    "twice: approve it only if they do not; else have one of the two files corrected."
)
KEY_OF_CLAIM = "section, risk code or currency"
KEY_OF_PREMIUM = "section, risk code, certificate, instalment or currency"
KEYED = "UMR,Claim Ref,Date of Loss,Currency,Section,Risk Code,Paid to date,Reserve"


def keyed(
    *keys: tuple[str, str, str], source: str = "broker", paid: int = 10, **more: Any
) -> Ingestion:
    """A checked file of C1: a row for each currency, section and risk code."""
    rows = "".join(
        f"T1,C1,2026-03-01,{currency},{section},{risk},{paid},50\n"
        for currency, section, risk in keys
    )
    return checked(f"{KEYED}\n{rows}", end=more.pop("end", JUNE), source=source, **more)


@pytest.mark.parametrize(
    "other", [("GBP", "2", "UA"), ("GBP", "1", "UB"), ("USD", "1", "UA")]
)
@pytest.mark.parametrize("declared", ["", "additional", "correction"])
def test_another_sender_tells_a_claim_and_period_under_another_key(
    other: tuple[str, str, str], declared: str
) -> None:
    Source.objects.update(several_currencies=True)
    theirs = load(keyed(("GBP", "1", "UA"), source="cedant"))
    ours = keyed(other, declared=declared)
    breach = APART.format("claims", "Broker", "Cedant", theirs.pk, KEY_OF_CLAIM)
    assert said(ours, FOREIGN) == [(0, "breach", breach)]
    load(ours)
    assert sum(p.incurred for p in ClaimPosition.objects.all()) == 120
    # So it is said again, of either's next word.
    again = keyed(other, declared="correction", paid=11)
    assert said(again, FOREIGN) == [(0, "breach", breach)]
    back = keyed(("GBP", "1", "UA"), source="cedant", declared="correction", paid=12)
    assert said(back, FOREIGN) == [
        (
            0,
            "breach",
            APART.format("claims", "Cedant", "Broker", ours.pk, KEY_OF_CLAIM),
        )
    ]


def test_a_claim_under_another_key_that_its_sender_left_out_since() -> None:
    mine = ("GBP", "1", "UA")
    may = load(keyed(mine, source="cedant", end=MAY))
    load(keyed(mine, source="cedant"))
    load(told_of("C2/5", declared="correction"))
    assert said(keyed(("GBP", "2", "UA")), FOREIGN) == []
    in_may = keyed(("GBP", "2", "UA"), end=MAY, paid=9)
    assert numbers(in_may) == [f"1 in {may.pk}"]


def test_a_claim_under_another_key_of_the_same_sender_period_or_undone() -> None:
    theirs = load(keyed(("GBP", "1", "UA"), source="cedant"))
    same = keyed(("GBP", "2", "UA"), source="cedant", declared="additional")
    assert said(same, FOREIGN) == []
    assert said(keyed(("GBP", "2", "UA"), end=JULY, paid=11), FOREIGN) == []
    ingestions.undo(theirs.pk, user=None, reason="wrong", enqueue=False)
    undoing.undo(theirs.pk)
    assert said(keyed(("GBP", "2", "UA"), paid=12), FOREIGN) == []


@pytest.mark.parametrize("ours", [("1",), ("1", "2", "3")])
def test_another_sender_tells_some_or_more_positions(ours: tuple[str, ...]) -> None:
    """The later word counts of those told by both; the rest is of one file alone."""
    load(keyed(("GBP", "1", "UA"), ("GBP", "2", "UA"), source="cedant"))
    ((_, severity, message),) = said(
        keyed(*(("GBP", section, "UA") for section in ours)), FOREIGN
    )
    assert severity == "breach"
    assert "The later word counts" in message


@pytest.mark.parametrize(
    "other",
    [{"currency": "USD"}, {"section": "2"}, {"certificate": "B"}],
)
def test_another_sender_tells_a_premium_under_another_key(
    other: dict[str, str],
) -> None:
    own = {"section": "1", "certificate": "A", "currency": "GBP"}
    theirs = load(of_premium(100, JUNE, "cedant", **own))
    ours = of_premium(100, JUNE, "broker", **{**own, **other})
    assert said(ours, FOREIGN) == [
        (
            0,
            "breach",
            APART.format("premiums", "Broker", "Cedant", theirs.pk, KEY_OF_PREMIUM),
        )
    ]
    assert said(of_premium(101, JULY, "broker", **{**own, **other}), FOREIGN) == []
    again = {**own, **other, "policy": "P2"}
    assert said(of_premium(100, JUNE, "broker", **again), FOREIGN) == []


def of_premium(
    gross: int,
    end: date,
    source: str,
    policy: str = "P1",
    *,
    section: str = "",
    certificate: str = "",
    currency: str = "GBP",
    declared: str = "",
) -> Ingestion:
    """A premium bordereau of one policy, checked."""
    header = (
        "UMR,Policy No,Transaction type,Effective date,Currency,Gross premium,"
        "Section,Certificate Ref"
    )
    cells = (
        f"T1,{policy},Original,2026-03-01,{currency},{gross},{section},{certificate}"
    )
    ingestion = ingestions.submit(
        blocks=[f"{header}\n{cells}\n".encode()],
        file_name="premiums.csv",
        record_type="premiums",
        source=ingestions.source_of(source),
        door="test",
        period_end=end,
        declared=declared,
        enqueue=False,
    )
    return again(ingestion)


@pytest.mark.parametrize("gross", [100, 120])
def test_the_same_premium_and_period_of_another_sender(gross: int) -> None:
    theirs = load(of_premium(100, JUNE, "cedant"))
    ours = of_premium(gross, JUNE, "broker")
    assert said(ours, FOREIGN) == [
        (
            0,
            "breach",
            "1 of the premiums and periods in this file of Broker were told by Cedant "
            f"in number {theirs.pk} already. The later word counts: approve it only if "
            "that is meant.",
        )
    ]


@pytest.mark.parametrize("again", [100, 120])
def test_premium_that_another_sender_left_out_since_is_not_named(again: int) -> None:
    load(of_premium(100, JUNE, "cedant"))
    second = load(of_premium(again, JUNE, "broker"))
    load(of_premium(5, JUNE, "cedant", "P2", declared="correction"))
    Source.objects.create(code="bureau", name="Bureau", is_house=True)
    assert numbers(of_premium(130, JUNE, "bureau")) == [f"1 in {second.pk}"]
    load(of_premium(5, JUNE, "broker", "P3", declared="correction"))
    assert said(of_premium(131, JUNE, "bureau"), FOREIGN) == []


def test_other_premium_or_periods_of_another_sender_are_theirs() -> None:
    load(of_premium(100, JUNE, "cedant"))
    assert said(of_premium(101, JULY, "broker"), FOREIGN) == []
    assert said(of_premium(101, JUNE, "broker", "P2"), FOREIGN) == []
    assert said(of_premium(101, JUNE, "cedant"), FOREIGN) == []


def test_the_same_bytes_under_another_sender() -> None:
    theirs = load(paid(150, JUNE, source="cedant"))
    ours = paid(150, JULY)
    assert said(ours, SAME_BYTES) == [
        (
            0,
            "breach",
            f"The same file was loaded as number {theirs.pk}, from Cedant; this one "
            "was handed in as from Broker. It would count under both.",
        )
    ]


def test_the_same_bytes_for_another_period() -> None:
    june = load(paid(150, JUNE))
    july = paid(150, JULY)
    assert said(july, "same_file_of_another_period") == [
        (
            0,
            "breach",
            f"The same file was loaded as number {june.pk}, up to 30 June 2026; this "
            "one goes up to 31 July 2026. Is it last period's file once more? What it "
            "says was paid or due in the period would count twice.",
        )
    ]
    ingestions.cancel(july.pk, user=None)
    assert said(paid(150, JUNE), "same_file_of_another_period") == []


def test_the_same_list_of_the_year_for_a_later_month() -> None:
    """There was nothing new; of the next year it would count once more."""
    Source.objects.update(premium_lists="year")
    june = load(of_premium(100, JUNE, "cedant"))
    again = of_premium(100, JULY, "cedant")
    assert said(again, "same_file_of_another_period") == [
        (
            0,
            "warning",
            f"The same file was loaded as number {june.pk}, up to 30 June 2026; this "
            "one goes up to 31 July 2026. Is it the earlier list once more, or is "
            "there nothing new? The year is told again as it was.",
        )
    ]
    ingestions.cancel(again.pk, user=None)
    [(_, severity, _)] = said(
        of_premium(100, date(2027, 1, 31), "cedant"), "same_file_of_another_period"
    )
    assert severity == "breach"


# ---------------------------------------------------------- the second file of a period
def needs_word(ingestion: Ingestion) -> bool:
    """Whether the file waits for its declaration, and is not loaded without."""
    if not ingestion.needs_declaration:
        return False
    with pytest.raises(StateProblem, match="additional or a correction"):
        ingestions.approve(ingestion.pk, enqueue=False)
    return True


@pytest.mark.parametrize("told_in", ["form", "row"])
def test_a_second_file_of_a_period_waits_for_a_word(told_in: str) -> None:
    first = load(paid(150, JUNE))
    if told_in == "form":
        second = paid(160, JUNE)
    else:
        second = checked(f"{DATED}\n{row(160, end=JUNE)}")
    assert needs_word(second)
    assert second.message == (
        f"In the books already: T1 to 30 June 2026 (number {first.pk}). Is this file "
        "additional to it, or a correction that takes its place? Nothing is loaded "
        "before somebody says so."
    )
    with pytest.raises(StateProblem, match="“additional” or a “correction”"):
        ingestions.declare(second.pk, "both", user=None, enqueue=False)
    ingestions.declare(second.pk, "additional", user=None, enqueue=False)
    load(again(second))
    assert ClaimPosition.objects.get().paid_indemnity == 160
    assert [event.message for event in second.events.all()][3] == (
        "Declared: it adds to the file of the period that is in the books."
    )


@pytest.mark.parametrize(
    ("declared", "left"), [("additional", {"C1", "C2"}), ("correction", {"C2"})]
)
def test_what_a_second_file_lacks_stays_or_goes(declared: str, left: set[str]) -> None:
    load(paid(150, JUNE))
    second = checked(f"{HEADER}\n{row(9, claim='C2')}", end=JUNE, declared=declared)
    assert not second.needs_declaration
    load(second)
    standing = ClaimPosition.objects.values_list("claim__reference", flat=True)
    assert set(standing) == left


@pytest.mark.parametrize("declared", ["additional", "correction"])
def test_the_word_does_no_harm_on_the_first_file(declared: str) -> None:
    load(paid(150, JUNE, declared=declared))
    assert ClaimPosition.objects.get().paid_indemnity == 150


def test_other_periods_contracts_and_senders_need_no_word() -> None:
    load(paid(150, JUNE))
    assert not needs_word(paid(160, JULY))
    assert not needs_word(paid(161, None))
    assert not needs_word(checked(f"{HEADER}\n{row(1, treaty='T2')}", end=JUNE))
    assert not needs_word(paid(170, JUNE, source="cedant"))


def test_one_contract_of_several_is_enough() -> None:
    load(paid(150, JUNE))
    both = checked(f"{HEADER}\n{row(1, treaty='T2')}{row(151)}", end=JUNE)
    assert needs_word(both)


def test_after_an_undo_the_next_file_is_the_first() -> None:
    first = load(paid(150, JUNE))
    ingestions.undo(first.pk, user=None, reason="wrong file", enqueue=False)
    undoing.undo(first.pk)
    assert not needs_word(paid(160, JUNE))


@pytest.mark.parametrize("claim", ["C1", "C2"])
def test_files_checked_side_by_side_are_asked_when_one_of_them_is_loaded(
    claim: str,
) -> None:
    """The second was approved on empty books: its approval is withdrawn.

    Also where it tells of other claims, so that all that it does is as approved.
    """
    first = paid(150, JUNE)
    second = checked(f"{HEADER}\n{row(160, claim=claim)}", end=JUNE)
    ingestions.approve(second.pk, enqueue=False)
    load(first)
    work.load(second.pk)
    second.refresh_from_db()
    assert (second.status, second.approved_at) == ("received", None)
    assert ClaimPosition.all_objects.count() == 1
    assert needs_word(again(second))


def test_a_correction_of_a_contract_that_was_not_told() -> None:
    first = load(paid(150, JUNE))
    wrong = checked(
        f"{HEADER}\n{row(160, treaty='T2')}", end=JUNE, declared="correction"
    )
    [(_, severity, message)] = said(wrong, "corrects_nothing")
    assert severity == "warning"
    assert message.startswith("Contract T2: Broker told nothing of it for the period")
    assert f"it told of T1 to 30 June 2026 (number {first.pk})" in message
    both = checked(
        f"{HEADER}\n{row(1)}{row(160, treaty='T2')}", end=JUNE, declared="correction"
    )
    assert said(both, "corrects_nothing") == []
    other = f"{HEADER}\n{row(161, treaty='T2')}"
    additional = checked(other, end=JUNE, declared="additional")
    assert said(additional, "corrects_nothing") == []


def test_renewals_under_one_number_are_named_with_their_inceptions() -> None:
    for year in (2025, 2026):
        Treaty.objects.create(
            reference="R1",
            treaty_type="QS",
            currency_id="GBP",
            year_of_account=year,
            inception=date(year, 1, 1),
            expiry=date(year, 12, 31),
        )

    def told(claim: str, year: int, end: date = JUNE, **more: Any) -> Ingestion:
        lines = f"{HEADER},Year of account\n{row(1, treaty='R1', claim=claim)}"
        return checked(f"{lines.strip()},{year}\n", end=end, **more)

    first = load(told("C1", 2025))
    wrong = told("C2", 2026, declared="correction")
    old, new = (f"R1 of 1 January {year}" for year in (2025, 2026))
    assert said(wrong, "corrects_nothing") == [
        (
            0,
            "warning",
            f"Contract {new}: Broker told nothing of it for the period to 30 June 2026 "
            "before, so there is nothing to correct; it told of "
            f"{old} to 30 June 2026 (number {first.pk}), of which this correction does "
            "not speak. That stays: if the rows were moved, correct the other contract "
            "as well.",
        )
    ]
    [(_, _, message)] = late(told("C1", 2025, MAY))
    assert message.startswith(f"Contract {old}: this file goes up to 31 May 2026")
    second = told("C3", 2025)
    assert second.needs_declaration
    assert f"{old} to 30 June 2026 (number {first.pk})" in second.message


PREMIUMS = "UMR,Policy No,Transaction type,Effective date,Ccy,Gross premium"


def premiums(end: date, *policies: str, **more: Any) -> Ingestion:
    """A checked list of the year to date: contract and policy of each row."""
    rows = "".join(f"{name},Original,2026-01-01,GBP,100\n" for name in policies)
    Source.objects.update(premium_lists="year")
    return checked(f"{PREMIUMS}\n{rows}", end=end, kind="premiums", **more)


def test_a_correction_of_a_list_corrects_what_the_year_told() -> None:
    first = load(premiums(MAY, "T1,K1", "T1,K2"))
    fixed = premiums(JUNE, "T1,K1", declared="correction")
    assert said(fixed, "corrects_nothing") == []
    assert len(said(fixed, "correction_lacks")) == 1
    wrong = premiums(JUNE, "T2,K1", declared="correction")
    [(_, severity, message)] = said(wrong, "corrects_nothing")
    assert severity == "warning"
    assert f"it told of T1 to 31 May 2026 (number {first.pk})" in message
    both = premiums(JUNE, "T1,K1", "T2,K1", declared="correction")
    assert said(both, "corrects_nothing") == []
    early = premiums(date(2026, 4, 30), "T2,K9", declared="correction")
    assert said(early, "corrects_nothing") == []


def test_a_correction_of_a_list_for_a_new_month_beside_another_contract() -> None:
    load(premiums(MAY, "T1,K1", "T1,K2"))
    load(premiums(JUNE, "T2,K1"))
    fixed = premiums(JUNE, "T1,K1", declared="correction")
    assert said(fixed, "corrects_nothing") == []
    assert len(said(fixed, "correction_lacks")) == 1


@pytest.mark.parametrize("start", ["2026-04-01", "2026-06-01"])
def test_a_correction_of_a_month_beside_its_quarter_says_that_both_stand(
    start: str,
) -> None:
    def told(day: str, policy: str, **more: Any) -> Ingestion:
        header = f"{PREMIUMS},Reporting Period Start Date"
        line = f"T1,{policy},Original,2026-01-01,GBP,100,{day}"
        return checked(f"{header}\n{line}\n", end=JUNE, kind="premiums", **more)

    first = load(told("2026-04-01", "K1"))
    found = said(told(start, "K2", declared="correction"), "corrects_nothing")
    assert found == [
        (
            0,
            "warning",
            "Contract T1: this correction is for the period from 1 June 2026 to 30 "
            f"June 2026, and number {first.pk} told the one from 1 April 2026. What "
            "was told for that stays, and this premium stands beside it: if the same "
            "period is meant, write its start as there.",
        )
    ] * (start != "2026-04-01")
