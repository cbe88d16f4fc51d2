"""What is cleared after its time, and all that stays: originals, lineage, events."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_q.models import Task
from pytest_django import Settings

from importers import tasks
from importers.exceptions import Cleared, StateProblem
from importers.models import Event, Ingestion, Issue
from importers.pipeline import originals
from importers.services import ingestions, retention, undoing, work
from reinsurance.models import Claim, ClaimStatement, Treaty

pytestmark = pytest.mark.django_db
HEADER = "UMR,Claim Ref,Date of Loss,Currency,Status,Insured,Paid to date,Reserve\n"
GOOD = "T1,C{0},2026-01-02,GBP,Open,Quay,{0},0\n"
BAD = "T1,C{0},32/13/2026,GBP,Open,Quay,1,0\n"
LONG_AGO = timedelta(days=91)


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


def handed_in(content: str, *, load: bool = True) -> Ingestion:
    ingestion = ingestions.submit(
        blocks=[content.encode()],
        file_name="file.csv",
        record_type="claims",
        source=ingestions.source_of(None),
        door="test",
        enqueue=False,
    )
    work.check(ingestion.pk)
    if load:
        ingestions.approve(ingestion.pk, enqueue=False)
        work.load(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion


def a_load() -> Ingestion:
    """Three claims loaded, two rows held out."""
    good = "".join(GOOD.format(n) for n in (1, 2, 3))
    return handed_in(HEADER + good + BAD.format(4) + BAD.format(5))


def age(by: timedelta = LONG_AGO) -> None:
    """As if all this had happened so long ago."""
    for event in Event.objects.all():
        Event.objects.filter(pk=event.pk).update(at=event.at - by)
    for record in Ingestion.objects.all():
        moment = record.received_at - by
        Ingestion.objects.filter(pk=record.pk).update(received_at=moment)


def pruned(**options: bool) -> dict[str, int]:
    return {line.what: line.count for line in retention.prune(**options) if line.count}


ROWS = "files whose rows in detail were kept long enough"


def test_rows_in_detail_go_what_the_books_need_stays(storage_dir: Path) -> None:
    ingestion = a_load()
    assert ClaimStatement.objects.count() == 3
    stays = {
        "events": list(Event.objects.values_list("message", flat=True)),
        "lineage": list(ClaimStatement.objects.values()),
        "counts": ingestion.issue_counts,
    }
    left_by_a_dead_worker = storage_dir / f"staged/{ingestion.pk}/dead/part-00000"
    left_by_a_dead_worker.parent.mkdir()
    left_by_a_dead_worker.write_bytes(b"x")
    assert Issue.objects.count() == 2
    assert default_storage.exists(ingestion.rejected)
    age()

    assert pruned(is_dry=True) == {ROWS: 1}
    assert Issue.objects.count() == 2
    assert pruned() == {ROWS: 1}
    assert pruned() == {}

    ingestion.refresh_from_db()
    assert Issue.objects.count() == 0
    assert not (storage_dir / f"staged/{ingestion.pk}").exists()
    assert (ingestion.staged, ingestion.staged_parts, ingestion.rejected) == ("", 0, "")
    assert ingestion.cleared_at is not None
    assert stays == {
        "events": list(Event.objects.values_list("message", flat=True)),
        "lineage": list(ClaimStatement.objects.values()),
        "counts": ingestion.issue_counts,
    }
    assert default_storage.exists(ingestion.original)
    assert (ingestion.rows_read, ingestion.rows_created, ingestion.rows_rejected) == (
        5,
        3,
        2,
    )


def test_a_load_is_undone_after_its_rows_were_cleared(manager: User) -> None:
    ingestion = a_load()
    age()
    tasks.prune()
    ingestions.undo(ingestion.pk, user=manager, reason="wrong month", enqueue=False)
    undoing.undo(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "undone"
    assert not Claim.objects.exists()
    assert Claim.all_objects.count() == 3
    assert ClaimStatement.objects.filter(load__number=ingestion.pk).count() == 3


def test_what_is_fresh_or_not_done_with_stays() -> None:
    waiting = handed_in(HEADER + GOOD.format(1), load=False)
    age()
    late = handed_in(HEADER + GOOD.format(2))
    age(timedelta(days=89))
    assert (waiting.status, late.status) == ("ready", "loaded")
    assert pruned() == {}
    Ingestion.objects.filter(pk=waiting.pk).update(status="failed")
    assert pruned() == {}
    ingestions.cancel(waiting.pk, user=None)
    assert pruned() == {}  # it was withdrawn just now
    age()
    assert pruned() == {ROWS: 2}


def test_the_next_run_goes_on_where_time_ran_out() -> None:
    for number in range(3):
        handed_in(HEADER + GOOD.format(number))
    age()
    assert sum(line.count for line in retention.prune(longest_seconds=0)) == 0
    assert pruned() == {ROWS: 3}


def test_a_rejected_file_is_mapped_anew_after_its_rows_were_cleared(
    clerk: User,
) -> None:
    ingestion = handed_in(HEADER + BAD.format(1), load=False)
    assert ingestion.status == "rejected"
    age()
    assert pruned() == {ROWS: 1}
    columns = {
        header: {"field": match["field"]}
        for header, match in ingestion.matches["columns"].items()
    }
    ingestions.confirm_mapping(
        ingestion.pk, columns=columns, constants={}, user=clerk, enqueue=False
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert (ingestion.status, ingestion.cleared_at) == ("rejected", None)
    assert Issue.objects.count() == 1
    assert default_storage.exists(ingestion.rejected)


# ------------------------------------------------------------------------ originals
def test_originals_stay_for_ever_unless_told_otherwise() -> None:
    rejected = handed_in(HEADER + BAD.format(1), load=False)
    age(timedelta(days=4000))
    pruned()
    rejected.refresh_from_db()
    assert default_storage.exists(rejected.original)


def test_originals_that_were_never_loaded_go_where_that_is_asked_for(
    settings: Settings, clerk: User
) -> None:
    settings.KEEP_UNLOADED_DAYS = 400
    loaded = a_load()
    rejected = handed_in(HEADER + BAD.format(1), load=False)
    key = rejected.original
    age(timedelta(days=399))
    assert pruned() == {ROWS: 2}
    age(timedelta(days=2))
    assert pruned() == {"originals of files that were never loaded": 1}
    rejected.refresh_from_db()
    assert (rejected.original, default_storage.exists(key)) == ("", False)
    assert default_storage.exists(loaded.original)
    last = rejected.events.order_by("-pk").first()
    assert last is not None
    assert last.message == "The file itself was cleared; it was never loaded."
    with pytest.raises(Cleared, match="it was never loaded"):
        ingestions.confirm_mapping(
            rejected.pk, columns={}, constants={}, user=clerk, enqueue=False
        )


def test_bytes_that_another_file_needs_stay(settings: Settings) -> None:
    settings.KEEP_UNLOADED_DAYS = 400
    content = HEADER + GOOD.format(1)
    withdrawn = handed_in(content, load=False)
    ingestions.cancel(withdrawn.pk, user=None)
    again = handed_in(content)
    assert again.original == withdrawn.original
    age(timedelta(days=500))
    assert pruned() == {ROWS: 2}
    assert default_storage.exists(again.original)


def test_a_file_is_not_handed_in_upon_bytes_that_were_cleared_meanwhile() -> None:
    with pytest.raises(StateProblem, match="Hand it in again"):
        originals.hold("originals/00/none")


# ----------------------------------------------------------------- results of tasks
def test_results_of_tasks_go_after_their_time() -> None:
    for days in (1, 89, 91, 200):
        at = timezone.now() - timedelta(days=days)
        Task.objects.create(
            id=f"{days}", name="x", func="f", started=at, stopped=at, success=False
        )
    assert pruned() == {"results of tasks": 2}
    assert set(Task.objects.values_list("id", flat=True)) == {"1", "89"}


# ------------------------------------------------------------------------ what is said
def test_the_command_says_in_words_what_it_does() -> None:
    a_load()
    age()

    def said(*arguments: str) -> str:
        out = io.StringIO()
        call_command("prune", *arguments, stdout=out)
        return out.getvalue()

    assert said("--dry-run") == f"Would clear: 1 {ROWS}.\n"
    assert said() == f"Cleared: 1 {ROWS}.\n"
    assert said() == "There is nothing to clear.\n"


def test_pages_say_that_the_rows_were_cleared(
    client: Client, user_with: Callable[..., User]
) -> None:
    ingestion = a_load()
    age()
    pruned()
    client.force_login(User.objects.create_superuser("root"))
    page = f"/admin/importers/ingestion/{ingestion.pk}/change/"
    content = client.get(f"{page}?tab=issues").content.decode()
    assert f"The rows in detail were cleared on {timezone.now():%B}" in (
        content.replace(f" {timezone.now().day} ", " ", 1)
    )
    assert "Rejected rows" not in content
    answer = client.get(f"/admin/importers/ingestion/{ingestion.pk}/rejected-rows/")
    assert answer["Location"] == page
    for tab in ("summary", "changes", "file", "history"):
        assert client.get(f"{page}?tab={tab}").status_code == 200


def test_the_api_answers_that_they_are_gone(client: Client) -> None:
    ingestion = a_load()
    age()
    pruned()
    client.force_login(User.objects.create_superuser("root"))
    at = f"/api/v1/ingestions/{ingestion.pk}"
    for part in ("rows/", "issues/", "rejected-rows"):
        answer = client.get(f"{at}/{part}")
        assert (answer.status_code, answer.json()["code"]) == (410, "cleared"), part
        assert answer.json()["detail"].startswith("The rows in detail of this file")
    assert len(client.get(f"{at}/changes/").json()["results"]) == 3
    assert client.get(f"{at}/").json()["cleared_at"] is not None
    file = client.get(f"{at}/file")
    assert b"".join(file.streaming_content).startswith(b"UMR,")
    file.close()  # as a server does, with the connection to the database
