"""The commands as scripts use them: their output and exit codes are an interface."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from importers.models import Event, Ingestion, Issue, Mapping, RowChange
from importers.services.changes_of import changes_of
from importers.services.ingestions import source_of
from reinsurance.models import (
    Bordereau,
    Claim,
    ClaimPosition,
    ClaimStatement,
    Layer,
    LineageRange,
    LoadPeriod,
    Participation,
    Treaty,
)

pytestmark = pytest.mark.django_db
JUNE = ("--period-end", "2026-06-30")


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    out, err = io.StringIO(newline=""), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as done:
        return int(done.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def ingest(path: Path, slug: str, *options: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run("ingest", str(path), "--type", slug, "--json", *options)
    assert out.count("\n") == 1
    told = json.loads(out)
    rows = told["rows"]
    assert rows["read"] == (
        rows["created"] + rows["updated"] + rows["unchanged"] + rows["rejected"]
    )
    return code, told


@pytest.fixture
def register(samples: Path) -> None:
    """The sample parties, events and treaties, loaded."""
    for name, slug in (
        ("parties.csv", "parties"),
        ("loss_events.csv", "loss-events"),
        ("treaty_register_2026.csv", "treaties"),
    ):
        assert ingest(samples / name, slug, "--approve")[0] == 0


def test_the_sample_register_is_loaded(register: None) -> None:
    ingestion = Ingestion.objects.get(record_type="treaties")
    assert ingestion.status == "loaded"
    assert (ingestion.rows_read, ingestion.rows_rejected) == (28, 1)
    assert Treaty.objects.count() == 6
    assert Layer.objects.count() == 9
    assert Participation.objects.count() == 27
    layer = Layer.objects.get(treaty__reference="B1526NKF26010", number=2)
    assert str(layer.occurrence_limit) == "25000000.0000"
    assert str(layer.ceded_share) == "1.00000000"
    codes = Issue.objects.filter(ingestion=ingestion).values_list("row", "code")
    assert set(codes) == {
        (31, "unknown_party"),
        (31, "bad_share"),
        (31, "expiry_before_inception"),
    }


def test_the_sample_bordereau_from_bytes_to_books(
    register: None, samples: Path
) -> None:
    path = samples / "claims_bordereau_2026_06.xlsx"
    code, told = ingest(path, "claims", *JUNE)
    assert code == 0
    assert told["status"] == "ready"
    assert told["rows"] == {
        "read": 181,
        "created": 174,
        "updated": 0,
        "unchanged": 0,
        "rejected": 7,
    }
    assert told["issues"]["error"] == 7
    assert told["issues"]["breach"] == 1
    assert told["totals"]["GBP"]["incurred"] == "4721792.0000"
    assert set(told["seconds"]) == {"read", "check", "load", "total"}
    assert not Claim.all_objects.exists()
    assert not ClaimStatement.objects.exists()

    code, told = ingest(path, "claims", *JUNE, "--approve")
    assert (code, told["status"]) == (0, "loaded")
    assert Claim.objects.count() == 174
    assert ClaimPosition.objects.count() == 174
    ingestion = Ingestion.objects.get(pk=told["ingestion"])
    statements = ClaimStatement.objects.filter(load__number=ingestion.pk)
    assert statements.count() == ClaimStatement.objects.count() == 174
    assert {(c.of_model, c.did) for c in changes_of(ingestion)} == {
        ("claim", "created")
    }
    assert not RowChange.objects.filter(ingestion=ingestion).exists()
    periods = LoadPeriod.objects.filter(load__number=ingestion.pk)
    assert sum(periods.values_list("row_count", flat=True)) == 174
    received = Bordereau.objects.filter(kind="claims", load__number=ingestion.pk)
    assert set(received.values_list("treaty", "period_end", "status")) == {
        (treaty, end, "loaded")
        for treaty, end in periods.values_list("treaty", "period_end")
    }
    claim = Claim.objects.get(reference="000001")
    assert received.filter(treaty=claim.treaty).exists()
    assert list(
        Event.objects.filter(ingestion=ingestion).values_list("status", flat=True)
    ) == [
        "received",
        "checking",
        "ready",
        "approved",
        "loading",
        "loaded",
    ]


def test_the_same_file_again_changes_nothing(register: None, samples: Path) -> None:
    path = samples / "claims_bordereau_2026_06.xlsx"
    ingest(path, "claims", *JUNE, "--approve")
    tables = (Claim.all_objects, ClaimPosition.all_objects, ClaimStatement.objects)
    before = [list(table.order_by("pk").values()) for table in tables]
    code, told = ingest(path, "claims", *JUNE, "--approve", "--additional")
    assert (code, told["status"]) == (0, "loaded")
    assert told["rows"] == {
        "read": 181,
        "created": 0,
        "updated": 0,
        "unchanged": 174,
        "rejected": 7,
    }
    assert [list(table.order_by("pk").values()) for table in tables] == before
    again = Ingestion.objects.get(pk=told["ingestion"])
    assert not changes_of(again).exists()
    repeated = LineageRange.objects.filter(load__number=again.pk)
    assert sum(r.last_id - r.first_id + 1 for r in repeated) == 174


def test_a_second_file_of_a_period_waits_for_a_word(
    register: None, samples: Path
) -> None:
    path = samples / "claims_bordereau_2026_06.xlsx"
    ingest(path, "claims", *JUNE, "--approve")
    code, told = ingest(path, "claims", *JUNE, "--approve")
    assert (code, told["status"]) == (0, "ready")
    assert "Is this file additional to it, or a correction" in told["message"]
    code, told = ingest(path, "claims", *JUNE, "--approve", "--correction")
    assert (code, told["status"]) == (0, "loaded")
    assert Claim.objects.count() == 174


def test_an_update_keeps_what_was(register: None, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    header = "UMR,Claim Ref,Date of Loss,Currency,Paid to date,Reserve\n"
    path.write_text(header + "B1526HCL26001,A1,2026-03-01,GBP,100,50\n")
    ingest(path, "claims", "--approve")
    path.write_text(header + "B1526HCL26001,A1,2026-03-01,GBP,120.5,0\n")
    _, told = ingest(path, "claims")
    ready = Ingestion.objects.get(pk=told["ingestion"])
    assert ready.preview == [
        {
            "row": 2,
            "record": "claim",
            "key": "A1 · GBP",
            "action": "updated",
            "changes": [
                ["Paid, indemnity", "100.00", "120.50"],
                ["Reserve, indemnity", "50.00", "0.00"],
            ],
        }
    ]
    _, told = ingest(path, "claims", "--approve")
    assert told["rows"]["updated"] == 1
    change = changes_of(Ingestion.objects.get(pk=told["ingestion"])).get()
    assert (change.row, change.did) == (2, "updated")
    position = ClaimPosition.objects.get()
    assert (str(position.paid_indemnity), str(position.reserve_indemnity)) == (
        "120.5000",
        "0.0000",
    )
    first, second = ClaimStatement.objects.order_by("pk")
    assert [str(first.paid_indemnity_to_date), str(first.reserve_indemnity)] == [
        "100.0000",
        "50.0000",
    ]
    assert second.pk == change.pk


def test_an_all_or_nothing_source_loads_nothing(register: None, tmp_path: Path) -> None:
    source = source_of(None)
    source.policy = "all or nothing"
    source.save()
    path = tmp_path / "claims.csv"
    path.write_text(
        "UMR,Claim Ref,Date of Loss,Currency\n"
        "B1526HCL26001,A1,2026-03-01,GBP\n"
        "B1526HCL26001,A2,tomorrow,GBP\n"
    )
    code, told = ingest(path, "claims", "--approve")
    assert (code, told["status"]) == (1, "rejected")
    assert told["rows"] == {
        "read": 2,
        "created": 0,
        "updated": 0,
        "unchanged": 0,
        "rejected": 2,
    }
    assert told["message"].startswith("1 of 2 rows have errors, and this source loads")
    assert not Claim.objects.exists()


def test_an_ambiguous_header_needs_a_mapping(register: None, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(
        "UMR,Claim Ref,Date of Loss,Currency,Paid\nB1526HCL26001,A,1,GBP,1\n"
    )
    code, told = ingest(path, "claims")
    assert (code, told["status"]) == (1, "needs mapping")
    assert told["message"] == "Say what “Paid” means."
    Mapping.objects.create(
        source=source_of(None),
        record_type="claims",
        name="ours",
        columns={"paid": {"field": "paid_indemnity", "percent": False}},
    )
    path.write_text(
        "UMR,Claim Ref,Date of Loss,Currency,Paid\nB1526HCL26001,A,2026-01-02,GBP,1\n"
    )
    assert ingest(path, "claims", "--mapping", "ours", "--approve")[0] == 0
    assert str(ClaimPosition.objects.get().paid_indemnity) == "1.0000"


def test_payments_of_a_period_ask_for_the_period(
    register: None, tmp_path: Path
) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(
        "UMR,Claim Ref,Date of Loss,Currency,Paid this month\n"
        "B1526HCL26001,A,2026-01-02,GBP,1\n"
    )
    code, told = ingest(path, "claims")
    assert (code, told["issues"]["by_code"]) == (1, {"missing_period": 1})
    issue = Issue.objects.get(ingestion=told["ingestion"])
    assert "Hand the file in again with the end of its period" in issue.message
    assert ingest(path, "claims", "--period-end", "2026-01-31")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("no-such-file.csv", "--type", "claims"),
            "There is no file no-such-file.csv.",
        ),
        (("{sample}", "--type", "cars"), "“cars” is not a kind of record."),
        (("{sample}", "--type", "parties", "--source", "x"), "There is no source “x”."),
        (
            ("{sample}", "--type", "parties", "--mapping", "x"),
            "There is no mapping “x”",
        ),
    ],
)
def test_bad_usage(samples: Path, arguments: tuple[str, ...], message: str) -> None:
    told = [a.replace("{sample}", str(samples / "parties.csv")) for a in arguments]
    code, out, err = run("ingest", *told)
    assert (code, out) == (2, "")
    assert message in err
    assert not Ingestion.objects.exists()


def test_read_prints_the_table(samples: Path) -> None:
    path = str(samples / "claims_bordereau_2026_06.xlsx")
    code, out, _ = run("read", path, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["format"] == "xlsx"
    assert told["sheet"] == "June 2026"
    assert told["header_rows"] == [3]
    assert told["rows"] == 181
    assert told["columns"][:2] == ["UMR", "Claim Reference / Number"]
    code, out, _ = run("read", path, "--csv")
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert code == 0
    assert len(rows) == 182
    assert rows[1][1] == "000001"
    assert rows[1][8].startswith("2026-")


def test_match_prints_what_headers_mean(samples: Path) -> None:
    path = str(samples / "claims_bordereau_2026_06.xlsx")
    code, out, _ = run("match", path, "--type", "claims", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["missing"] == []
    assert told["columns"]["UMR"] == {
        "field": "treaty_reference",
        "confidence": 0.95,
        "decision": "auto",
        "percent": False,
        "candidates": ["treaty_reference"],
    }
    further = told["columns"]["Refer to underwriters"]
    assert (further["field"], further["decision"]) == ("further_cr0106", "auto")


@pytest.mark.parametrize("command", [("read", "--json"), ("match", "--type", "claims")])
def test_an_unreadable_file_says_so(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "empty.csv"
    path.touch()
    code, out, err = run(command[0], str(path), *command[1:])
    assert (code, out) == (1, "")
    assert "empty" in err
