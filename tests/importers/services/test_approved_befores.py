"""Approval is of before and after: other values before the change withdraw it."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion, Source
from importers.services import ingestions, work
from reinsurance.admin import edits
from reinsurance.models import (
    Claim,
    ClaimPosition,
    Edit,
    Layer,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
)

pytestmark = pytest.mark.django_db
CLAIMS = "UMR,Claim Ref,Insured,Date of Loss,Status,Ccy,Paid to date,Reserve"
PREMIUMS = "UMR,Policy No,Insured,Transaction type,Effective date,Ccy,Gross premium"
REGISTER = (
    "UMR,Treaty type,Ccy,Loss notification threshold,Layer,Ceding commission,"
    "Reinsurer,Signed line"
)
WITHDRAWN = (
    "The books changed since this file was checked, so that loading it would do "
    "something else than what was approved. Nothing was loaded and the approval is "
    "withdrawn. What is different: what the file changes is not what it was then ({}): "
    "see before and after under Changes, and the issues. Look at it again."
)


@pytest.fixture(autouse=True)
def books(db: None) -> None:
    for code in ("RE1", "RE2", "RE3"):
        Party.objects.create(code=code, name=code)
    for code in ("one", "two", "three"):
        Source.objects.create(code=code, name=code.title(), is_house=True)
    load(checked("treaties", f"{REGISTER}\nQ1,QS,GBP,,1,27.5%,RE1,50%\n"))


def checked(kind: str, content: str, *, source: str = "one") -> Ingestion:
    ingestion = ingestions.submit(
        blocks=[content.encode()],
        file_name="file.csv",
        record_type=kind,
        source=ingestions.source_of(source),
        door="test",
        enqueue=False,
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "ready", ingestion.message
    return ingestion


def load(ingestion: Ingestion, status: str = "loaded") -> Ingestion:
    """Approve what was seen, and load it."""
    ingestions.approve(ingestion.pk, seen=ingestion.effect, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == status, ingestion.message
    return ingestion


def again(ingestion: Ingestion) -> list[list[str]]:
    """What the first changed row shows after another check."""
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    changes: list[list[str]] = ingestion.preview[0]["changes"]
    return changes


def register(threshold: str, commission: str) -> Ingestion:
    rows = f"Q1,QS,GBP,{threshold},1,{commission},RE1,50%\n"
    return checked("treaties", f"{REGISTER}\n{rows}")


def claim(insured: str, paid: str, end: str, **more: Any) -> Ingestion:
    head = f"{CLAIMS},Reporting period end"
    row = f"Q1,C1,{insured},2026-02-01,Open,GBP,{paid},20,{end}\n"
    return checked("claims", f"{head}\n{row}", **more)


def test_terms_that_another_register_changed_since() -> None:
    a, b = register("111", "20%"), register("222", "25%")
    assert a.preview[0]["changes"] == [["Loss notification threshold", "", "111.0000"]]
    load(b)
    load(a, status="received")
    assert a.message == WITHDRAWN.format("layer, treaty")
    assert Layer.objects.get().commission == Decimal("0.25")
    assert again(a) == [["Loss notification threshold", "222.0000", "111.0000"]]
    load(a)
    assert Layer.objects.get().commission == Decimal("0.2")


def test_terms_that_two_people_agreed_since(clerk: User, manager: User) -> None:
    load(claim("Acme", "10", "2026-04-30"))
    file = register("", "20%")
    layer = Layer.objects.get()
    layer.commission = Decimal("0.3")
    edits.save(record=layer, user=manager, reason="Agreed")
    edits.apply(edit=Edit.objects.get(status="proposed"), user=clerk)
    load(file, status="received")
    assert file.message == WITHDRAWN.format("layer")
    assert Layer.objects.get().commission == Decimal("0.3")


def test_what_a_register_does_not_change_may_change(manager: User) -> None:
    file = register("111", "27.5%")
    layer = Layer.objects.get()
    layer.deposit_premium = Decimal(7)
    edits.save(record=layer, user=manager, reason="Agreed")
    load(file)
    layer.refresh_from_db()
    assert layer.deposit_premium == 7


def test_another_line_that_leaves_the_panel() -> None:
    line = "Q1,QS,GBP,,1,27.5%,{},50%\n"
    load(checked("treaties", REGISTER + "\n" + line.format("RE1") + line.format("RE2")))
    file = checked("treaties", REGISTER + "\n" + line.format("RE1"))
    load(checked("treaties", REGISTER + "\n" + line.format("RE1") + line.format("RE3")))
    load(file, status="received")
    assert file.message == WITHDRAWN.format("panel")
    left = set(Participation.objects.values_list("reinsurer__code", flat=True))
    assert left == {"RE1", "RE3"}


def test_a_name_that_another_list_of_parties_changed_since() -> None:
    head = "Party code,Party name\n"
    a = checked("parties", f"{head}RE1,Straits Re\n")
    load(checked("parties", f"{head}RE1,Alpine Re\n"))
    load(a, status="received")
    assert a.message == WITHDRAWN.format("party")
    assert again(a) == [["Party name", "Alpine Re", "Straits Re"]]


def test_a_description_written_by_hand_since(manager: User) -> None:
    load(claim("Acme", "10", "2026-04-30"))
    file = claim("Acme Ltd", "10", "2026-05-31")
    found = Claim.objects.get()
    found.insured_name = "Acme plc"
    edits.save(record=found, user=manager, reason="Letter")
    load(file, status="received")
    assert file.message == WITHDRAWN.format("claim")
    assert Claim.objects.get().insured_name == "Acme plc"
    assert again(file)[0] == ["Insured name", "Acme plc", "Acme Ltd"]


def test_amounts_that_come_to_the_same_sum_as_before() -> None:
    def two(first: str, second: str, end: str, source: str = "one") -> Ingestion:
        row = "Q1,{},Acme,2026-02-01,Open,GBP,{},20,{}\n"
        head = f"{CLAIMS},Reporting period end\n"
        rows = row.format("C1", first, end) + row.format("C2", second, end)
        return checked("claims", head + rows, source=source)

    load(two("10", "10", "2026-03-31"))
    file = two("15", "15", "2026-05-31")
    load(two("12", "8", "2026-04-30"))
    load(file, status="received")
    assert file.message == WITHDRAWN.format("claim position")
    paid = ClaimPosition.objects.order_by("claim__reference")
    assert list(paid.values_list("paid_indemnity", flat=True)) == [12, 8]


def test_premium_that_comes_to_the_same_sum_as_before() -> None:
    def two(first: str, second: str, source: str = "one") -> Ingestion:
        row = "Q1,{},Acme,Original,2026-02-01,GBP,{},2026-05-31\n"
        head = f"{PREMIUMS},Reporting period end\n"
        rows = row.format("P1", first) + row.format("P2", second)
        return checked("premiums", head + rows, source=source)

    load(two("100", "100"))
    between, last = two("120", "80", source="two"), two("150", "150", source="three")
    load(between)
    load(last, status="received")
    assert last.message == WITHDRAWN.format("premium entry")
    entries = PremiumEntry.objects.order_by("policy_reference")
    assert list(entries.values_list("gross_premium", flat=True)) == [120, 80]


def test_a_treaty_that_nobody_touched_is_loaded_at_once() -> None:
    load(register("111", "20%"))
    assert Treaty.objects.get().loss_notification_threshold == 111
