"""Declarations, contracts and undo previews by the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from importers.models import Ingestion
from importers.services import work
from reinsurance.models import Treaty
from tests.importers.admin.conftest import HEADER, claim
from tests.importers.api.conftest import INGESTIONS
from tests.importers.services.test_approvals import HEADED, month

Sent = Callable[..., Ingestion]


def act(caller: Client, pk: int, move: str, **body: Any) -> HttpResponse:
    return caller.post(
        f"{INGESTIONS}{pk}/{move}/", json.dumps(body), content_type="application/json"
    )


def told(caller: Client, pk: int) -> dict[str, Any]:
    answer: dict[str, Any] = caller.get(f"{INGESTIONS}{pk}/").json()
    return answer


# ----------------------------------------------------------------------- declarations
@pytest.fixture
def second(sent: Sent) -> Ingestion:
    first = (month("1000", "2026-04-30"), month("9", "2026-04-30", "C-2"))
    sent(HEADED, *first, to="loaded")
    return sent(HEADED, month("700", "2026-04-30"))


def test_a_second_file_is_declared(
    second: Ingestion, as_system: Client, as_manager: Client
) -> None:
    asked = told(as_system, second.pk)
    assert (asked["needs_declaration"], asked["declared"]) == (True, "")
    assert asked["progress"]["waits_for"] == "declaration"
    assert asked["may"]["declare"] is True
    assert asked["message"].startswith("In the books already: B0001 to 30 April 2026")
    refused = act(as_manager, second.pk, "approve", effect=asked["effect"])
    assert (refused.status_code, refused.json()["code"]) == (409, "state_problem")

    wrong = act(as_system, second.pk, "declare", declared="neither")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "declared")
    answer = act(as_system, second.pk, "declare", declared="correction")
    assert (answer.status_code, answer.json()["status"]) == (202, "received")
    work.check(second.pk)
    ready = told(as_system, second.pk)
    assert ready["progress"]["waits_for"] == "approval"
    assert ready["changes_books"]["lacking"] == 1
    assert set(ready["changes_books"]["moves"]) == {"paid USD", "incurred USD"}
    approved = act(as_manager, second.pk, "approve", effect=ready["effect"])
    assert approved.status_code == 202


def test_it_may_be_said_on_upload(post_file: Callable[..., HttpResponse]) -> None:
    answer = post_file(declared="additional")
    assert answer.json()["declared"] == "additional"
    refused = post_file(declared="nothing")
    assert refused.json()["errors"][0]["field"] == "declared"


def test_an_auditor_declares_nothing(second: Ingestion, as_auditor: Client) -> None:
    answer = act(as_auditor, second.pk, "declare", declared="correction")
    assert answer.status_code == 403


# ---------------------------------------------------------------------- withdrawals
def test_a_withdrawal_is_told(sent: Sent, as_manager: Client) -> None:
    april = sent(HEADED, month("1000", "2026-04-30"))
    sent(HEADED, month("1500", "2026-05-31"), to="loaded")
    act(as_manager, april.pk, "approve", effect=april.effect)
    work.load(april.pk)
    work.check(april.pk)
    found = told(as_manager, april.pk)
    assert "rows created: 1 then, 0 now" in found["withdrawn"]
    stale = act(as_manager, april.pk, "approve", effect=april.effect)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_approval")
    assert act(as_manager, april.pk, "approve", effect=found["effect"]).status_code == (
        202
    )


# ------------------------------------------------------------------------ contracts
@pytest.fixture
def waiting(sent: Sent) -> Ingestion:
    return sent(HEADER, claim("C-1"), claim("C-2", UMR="B9999"))


def test_rows_that_need_a_contract_are_answered(
    waiting: Ingestion, as_system: Client
) -> None:
    address = f"{INGESTIONS}{waiting.pk}/contracts/"
    listed = as_system.get(address).json()
    group = {
        "reference": "B9999", "rows": 1, "codes": ["unknown_treaty"], "follow_up": None,
    }  # fmt: skip
    assert listed == {"next": None, "previous": None, "results": [group]}
    assert told(as_system, waiting.pk)["may"]["pick_contracts"] is True
    treaty = Treaty.objects.get()
    answer = act(as_system, waiting.pk, "contracts", answers={"B9999": treaty.pk})
    assert answer.status_code == 202
    number = answer.json()["id"]
    assert answer["Location"] == f"{INGESTIONS}{number}/"
    assert (answer.json()["parent"], answer.json()["declared"]) == (
        waiting.pk, "",
    )  # fmt: skip
    assert told(as_system, waiting.pk)["follow_ups"] == [number]
    (group,) = as_system.get(address).json()["results"]
    assert group["follow_up"] == number
    again = act(as_system, waiting.pk, "contracts", answers={"B9999": treaty.pk})
    assert (again.status_code, again.json()["code"]) == (409, "state_problem")


@pytest.mark.parametrize("answers", [{}, {"B9999": 0}, {"B9999": "x"}, [], None])
def test_answers_have_a_form(
    waiting: Ingestion, as_system: Client, answers: Any
) -> None:
    answer = act(as_system, waiting.pk, "contracts", answers=answers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_an_auditor_answers_nothing(waiting: Ingestion, as_auditor: Client) -> None:
    assert as_auditor.get(f"{INGESTIONS}{waiting.pk}/contracts/").status_code == 200
    assert act(as_auditor, waiting.pk, "contracts", answers={}).status_code == 403


# --------------------------------------------------------------------- undo previews
def test_what_an_undo_would_do(loaded: Ingestion, as_manager: Client) -> None:
    found = as_manager.get(f"{INGESTIONS}{loaded.pk}/undo-preview/").json()
    assert found == {
        "is_possible": True,
        "affected": [
            {
                "what": "claim", "effect": "removed", "count": 1,
                "examples": ["B0001 · C-1"],
            },
            {
                "what": "claim position", "effect": "removed", "count": 1,
                "examples": ["B0001 · C-1 USD"],
            },
        ],
        "edits": [],
        "referring": [], "refusal": "",
        "breaches": [], "contracts": [],
    }  # fmt: skip
    assert told(as_manager, loaded.pk)["status"] == "loaded"


def test_an_undo_is_followed(loaded: Ingestion, as_manager: Client) -> None:
    answer = act(as_manager, loaded.pk, "undo", reason="Sent by mistake")
    assert answer.json()["status"] == "undoing"
    assert answer.json()["progress"] == {
        "is_moving": True, "is_ended": False, "waits_for": "",
    }  # fmt: skip
    preview = as_manager.get(f"{INGESTIONS}{loaded.pk}/undo-preview/")
    assert (preview.status_code, preview.json()["code"]) == (409, "state_problem")


def test_who_may_look_at_an_undo(loaded: Ingestion, as_clerk: Client) -> None:
    answer = as_clerk.get(f"{INGESTIONS}{loaded.pk}/undo-preview/")
    assert answer.status_code == 403
