"""A claim comes under another event by what is left out or undone, not by a row."""

import datetime
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion
from importers.pipeline.examine import Examined
from importers.services import ingestions, undo_preview, undoing
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    Edit,
    Layer,
    LossEvent,
    Treaty,
)
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run
from tests.importers.services.loads import loaded
from tests.reinsurance.ledger.test_claims import CLAIMS

pytestmark = pytest.mark.django_db
MAY, JUNE, JULY = (datetime.date(2026, month, 30) for month in (5, 6, 7))
HEADER = ("UMR", "Claim Ref", "Ccy", "Paid to date", "Reserve", "Event", "Section")
ABOVE = (
    "The claims of event {} stand at {}.00 GBP, above the top of the contract's "
    "layers, 500.00 each occurrence."
)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    for code in ("E", "W"):
        LossEvent.objects.create(
            code=code, name=code, date_from="2026-01-01", date_to="2026-12-31"
        )
    treaty = Treaty.objects.create(
        reference="R",
        treaty_type="CXL",
        currency_id="GBP",
        inception="2026-01-01",
        expiry="2026-12-31",
    )
    Layer.objects.create(
        treaty=treaty, number=1, occurrence_attachment=0, occurrence_limit=500
    )
    return treaty


def cells(row: str) -> list[str]:
    """Of ``C1 300 E 2``: claim, paid to date, event and section; ``-``: nothing."""
    claim, paid, event, section = (*row.split(), *("-" * 3))[:4]
    told = ["R", claim, "GBP", paid, "0" if paid != "-" else "-", event, section]
    return [text if text != "-" else "" for text in told]


def send(
    period: datetime.date,
    *rows: str,
    is_correction: bool = False,
    chunk: int = 50,
) -> Examined:
    return run(
        Table(HEADER, [cells(row) for row in rows], chunk=chunk),
        CLAIMS,
        period_end=period,
        conventions=Conventions(is_correction=is_correction),
    )[0]


def said(examined: Examined) -> list[str]:
    found = examined.issues.filter(examined.issues["code"] == "above_event_limit")
    return sorted(found["message"])


def standing() -> dict[str, int]:
    """What the claims of each event come to."""
    sums: dict[str, int] = {}
    for code, amount in ClaimPosition.objects.values_list(
        "claim__loss_event__code", "incurred"
    ):
        if amount and code:
            sums[code] = sums.get(code, 0) + int(amount)
    return sums


def event_of(reference: str) -> str | None:
    event = Claim.objects.get(reference=reference).loss_event
    return event.code if event else None


@pytest.mark.parametrize("chunk", [1, 50])
@pytest.mark.parametrize(
    ("history", "correction", "stands"),
    [
        # June's word is left out: C2 comes back under the event that May told.
        (
            [
                (MAY, ["C1 300 E", "C2 100 E"]),
                (JUNE, ["C2 300 W", "C3 1"]),
                (JULY, ["C2 300"]),
            ],
            ["C3 1"],
            {"E": 600},
        ),
        # The same, where June's word tells no amount.
        (
            [(MAY, ["C1 300 E", "C2 300 E"]), (JUNE, ["C2 - W", "C3 1"])],
            ["C3 1"],
            {"E": 600},
        ),
        # The other way: without June's word C2 has no event.
        (
            [(MAY, ["C1 300 E", "C2 300"]), (JUNE, ["C2 300 E", "C1 310 E"])],
            ["C1 320 E"],
            {"E": 320},
        ),
        (
            [(MAY, ["C1 300 E", "C2 300"]), (JUNE, ["C2 300 E", "C1 310 E", "C3 1"])],
            ["C3 1"],
            {"E": 300},
        ),
        # An event that stands above its limit all the same.
        (
            [(MAY, ["C1 600 E", "C2 300"]), (JUNE, ["C2 300 E", "C1 610"])],
            ["C1 620"],
            {"E": 620},
        ),
        # The correction tells a section of the claim, and not the one with the event.
        (
            [
                (MAY, ["C1 300 E", "C2 250 E 1"]),
                (JUNE, ["C2 250 - 1", "C2 20 W 2"]),
            ],
            ["C2 251 - 1"],
            {"E": 551},
        ),
        # A section that is new with the correction tells an event itself.
        (
            [(MAY, ["C1 300 E", "C2 250 E 1"]), (JUNE, ["C2 260 E 1"])],
            ["C2 20 W 2"],
            {"E": 300, "W": 270},
        ),
        (
            [(MAY, ["C1 300 E", "C2 250 E 1"]), (JUNE, ["C2 260 W 1"])],
            ["C2 20 E 2"],
            {"E": 570},
        ),
        # A claim that goes altogether, and one under an event for the first time.
        (
            [(JUNE, ["C1 600 E", "C2 300 W"]), (MAY, ["C3 300 W"])],
            ["C2 310 W"],
            {"W": 610},
        ),
    ],
)
def test_a_correction_that_leaves_the_word_of_an_event_out(
    history: list[tuple[datetime.date, list[str]]],
    correction: list[str],
    stands: dict[str, int],
    chunk: int,
) -> None:
    for period, rows in history:
        send(period, *rows)
    examined = send(JUNE, *correction, is_correction=True, chunk=chunk)
    assert standing() == stands
    assert said(examined) == [
        ABOVE.format(code, amount) for code, amount in stands.items() if amount > 500
    ]


def test_an_event_that_a_person_wrote_stays_where_its_row_is_left_out(
    manager: User,
) -> None:
    send(MAY, "C1 300 E", "C2 300 W")
    edit_event("C2", "E", manager)
    send(JUNE, "C2 300 W", "C3 1")
    examined = send(JUNE, "C3 2", is_correction=True)
    assert (event_of("C2"), said(examined)) == ("E", [ABOVE.format("E", 600)])


def edit_event(reference: str, code: str, user: User) -> None:
    """As the claim's page does: the value, what statements told, and the edit."""
    claim = Claim.objects.get(reference=reference)
    before, event = claim.loss_event_id, LossEvent.objects.get(code=code)
    ClaimStatement.objects.filter(position__claim=claim, values=None).update(
        values={"loss_event": str(before)}
    )
    Claim.objects.filter(pk=claim.pk).update(loss_event=event)
    Edit.objects.create(
        model="claim",
        object_id=claim.pk,
        action="changed",
        before={"loss_event_id": str(before)},
        after={"loss_event_id": str(event.pk)},
        user=user,
        reason="The loss adjuster says so.",
    )


# --------------------------------------------------------------------------- undo
def load_file(period: datetime.date, *rows: str) -> Ingestion:
    header = ",".join([*HEADER, "Reporting Period (End Date)"])
    lines = [",".join([*cells(row), period.isoformat()]) for row in rows]
    return loaded("\n".join([header, *lines]) + "\n")


@pytest.mark.parametrize(
    ("files", "undone", "stands"),
    [
        ([(MAY, ["C1 300 E", "C2 300 E"]), (JUNE, ["C2 300 W"])], 1, {"E": 600}),
        (
            [
                (MAY, ["C1 300 E", "C2 300 E"]),
                (JUNE, ["C2 - W"]),
                (JULY, ["C2 300"]),
            ],
            1,
            {"E": 600},
        ),
        # The event that the claim leaves is above the limit no more, nor named.
        (
            [
                (MAY, ["C1 300 E", "C2 300 E", "C3 300 W"]),
                (JUNE, ["C2 300 W"]),
            ],
            1,
            {"E": 600, "W": 300},
        ),
        # Both change, event and amount; and a claim that has no event then.
        (
            [(MAY, ["C1 300 E", "C2 250 E", "C3 300"]), (JUNE, ["C2 900 W", "C3 1 E"])],
            1,
            {"E": 550},
        ),
        # The limit of the claim itself is no news where its event alone is another.
        (
            [(MAY, ["C1 100 E", "C2 100 W"]), (JUNE, ["C2 100 E"])],
            1,
            {"E": 100, "W": 100},
        ),
    ],
)
def test_a_preview_of_an_undo_names_the_event_that_a_claim_comes_under(
    manager: User,
    files: Sequence[tuple[datetime.date, list[str]]],
    undone: int,
    stands: dict[str, int],
) -> None:
    number = [load_file(period, *rows) for period, rows in files][undone]
    said = undo_preview.preview(number, user=manager).breaches
    ingestions.undo(number.pk, user=None, reason="wrong", enqueue=False)
    undoing.undo(number.pk)
    assert standing() == stands
    assert said == tuple(
        ABOVE.format(code, amount) for code, amount in stands.items() if amount > 500
    )


def test_a_preview_of_an_undo_of_a_correction_that_left_an_event_out(
    manager: User,
) -> None:
    load_file(MAY, "C1 300 E", "C2 300")
    load_file(JUNE, "C2 300 E", "C3 1")
    header = ",".join([*HEADER, "Reporting Period (End Date)"])
    row = ",".join([*cells("C3 2"), JUNE.isoformat()])
    correction = loaded(f"{header}\n{row}\n", declared="correction")
    assert standing() == {"E": 300}
    assert undo_preview.preview(correction, user=manager).breaches == (
        ABOVE.format("E", 600),
    )
