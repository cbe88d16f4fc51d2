"""What is told of a file: issues, events, rows, changes, the files themselves."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
from django.http import HttpResponse
from django.test import Client

from importers.models import Ingestion
from importers.pipeline import stage
from importers.services import work
from reinsurance.models import Claim, ClaimStatement, PremiumEntry
from tests.importers.admin.conftest import HEADER, claim
from tests.importers.api.conftest import INGESTIONS
from tests.reinsurance.api.test_lists import walk
from tests.reinsurance.api.test_streams import as_lines, streamed


def test_issues_by_row(ready: Ingestion, as_system: Client) -> None:
    address = f"{INGESTIONS}{ready.pk}/issues/"
    found = walk(as_system, f"{address}?limit=1")
    assert [(i["row"], i["code"], i["severity"]) for i in found] == [
        (4, "bad_date", "error"),
        (4, "unknown_treaty", "error"),
    ]
    assert walk(as_system, f"{address}?code=bad_date") == found[:1]
    assert walk(as_system, f"{address}?severity=warning") == []
    assert as_lines(streamed(as_system, f"{address}?format=jsonl")) == found


def test_events_tell_the_story(ready: Ingestion, as_system: Client) -> None:
    found = walk(as_system, f"{INGESTIONS}{ready.pk}/events/")
    assert [(e["status"], e["user"]) for e in found] == [
        ("received", "clerk"), ("checking", None), ("ready", None),
    ]  # fmt: skip
    assert found[0]["message"] == "claims.csv received (test)."
    assert "details" not in found[0]


def test_rows_with_what_loading_does(ready: Ingestion, as_system: Client) -> None:
    address = f"{INGESTIONS}{ready.pk}/rows/"
    found = walk(as_system, address)
    assert [(r["row"], r["action"]) for r in found] == [
        (2, "created"), (3, "created"), (4, "rejected"),
    ]  # fmt: skip
    assert found[0]["values"]["treaty_reference"] == "B0001"
    assert found[0]["values"]["paid_indemnity"] == "1000.00"
    assert found[0]["values"]["date_of_loss"] == "2026-02-15"
    assert found[2]["values"]["Date of Loss"] == "31/02/2026"
    assert "B0999" in found[2]["problem"]
    assert walk(as_system, f"{address}?limit=1") == found
    assert walk(as_system, f"{address}?action=rejected") == found[2:]
    assert walk(as_system, f"{address}?action=created&limit=1") == found[:2]
    assert as_lines(streamed(as_system, f"{address}?format=jsonl")) == found
    content = streamed(as_system, f"{address}?format=csv").decode()
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert [(r["row"], r["treaty_reference"]) for r in rows] == [
        ("2", "B0001"), ("3", "B0001"), ("4", ""),
    ]  # fmt: skip


def test_rows_over_several_parts(
    sent: Callable[..., Ingestion], as_system: Client, storage_dir: Path
) -> None:
    ingestion = sent(HEADER, *(claim(f"C-{n}") for n in range(57)))
    whole = pl.read_parquet(storage_dir / stage.part_key(ingestion.staged, 0))
    for part in range(3):
        path = storage_dir / stage.part_key(ingestion.staged, part)
        whole.slice(part * 20, 20).write_parquet(path)
    Ingestion.objects.update(staged_parts=3)
    address = f"{INGESTIONS}{ingestion.pk}/rows/"
    for limit in (7, 20, 100):
        found = walk(as_system, f"{address}?limit={limit}")
        assert [r["row"] for r in found] == list(range(2, 59))
    assert as_lines(streamed(as_system, f"{address}?format=jsonl")) == found


def test_rows_are_told_as_updated_and_unchanged(
    loaded: Ingestion, sent: Callable[..., Ingestion], as_system: Client
) -> None:
    again = sent(HEADER, claim("C-1"), claim("C-9"), file_name="again.csv", sheet="")
    found = walk(as_system, f"{INGESTIONS}{again.pk}/rows/")
    assert [r["action"] for r in found] == ["unchanged", "created"]


def test_before_it_is_checked_a_file_has_no_rows(
    sent: Callable[..., Ingestion], as_system: Client
) -> None:
    ingestion = sent(HEADER, claim("C-1"), to="received")
    for part in ("rows", "issues", "changes"):
        assert walk(as_system, f"{INGESTIONS}{ingestion.pk}/{part}/") == []
    columns = as_system.get(f"{INGESTIONS}{ingestion.pk}/columns/").json()
    assert columns["columns"] == []


def test_what_the_load_changed(loaded: Ingestion, as_system: Client) -> None:
    (change,) = walk(as_system, f"{INGESTIONS}{loaded.pk}/changes/")
    assert change == {
        "id": ClaimStatement.objects.get().pk,
        "row": 2,
        "model": "claim",
        "object_id": Claim.objects.get().pk,
        "action": "created",
        "before": None,
        "after": {
            "status_id": "OPEN",
            "paid_indemnity_to_date": "1000.0000",
            "reserve_indemnity": "500.0000",
        },
    }


def test_what_a_second_load_changed_of_a_claim(
    loaded: Ingestion, sent: Callable[..., Ingestion], as_system: Client
) -> None:
    again = sent(
        HEADER,
        claim("C-1", **{"Paid to date": "1250"}),
        claim("C-9"),
        to="loaded",
        declared="additional",
    )
    address = f"{INGESTIONS}{again.pk}/changes/"
    found = walk(as_system, f"{address}?limit=1")
    assert [(c["row"], c["action"]) for c in found] == [(2, "updated"), (3, "created")]
    assert found[0]["object_id"] == Claim.objects.get(reference="C-1").pk
    assert found[0]["after"]["paid_indemnity_to_date"] == "1250.0000"
    assert walk(as_system, f"{address}?action=created") == found[1:]
    assert walk(as_system, f"{address}?row=2") == found[:1]
    assert as_lines(streamed(as_system, f"{address}?format=jsonl")) == found
    lines = streamed(as_system, f"{address}?format=csv").decode().splitlines()
    assert lines[0] == "id,row,model,object_id,action,before,after"
    assert lines[1].split(",")[1:5] == [
        "2", "claim", str(found[0]["object_id"]), "updated",
    ]  # fmt: skip


def test_what_a_load_changed_of_premium(
    sent: Callable[..., Ingestion], as_system: Client
) -> None:
    header = (
        "UMR", "Policy Ref", "Transaction type", "Effective date", "Ccy",
        "Gross premium", "Reporting period end",
    )  # fmt: skip
    row = ("B0001", "P-1", "Original", "2026-02-01", "USD", "900", "2026-03-31")
    options = {"record_type": "premiums", "to": "loaded"}
    first = sent(header, row, **options)
    assert first.status == "loaded", first.message
    (made,) = walk(as_system, f"{INGESTIONS}{first.pk}/changes/")
    entry = PremiumEntry.objects.get()
    assert (made["row"], made["model"], made["object_id"], made["action"]) == (
        2, "premiumentry", entry.pk, "created",
    )  # fmt: skip
    assert made["before"] is None
    assert made["after"]["gross_premium"] == "900.0000"
    assert made["after"]["effective_date"] == "2026-02-01"
    changed = (*row[:5], "950", row[6])
    second = sent(header, changed, **options, declared="additional")
    (told,) = walk(as_system, f"{INGESTIONS}{second.pk}/changes/")
    entry = PremiumEntry.objects.get()
    assert (told["object_id"], told["action"]) == (entry.pk, "updated")
    assert told["after"]["gross_premium"] == "950.0000"


def test_what_a_load_changed_of_other_records(
    sent: Callable[..., Ingestion], as_system: Client
) -> None:
    header = ("Party code", "Party name")
    sent(header, ("P1", "One"), record_type="parties", to="loaded")
    second = sent(
        header, ("P1", "Two"), ("P2", "Two"), record_type="parties", to="loaded"
    )
    found = walk(as_system, f"{INGESTIONS}{second.pk}/changes/")
    assert [(c["model"], c["row"], c["action"]) for c in found] == [
        ("party", 2, "updated"), ("party", 3, "created"),
    ]  # fmt: skip
    assert (found[0]["before"], found[0]["after"]) == ({"name": "One"}, {"name": "Two"})


def test_the_file_comes_back_as_it_was(ready: Ingestion, as_system: Client) -> None:
    answer = as_system.get(f"{INGESTIONS}{ready.pk}/file")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert content.startswith(b"UMR,Claim Ref")
    assert answer["Content-Disposition"] == 'attachment; filename="claims.csv"'
    rejected = as_system.get(f"{INGESTIONS}{ready.pk}/rejected-rows")
    text = b"".join(rejected.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.splitlines()[1].startswith("B0999,C-3")


def test_a_file_without_bad_rows_has_none_to_download(
    loaded: Ingestion, as_system: Client
) -> None:
    answer = as_system.get(f"{INGESTIONS}{loaded.pk}/rejected-rows")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_polling_costs_nothing_while_nothing_changes(
    sent: Callable[..., Ingestion], as_system: Client
) -> None:
    ingestion = sent(HEADER, claim("C-1"), to="received")
    address = f"{INGESTIONS}{ingestion.pk}/"
    first: HttpResponse = as_system.get(address)
    headers = {"If-None-Match": first["ETag"]}
    assert as_system.get(address, headers=headers).status_code == 304
    work.check(ingestion.pk)
    assert as_system.get(address, headers=headers).json()["status"] == "ready"


def test_what_can_be_handed_in_is_described(as_system: Client) -> None:
    kinds = as_system.get("/api/v1/record-types/").json()
    assert [kind["slug"] for kind in kinds] == [
        "parties", "treaties", "treaty-scope", "premiums", "claims", "exchange-rates",
        "loss-events",
    ]  # fmt: skip
    claims = as_system.get("/api/v1/record-types/claims/").json()
    assert claims in kinds
    required = {c["name"] for c in claims["columns"] if c["required"]}
    assert {"treaty_reference", "claim_reference", "currency"} <= required
    assert as_system.get("/api/v1/record-types/x/").status_code == 404
