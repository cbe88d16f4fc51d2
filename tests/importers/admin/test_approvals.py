"""What the page shows before an approval, and that the approval is of that."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from importers.admin import moves
from importers.models import Ingestion
from importers.services import ingestions, work
from reinsurance.models import Party
from tests.importers.admin.conftest import HEADER, claim, last_told, upload_of
from tests.importers.services.test_approvals import HEADED, month

Sent = Callable[..., Ingestion]


def at(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_change", args=[ingestion.pk])


def do(move: str, ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_move", args=[ingestion.pk, move])


@pytest.fixture
def second(sent: Sent) -> Ingestion:
    """A second file of April; the first one, of two claims, is loaded."""
    first = (month("1000", "2026-04-30"), month("9", "2026-04-30", "C-2"))
    sent(HEADED, *first, to="loaded")
    return sent(HEADED, month("700", "2026-04-30"))


# --------------------------------------------------------------------- what was seen
def test_the_effect_is_shown_and_posted(as_manager: Client, sent: Sent) -> None:
    ingestion = sent(HEADED, month("1000", "2026-04-30"))
    page = as_manager.get(at(ingestion))
    assert page.context["section"]["moves"] == {
        "currencies": ["USD"],
        "rows": [
            {"label": "Paid", "sums": ["+1,000.00"]},
            {"label": "Incurred", "sums": ["+1,500.00"]},
        ],
        "lacking": 0,
    }
    field = f'<input type="hidden" name="seen" value="{ingestion.effect}">'
    assert field in page.content.decode()
    answer = as_manager.post(do("approve", ingestion), {"seen": ingestion.effect})
    assert last_told(answer) == "Approved. The file is loaded next."


def test_a_stale_page_approves_nothing(as_manager: Client, sent: Sent) -> None:
    ingestion = sent(HEADED, month("1000", "2026-04-30"))
    for seen in ({}, {"seen": "0" * 64}):
        answer = as_manager.post(do("approve", ingestion), seen)
        assert last_told(answer) == moves.STALE
    ingestion.refresh_from_db()
    assert ingestion.status == "ready"


def test_after_a_withdrawal_the_page_says_what_is_different(
    as_manager: Client, sent: Sent
) -> None:
    april = sent(HEADED, month("1000", "2026-04-30"))
    sent(HEADED, month("1500", "2026-05-31"), to="loaded")
    as_manager.post(do("approve", april), {"seen": april.effect})
    work.load(april.pk)
    work.check(april.pk)
    page = as_manager.get(at(april))
    assert "rows created: 1 then, 0 now" in page.context["withdrawn"]
    assert 'id="withdrawn"' in page.content.decode()
    assert page.context["doable"].approve


# ----------------------------------------------------------------------- declarations
def test_a_second_file_is_asked_about(as_clerk: Client, second: Ingestion) -> None:
    page = as_clerk.get(at(second))
    content = page.content.decode()
    assert page.context["next"].endswith("say first what this file is.")
    assert "In the books already: B0001 to 30 April 2026" in content
    assert do("additional", second) in content
    assert do("correction", second) in content
    assert do("approve", second) not in content
    assert page.context["doable"].why_not_approve == ingestions.DECLARE


def test_declared_a_correction_it_shows_what_it_lacks(
    as_clerk: Client, second: Ingestion
) -> None:
    answer = as_clerk.post(do("correction", second))
    assert last_told(answer) == (
        "Declared: it takes the place of the file of the period that is in the books. "
        "The file is checked by that."
    )
    work.check(second.pk)
    page = as_clerk.get(at(second))
    (lacks,) = page.context["section"]["lacks"]
    assert lacks.startswith("Claim C-2 USD: told for the period to 30 April 2026")
    assert lacks in page.content.decode()
    assert dict(page.context["facts"])["Declared"] == (
        "A correction of the file of the period"
    )
    assert "It is additional" in page.content.decode()


def test_declared_additional_it_waits_for_approval(
    as_clerk: Client, as_manager: Client, second: Ingestion
) -> None:
    as_clerk.post(do("additional", second))
    work.check(second.pk)
    page = as_manager.get(at(second))
    assert page.context["doable"].approve
    assert page.context["section"]["lacks"] == []


def register(*reinsurers: str) -> bytes:
    lines = [f"X1,QS,GBP,1,{name},50%,Yes" for name in reinsurers]
    header = "UMR,Treaty type,Currency,Layer,Reinsurer,Signed line,Lead"
    return "\n".join((header, *lines)).encode()


def handed_in(content: bytes) -> Ingestion:
    """A treaty register, checked; nobody said what it is."""
    ingestion = ingestions.submit(
        blocks=[content],
        file_name="register.csv",
        record_type="treaties",
        source=ingestions.source_of(None),
        door="test",
        user=None,
        enqueue=False,
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion


@pytest.mark.parametrize("declared", ["", "additional", "correction"])
def test_of_a_register_the_page_says_what_was_declared(
    as_clerk: Client, declared: str
) -> None:
    for code in ("RE1", "RE2"):
        Party.objects.create(code=code, name=code)
    ingestion = handed_in(register("RE1"))
    if declared:
        as_clerk.post(do(declared, ingestion))
        work.check(ingestion.pk)
    content = as_clerk.get(at(ingestion)).content.decode()
    said = {
        "": "Nothing was declared. The file is taken as the whole register: who is "
        "missing has left the panel.",
        "additional": "Declared: additional to the file of the period.",
        "correction": "Declared: a correction of the file of the period.",
    }
    assert [text for text in said.values() if text in content] == [said[declared]]
    for answer in ("additional", "correction"):
        assert (do(answer, ingestion) in content) == (answer != declared)


def test_it_may_be_said_on_upload(as_clerk: Client) -> None:
    page = as_clerk.get(reverse("admin:importers_ingestion_upload"))
    assert b'<option value="correction">' in page.content
    content = ",".join(HEADER).encode()
    as_clerk.post(
        reverse("admin:importers_ingestion_upload"),
        upload_of(content, declared="correction"),
    )
    assert Ingestion.objects.get().declared == "correction"


def test_the_home_page_says_who_is_next(as_clerk: Client, second: Ingestion) -> None:
    (waiting,) = as_clerk.get("/admin/").context["waiting"]
    assert waiting["todo"] == "Say: additional or a correction"


def test_an_auditor_declares_nothing(as_auditor: Client, second: Ingestion) -> None:
    assert do("additional", second) not in as_auditor.get(at(second)).content.decode()
    assert as_auditor.post(do("additional", second)).status_code == 403
    second.refresh_from_db()
    assert second.declared == ""


def test_what_a_row_told_anew_is_shown_without_a_before(
    as_clerk: Client, sent: Sent
) -> None:
    sent(HEADED, month("1000", "2026-04-30"), to="loaded")
    again = sent(HEADED, month("1500", "2026-05-31"), claim_of("C-9"), to="loaded")
    section = as_clerk.get(f"{at(again)}?tab=changes").context["section"]
    assert section["made"] == ["1 claim created", "1 claim updated"]
    told = [
        (c.row, c.name, c.did, {d.label: d.after for d in c.differences})
        for c in section["changes"]
    ]
    assert told == [
        (
            2, "C-1", "updated",
            {
                "Period start": "1 May 2026", "Period end": "31 May 2026",
                "Status": "Open",
                "Paid indemnity to date": "1,500.00", "Reserve, indemnity": "500.00",
            },
        ),
        (
            3, "C-9", "created",
            {
                "Period start": "1 May 2026", "Period end": "31 May 2026",
                "Status": "Open",
                "Paid indemnity to date": "1,000.00", "Reserve, indemnity": "500.00",
            },
        ),
    ]  # fmt: skip
    assert [c.action for c in section["changes"]] == ["told", "created"]


def claim_of(reference: str) -> list[str]:
    return [*claim(reference), "2026-05-31"]
