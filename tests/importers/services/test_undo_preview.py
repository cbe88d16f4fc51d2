"""The page before an undo says what the undo does, of claims in awkward histories."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion, Source
from importers.services import ingestions, undo_preview, undoing
from importers.services.undo_preview import Affected
from reinsurance.ledger.books import history
from reinsurance.models import (
    Claim,
    ClaimPosition,
    Layer,
    Participation,
    Party,
    Treaty,
    TreatyScope,
)
from tests.importers.services.loads import loaded

pytestmark = pytest.mark.django_db
CLAIMS = (
    "UMR,Claim Ref,Date of Loss,Currency,Status,Insured,Paid to date,Reserve,"
    "Reporting period end\n"
)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def standing() -> dict[str, tuple[Any, ...]]:
    """Positions by name with all that a person can see of them, earlier ends, too."""
    return {
        str(p): (
            p.paid_indemnity,
            p.incurred,
            p.status_id,
            [
                (s.period_end, s.amounts["paid_indemnity"], s.status)
                for s in history([p.pk])
            ],
        )
        for p in ClaimPosition.objects.all()
    }


def named(affected: Sequence[Affected], effect: str, what: str) -> set[str]:
    return {
        name.removeprefix("T1 · ")
        for part in affected
        if part.effect == effect and part.what.removesuffix("s") == what
        for name in part.examples
    }


MONTHLY = CLAIMS.replace("Paid to date", "Paid this month - Indemnity")
JANUARY, FEBRUARY = "2026-01-31", "2026-02-28"


def told(number: str, paid: str, reserve: str, month: str, ccy: str = "GBP") -> str:
    return f"T1,{number},2026-01-05,{ccy},Open,Acme,{paid},{reserve},{month}\n"


def correction(header: str, *rows: str) -> tuple[str, str]:
    return "correction", header + "".join(rows)


def more(header: str, *rows: str) -> tuple[str, str]:
    return "additional", header + "".join(rows)


A_REPEAT = [
    more(CLAIMS, told("C1", "90", "60", JANUARY)),
    more(CLAIMS, told("C1", "90", "60", JANUARY), "\n"),
    more(CLAIMS, told("C1", "101", "", FEBRUARY)),
]
LEFT_OUT = [
    more(CLAIMS, told("C1", "200", "0", JANUARY), told("C5", "1", "0", JANUARY)),
    more(MONTHLY, told("C1", "-5", "", FEBRUARY), told("C5", "2", "", FEBRUARY)),
    correction(MONTHLY, told("C5", "3", "", FEBRUARY)),
]
ANOTHER_CURRENCY = [
    more(CLAIMS, told("C1", "30", "0", FEBRUARY, "USD")),
    more(MONTHLY, told("C1", "9", "", JANUARY), told("C2", "9", "", JANUARY)),
]
DESCRIBED = [
    more(CLAIMS, told("C1", "30", "0", JANUARY), told("C2", "30", "0", JANUARY)),
    more(CLAIMS, told("C1", "30", "0", JANUARY).replace("Acme", "Bolt")),
    more(CLAIMS, told("C2", "31", "0", JANUARY).replace("Open", "Closed")),
]


@pytest.mark.parametrize(
    ("files", "undone"),
    [
        (files, n)
        for files in (A_REPEAT, LEFT_OUT, ANOTHER_CURRENCY, DESCRIBED)
        for n in range(len(files))
    ],
)
def test_a_preview_says_what_the_undo_does(
    manager: User, files: list[tuple[str, str]], undone: int
) -> None:
    Source.objects.update(several_currencies=True)
    number = [loaded(text, declared=declared) for declared, text in files][undone]
    before, claims = standing(), described()
    found = undo_preview.preview(number, user=manager).affected
    assert standing() == before
    ingestions.undo(number.pk, user=None, reason="wrong", enqueue=False)
    undoing.undo(number.pk)
    after = standing()
    assert named(found, "removed", "claim position") == before.keys() - after.keys()
    assert (
        named(found, "brought back", "claim position") == after.keys() - before.keys()
    )
    assert named(found, "changed", "claim position") == {
        name for name in before.keys() & after.keys() if before[name] != after[name]
    }
    now = described()
    assert named(found, "removed", "claim") == claims.keys() - now.keys()
    assert named(found, "brought back", "claim") == now.keys() - claims.keys()
    assert named(found, "changed", "claim") == {
        name for name in claims.keys() & now.keys() if claims[name] != now[name]
    }


def described() -> dict[str, tuple[str, str]]:
    return {c.reference: (c.insured_name, c.status_id) for c in Claim.objects.all()}


def test_a_preview_names_limits_that_are_passed_afterwards(manager: User) -> None:
    Treaty.objects.update(loss_notification_threshold=100)
    loaded(CLAIMS + told("C1", "100", "", JANUARY) + told("C2", "90", "", JANUARY))
    lower = loaded(
        CLAIMS + told("C1", "60", "", JANUARY) + told("C2", "60", "", JANUARY),
        declared="correction",
    )
    assert undo_preview.preview(lower, user=manager).breaches == (
        "Claim “C1” of contract “T1” stands at 100.00 GBP, at or above the contract's "
        "loss notification threshold of 100.00.",
    )
    whole = loaded(CLAIMS + told("C1", "60", "", JANUARY), declared="additional")
    assert undo_preview.preview(whole, user=manager).breaches == ()


REGISTER = "UMR,Treaty type,Ccy,Loss notification threshold,Premium income limit\n"
PREMIUMS = (
    "UMR,Policy No,Transaction type,Effective date,Ccy,Gross premium paid this time,"
    "Reporting period end\n"
)


def test_a_preview_names_limits_that_come_back_lower(manager: User) -> None:
    loaded(REGISTER + "T1,QS,GBP,1000,500\n", "treaties")
    higher = loaded(REGISTER + "T1,QS,GBP,5000,1000\n", "treaties")
    loaded(CLAIMS + told("C1", "3000", "", JANUARY))
    loaded(PREMIUMS + f"T1,P1,Original,2026-01-01,GBP,800,{JANUARY}\n", "premiums")
    assert undo_preview.preview(higher, user=manager).breaches == (
        "The premium of contract “T1” stands at 800.00 GBP already, above the new "
        "premium income limit of 500.00.",
        "Claim “C1” of contract “T1” stands at 3000.00 GBP already, at or above the "
        "new loss notification threshold of 1000.00.",
    )
    assert str(Treaty.objects.get().premium_income_limit) == "1000.0000"


def test_a_preview_names_the_premium_income_that_is_left(manager: User) -> None:
    loaded(REGISTER + "T1,QS,GBP,,1000\n", "treaties")
    loaded(PREMIUMS + f"T1,P1,Original,2026-01-01,GBP,900,{JANUARY}\n", "premiums")
    back = loaded(
        PREMIUMS + f"T1,P1,Return premium,2026-01-05,GBP,-500,{JANUARY}\n", "premiums"
    )
    other = loaded(
        PREMIUMS + f"T1,P2,Original,2026-01-01,GBP,300,{JANUARY}\n", "premiums"
    )
    assert undo_preview.preview(back, user=manager).breaches == (
        "The premium of contract “T1” stands at 1200.00 GBP then, above its premium "
        "income limit of 1000.00.",
    )
    assert undo_preview.preview(other, user=manager).breaches == ()


PANEL = (
    "UMR,Treaty type,Ccy,Layer number,Occurrence limit,Attachment point,Reinsurer,"
    "Signed line,Lead\n"
)


def panel(*lines: str, declared: str = "") -> Ingestion:
    rows = "".join(f"T1,QS,GBP,1,100,50,{line}\n" for line in lines)
    return loaded(PANEL + rows, "treaties", declared=declared)


def test_a_preview_names_a_panel_that_is_more_than_the_whole(manager: User) -> None:
    """Who left comes back beside who took the place since."""
    for code in ("R1", "R2", "R3"):
        Party.objects.create(code=code, name=code)
    panel("R1,60%,Yes", "R2,40%,No")
    second = panel("R1,50%,Yes")
    third = panel("R3,50%,Yes", declared="additional")
    assert undo_preview.preview(second, user=manager).breaches == (
        "The signed lines of layer 1 of “T1” total 1.5, more than the whole. Correct "
        "the lines.",
    )
    assert undo_preview.preview(third, user=manager).breaches == ()


# ---------------------------------------------------------------------- registers
TERMS = (
    "UMR,Treaty type,Ccy,Inception date,Expiry date,Premium income limit,Layer,"
    "Occurrence limit,Attachment point,Ceding commission,Reinsurer,"
    "Written line,Signed line\n"
)
KINDS = (Treaty, Layer, Participation, TreatyScope)


def register(limit: str, top: str, point: str, rate: str, line: str) -> str:
    terms = f"{limit},1,{top},{point},{rate}"
    return f"T,CXL,GBP,2026-01-01,2026-12-31,{terms},R1,60%,{line}\n"


def books() -> dict[tuple[str, str], tuple[Any, ...]]:
    """Records of registers by kind and name, with all that they say."""
    return {
        (str(model._meta.verbose_name), str(row)): tuple(
            getattr(row, field.attname)
            for field in model._meta.concrete_fields
            if field.name not in {"updated_at", "created_at"}
        )
        for model in KINDS
        for row in model.objects.select_related()
    }


def foretold(affected: Sequence[Affected], effect: str) -> tuple[int, set[str]]:
    parts = [part for part in affected if part.effect == effect]
    names = {name.split(" · ")[-1] for part in parts for name in part.examples}
    return sum(part.count for part in parts), names


def compared(number: Ingestion, manager: User) -> list[Affected]:
    """Undo the load: what the preview said is what the undo did."""
    before = books()
    found = undo_preview.preview(number, user=manager)
    assert books() == before
    ingestions.undo(number.pk, user=None, reason="wrong", enqueue=False)
    undoing.undo(number.pk)
    number.refresh_from_db()
    assert (number.status == "undone") == found.is_possible
    after = books()
    if found.is_possible:
        gone, back = before.keys() - after.keys(), after.keys() - before.keys()
        other = {k for k in before.keys() & after.keys() if before[k] != after[k]}
        for effect, keys in (
            ("removed", gone), ("brought back", back), ("changed", other),
        ):  # fmt: skip
            names = {name for _, name in keys}
            assert foretold(found.affected, effect) == (len(keys), names)
    return list(found.affected)


@pytest.fixture
def reinsurers() -> None:
    for code in ("R1", "R2"):
        Party.objects.create(code=code, name=code)


def test_a_preview_of_a_register_names_what_a_later_one_left_blank(
    manager: User, reinsurers: None
) -> None:
    first = loaded(TERMS + register("1000", "100", "50", "10%", "50%"), "treaties")
    again = loaded(TERMS + register("", "", "", "", ""), "treaties")
    assert again.rows_unchanged == 1
    assert compared(first, manager) == [
        Affected("treaty", "changed", 1, ("T",)),
        Affected("layer", "changed", 1, ("T · T layer 1",)),
        Affected("participation", "changed", 1, ("R1 R1 on T layer 1",)),
    ]
    treaty, layer = Treaty.objects.get(reference="T"), Layer.objects.get()
    assert treaty.premium_income_limit is None
    assert (layer.occurrence_limit, layer.occurrence_attachment, layer.commission) == (
        None,
    ) * 3
    assert Participation.objects.get().signed_line is None


def test_a_preview_of_a_register_that_a_later_one_tells_in_full(
    manager: User, reinsurers: None
) -> None:
    whole = TERMS + register("1000", "100", "50", "10%", "50%")
    first = loaded(whole, "treaties")
    second = loaded(
        TERMS + register("2000", "100", "50", "10%", "50%"), "treaties"
    )  # fmt: skip
    loaded(TERMS + register("3000", "100", "50", "10%", "50%"), "treaties")
    assert compared(second, manager) == []
    assert compared(first, manager) == []


def drawn(random: Random) -> str:
    """A register of a row or two, with cells that are left out."""

    def cell(*values: str) -> str:
        return random.choice(["", *values])

    limit, top, point = cell("1000", "2000"), cell("100", "200"), cell("50")
    expiry, rate = cell("2026-12-31", "2026-06-30"), cell("10%")
    rows = [
        f"T,CXL,GBP,2026-01-01,{expiry},{limit},1,{top},{point},{rate},{name},"
        f"{cell('30%')},{cell('20%', '30%')}\n"
        for name in random.sample(["R1", "R2"], random.randint(1, 2))
    ]
    return TERMS + "".join(rows)


@pytest.mark.parametrize("seed", range(8))
def test_a_preview_of_drawn_registers_says_what_the_undo_does(
    manager: User, reinsurers: None, seed: int
) -> None:
    random = Random(seed)
    numbers = [
        loaded(drawn(random), "treaties", declared=random.choice(["", "additional"]))
        for _ in range(4)
    ]
    random.shuffle(numbers)
    for number in numbers:
        compared(number, manager)


def test_a_preview_of_scopes_names_what_a_later_file_left_blank(manager: User) -> None:
    header = "UMR,Portfolio,Ceded share\n"
    first = loaded(header + "T1,P1,40%\n", "treaty-scope")
    again = loaded(header + "T1,P1,\n", "treaty-scope")
    assert again.rows_unchanged == 1
    [affected] = compared(first, manager)
    assert (affected.what, affected.effect, affected.count) == (
        TreatyScope._meta.verbose_name, "changed", 1,
    )  # fmt: skip
    assert TreatyScope.objects.get().ceded_share is None


def test_a_preview_of_a_party_that_is_told_again_in_part(manager: User) -> None:
    first = loaded("Party code,Party name,Country\nA,Alpha,GB\n", "parties")
    loaded("Party code,Party name\nA,Alpha\n", "parties")
    assert undo_preview.preview(first, user=manager).affected == (
        Affected("party", "changed", 1, ("A Alpha",)),
    )
