"""A file handed in by the API, followed, approved and taken back."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from importers.models import Ingestion, Source
from importers.services import undoing, work
from reinsurance.models import CedantLimit, Claim, Party
from tests.importers.admin.conftest import HEADER, claim, csv_of
from tests.importers.api.conftest import GOOD, INGESTIONS

Post = Callable[..., HttpResponse]


def act(caller: Client, pk: int, move: str, **body: Any) -> HttpResponse:
    """Do something with an ingestion."""
    return caller.post(
        f"{INGESTIONS}{pk}/{move}/", json.dumps(body), content_type="application/json"
    )


def test_the_whole_way(
    post_file: Post, as_system: Client, as_manager: Client, system: User
) -> None:
    answer = post_file()
    told = answer.json()
    assert answer.status_code == 202
    assert answer["Location"] == f"{INGESTIONS}{told['id']}/"
    assert told["status"] == "received"
    assert told["submitted_by"] == "integrator"
    assert told["door"] == "api"
    assert told["sha256"] == hashlib.sha256(GOOD).hexdigest()
    assert told["progress"] == {
        "is_moving": True, "is_ended": False, "waits_for": "",
    }  # fmt: skip
    work.check(told["id"])

    told = as_system.get(answer["Location"]).json()
    assert told["status"] == "ready"
    assert told["progress"]["waits_for"] == "approval"
    assert (told["rows_read"], told["rows_created"]) == (2, 2)
    assert told["totals"]["USD"]["rows"] == 2
    assert told["may"]["approve"] is False
    assert told["may"]["why_not_approve"].startswith("Only a manager may approve")
    refused = act(as_system, told["id"], "approve", effect=told["effect"])
    assert refused.status_code == 403
    assert refused.json()["code"] == "not_allowed"

    assert act(as_manager, told["id"], "approve").json()["errors"] == [
        {"field": "effect", "message": "This field is required.", "code": "required"}
    ]
    stale = act(as_manager, told["id"], "approve", effect="0" * 64)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_approval")
    approved = act(as_manager, told["id"], "approve", effect=told["effect"])
    assert approved.status_code == 202
    assert approved.json()["approved_by"] == "manager"
    work.load(told["id"])
    assert Claim.objects.count() == 2
    (record,) = as_system.get("/api/v1/claims/?reference=C-1").json()["results"]
    lineage = as_system.get(f"/api/v1/claims/{record['id']}/lineage/").json()
    (change,) = lineage["results"]
    assert change["ingestion"] == told["id"]
    assert (change["row"], change["action"]) == (2, "told")
    assert change["file_name"] == "claims.csv"
    assert change["source"] == "andes"

    assert act(as_manager, told["id"], "undo").status_code == 400
    undone = act(as_manager, told["id"], "undo", reason="Sent by mistake")
    assert undone.status_code == 202
    undoing.undo(told["id"])
    assert Claim.objects.count() == 0
    assert as_system.get(answer["Location"]).json()["status"] == "undone"


def test_the_question_about_columns_is_answered(
    post_file: Post, as_system: Client
) -> None:
    header = ["Paid" if name == "Paid to date" else name for name in HEADER]
    number = post_file(csv_of(header, claim("C-1"))).json()["id"]
    work.check(number)
    told = as_system.get(f"{INGESTIONS}{number}/").json()
    assert told["progress"]["waits_for"] == "mapping"
    asked = as_system.get(f"{INGESTIONS}{number}/columns/").json()
    (open_one,) = [c for c in asked["columns"] if c["decision"] == "ask"]
    assert open_one["header"] == "Paid"
    assert open_one["samples"] == ["1000"]
    assert "paid_indemnity" in asked["fields_known"]

    columns = {c["header"]: {"field": c["field"] or ""} for c in asked["columns"]}
    wrong = {**columns, "Paid": {"field": "nothing"}}
    answer = act(as_system, number, "map", columns=wrong)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_mapping"
    assert "“nothing”" in answer.json()["detail"]
    columns["Paid"] = {"field": "paid_indemnity"}
    answer = act(as_system, number, "map", columns=columns)
    assert answer.status_code == 202, answer.content
    work.check(number)
    assert Ingestion.objects.get(pk=number).status == "ready"


def test_a_file_on_its_way_is_refused_and_named(post_file: Post) -> None:
    first = post_file().json()["id"]
    answer = post_file()
    told = answer.json()
    assert answer.status_code == 409
    assert told["code"] == "duplicate_file"
    assert told["ingestion"] == first
    assert Ingestion.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "status", "code", "said"),
    [
        ({"source": "nobody"}, 400, "unknown_source", "There is no source “nobody”."),
        ({"mapping": "none"}, 400, "unknown_mapping", "There is no mapping “none”"),
        ({"record_type": "x"}, 400, "invalid", '"x" is not a valid choice.'),
        ({"record_type": None}, 400, "invalid", "This field is required."),
        ({"file": ""}, 400, "invalid", "The submitted data was not a file."),
        (
            {"period_start": "2026-02-01", "period_end": "2026-01-31"},
            400,
            "invalid",
            "The period ends before it starts.",
        ),
    ],
)
def test_a_form_that_is_wrong_says_so(
    post_file: Post, data: dict[str, Any], status: int, code: str, said: str
) -> None:
    answer = post_file(**data)
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["detail"].startswith(said)
    assert not Ingestion.objects.exists()


def test_moves_out_of_turn_are_conflicts(
    ready: Ingestion, as_system: Client, as_manager: Client
) -> None:
    answer = act(as_system, ready.pk, "retry")
    assert answer.status_code == 409
    assert answer.json()["code"] == "state_problem"
    assert answer.json()["detail"].startswith("This file is “ready” by now")
    assert act(as_manager, ready.pk, "reject").json()["errors"] == [
        {"field": "reason", "message": "This field is required.", "code": "required"}
    ]
    rejected = act(as_manager, ready.pk, "reject", reason="Wrong month")
    assert rejected.json()["status"] == "rejected"
    assert act(as_system, ready.pk, "cancel").status_code == 409


def test_a_waiting_file_is_withdrawn(ready: Ingestion, as_system: Client) -> None:
    answer = act(as_system, ready.pk, "cancel", reason="Superseded")
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["message"]) == ("cancelled", "Superseded")


def test_a_limited_caller_sees_their_own_files_alone(
    ready: Ingestion, as_system: Client, system: User, andes: Source
) -> None:
    other = Party.objects.create(code="OTHER", name="Other")
    CedantLimit.objects.create(user=system, cedant=other)
    assert as_system.get(INGESTIONS).json()["results"] == []
    for part in ("", "issues/", "rows/", "events/", "columns/", "file"):
        assert as_system.get(f"{INGESTIONS}{ready.pk}/{part}").status_code == 404
    assert act(as_system, ready.pk, "cancel").status_code == 404
    assert as_system.get("/api/v1/sources/?code=andes").json()["results"] == []
