"""Alive, ready, figures: what those who watch are told, and what they are not."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from backoffice.backups.models import Backup, Drill
from backoffice.health import checks, readiness
from importers import queue
from importers.models import Feed, Ingestion, Sync
from importers.services import beats
from tests.importers.admin.conftest import HEADER, claim

TOKEN = "t0ken"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    cache.clear()


def test_alive_asks_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


def test_watchers_need_no_encryption_and_no_name(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["backoffice.example.com"]
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200
    other = client.get("/account/login/", headers={"Host": "10.0.0.7:8000"})
    assert other.status_code == 400


def test_ready_says_states_and_no_more(client: Client, transactional_db: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {
            "database": "ok",
            "broker": "ok",
            "migrations": "ok",
            "cluster": "warning",
            "backups": "warning",
            "storage": "ok",
        },
    }
    assert answer["Cache-Control"].startswith("max-age=0, no-cache")
    now = timezone.now()
    beats.beat(now, [queue.QUICK])
    told = client.get("/readyz", headers=AUTHORIZED).json()["checks"]["cluster"]
    assert told["detail"] == "no worker serves the heavy queue"
    beats.beat(now, queue.QUEUES)
    Backup.objects.create(key="b", at=now - timedelta(hours=5))
    Drill.objects.create(key="b", at=now)
    told = client.get("/readyz", headers=AUTHORIZED).json()["checks"]
    assert {name: check["detail"] for name, check in told.items()} == {
        "database": "PostgreSQL 18",
        "broker": "0 tasks",
        "migrations": "all applied",
        "cluster": "1 at work",
        "backups": "last good backup 5 hours ago",
        "storage": "the folder takes and gives files",
    }
    assert all(check["milliseconds"] < 3000 for check in told.values())
    Backup.objects.update(at=now - timedelta(hours=27))
    told = client.get("/readyz", headers=AUTHORIZED).json()
    assert (told["status"], told["checks"]["backups"]["state"]) == ("ready", "warning")


def test_not_ready_without_storage(client: Client, db: None, storage_dir: Path) -> None:
    storage_dir.write_text("no folder")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["checks"]["storage"] == "failed"


def test_not_ready_without_worker_where_one_is_demanded(
    client: Client, db: None, settings: Settings
) -> None:
    assert client.get("/readyz").status_code == 200
    settings.READINESS_NEEDS_WORKER = True
    answer = client.get("/readyz", headers=AUTHORIZED)
    assert answer.status_code == 503
    assert answer.json()["checks"]["cluster"]["detail"] == (
        "RuntimeError: no worker is at work"
    )


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A storage that does not answer; how often it was asked."""
    asked: list[int] = []
    released = readiness.threading.Event()

    def storage() -> str:
        asked.append(1)
        released.wait(30)
        return "at last"

    monkeypatch.setattr(readiness, "GROUPS", ((checks.database,), (storage,)))
    monkeypatch.setattr(readiness, "_running", {})
    yield asked
    released.set()


def test_what_hangs_fails_in_time_and_is_asked_once(
    client: Client, db: None, settings: Settings, hanging: list[int]
) -> None:
    settings.READINESS_SECONDS = 0.3
    for _ in range(3):
        answer = client.get("/readyz", headers=AUTHORIZED)
        assert answer.status_code == 503
        told = answer.json()["checks"]
        assert told["database"]["state"] == "ok"
        assert told["storage"] == {
            "state": "failed", "milliseconds": 300.0, "detail": "no answer in time",
        }  # fmt: skip
    assert hanging == [1]


def test_pending_migrations_are_not_ready(transactional_db: None) -> None:
    checks._migrated_at = 0.0
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE (app, name) = "
            "('importers', '0002_stamping')"
        )
    with pytest.raises(RuntimeError, match="to be applied: run manage.py bootstrap"):
        checks.migrations()
    call_command("migrate", "importers", fake=True, verbosity=0)
    assert checks.migrations() == "all applied"


# ----------------------------------------------------------------------- figures
def parsed(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by the values of their labels (sorted by name), by name of the figure."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def figures(client: Client) -> dict[str, dict[tuple[str, ...], float]]:
    answer = client.get("/metrics", headers=AUTHORIZED)
    assert answer.status_code == 200
    return parsed(answer.content.decode())


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Token t0ken"])
def test_figures_take_the_token(client: Client, db: None, given: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": given})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_figures_are_closed_without_a_token(
    client: Client, db: None, settings: Settings
) -> None:
    settings.METRICS_TOKEN = ""
    for given in ("", "Bearer ", "Bearer"):
        answer = client.get("/metrics", headers={"Authorization": given})
        assert answer.status_code == 403


def test_figures(
    client: Client,
    sent: Callable[..., Ingestion],
    ready: Ingestion,
    feed: Feed,
) -> None:
    sent(HEADER, claim("C-8"), claim("C-9"), to="loaded")
    now = timezone.now()
    later = now + timedelta(hours=1)
    Sync.objects.create(feed=feed, status="failed", asked_at=now)
    Sync.objects.create(feed=feed, status="nothing new", asked_at=now, ended_at=now)
    Backup.objects.create(key="b", at=now, size=1234, seconds=2.5)
    Backup.objects.create(key="c", at=now + timedelta(seconds=1), problem="No room.")
    OrmQ.objects.all().delete()
    OrmQ.objects.create(key="reinsurance", payload="", lock=now)
    OrmQ.objects.create(key="reinsurance-heavy", payload="", lock=later)
    beats.beat(now, queue.QUEUES)
    client.get("/account/login/")
    client.get("/account/nowhere/")
    told = figures(client)
    assert told["backoffice_ingestions"]["ready",] == 1
    assert told["backoffice_ingestions"]["loaded",] == 1
    assert told["backoffice_ingestions"]["failed",] == 0
    assert told["backoffice_rows_loaded"]["created", "claims"] == 2
    assert told["backoffice_rows_loaded"]["rejected", "claims"] == 0
    assert told["backoffice_stage_files"]["load",] == 1
    assert told["backoffice_stage_seconds_sum"]["load",] > 0
    assert told["backoffice_queue_tasks"] == {
        ("quick", "waiting"): 1,
        ("quick", "taken"): 0,
        ("heavy", "waiting"): 0,
        ("heavy", "taken"): 1,
    }
    assert told["backoffice_sync_failures"][feed.code,] == 1
    last = told["backoffice_feed_last_success_timestamp_seconds"][feed.code,]
    assert last == pytest.approx(now.timestamp())
    stamp = told["backoffice_backup_last_success_timestamp_seconds"]
    assert stamp[()] == pytest.approx(now.timestamp())
    assert told["backoffice_backup_failed"][()] == 1
    assert told["backoffice_backup_bytes"][()] == 1234
    assert told["backoffice_cluster_workers"][()] == 3
    assert told["backoffice_webhook_messages"] == {("waiting",): 0, ("failed",): 0}
    counted = told["backoffice_http_request_seconds_count"]
    assert counted["GET", "account:login", "2xx"] >= 1
    assert counted["GET", "none", "4xx"] >= 1
    # The one who asks for the figures.
    assert told["backoffice_http_requests_in_flight"][()] == 1


def test_figures_are_asked_for_once_in_a_while(
    client: Client, db: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16):
        figures(client)
    with django_assert_max_num_queries(0):
        figures(client)


def test_rows_are_summed_from_an_index_alone(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            "EXPLAIN SELECT record_type, sum(rows_created), sum(rows_rejected) "
            "FROM importers_ingestion WHERE status = 'loaded' GROUP BY record_type"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using ingestion_rows_loaded" in plan
