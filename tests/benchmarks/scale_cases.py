"""What `make bench-scale` measures, each in real clusters against its own database."""

import csv
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min
from django_q.models import OrmQ

from importers import queue
from importers.models import Event, Ingestion
from importers.pipeline.storage import blocks_of
from importers.services import ingestions
from tests import clusters, sqs
from tests.benchmarks import cases, generate

ROWS_OF_A_FILE = 200
PACE_SECONDS = 3.0
TASK = "tests.benchmarks.scale_tasks.nothing"
PATIENCE = 900.0
TABLES = (
    "reinsurance_claim",
    "reinsurance_claimposition",
    "reinsurance_claimstatement",
)


@contextmanager
def cluster(only: str = "", **changes: Any) -> Iterator[clusters.Cluster]:
    """A cluster with so many workers, from when it is ready to when it has ended."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    (settings.VAR_DIR / "cluster.log").unlink(missing_ok=True)
    (settings.VAR_DIR / "begun").unlink(missing_ok=True)
    more = {name: str(value) for name, value in changes.items()}
    begun = clusters.start(dict(os.environ), settings.VAR_DIR, queue=only, **more)
    try:
        for name in begun.queues:
            said = f"{queue.name_of(name)}] running."
            clusters.wait_until(lambda said=said: said in begun.log, "a cluster")
        yield begun
    finally:
        clusters.end(begun)


def wait(condition: Callable[[], object], what: str) -> None:
    """Wait for it, asking the database not too often."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {PATIENCE} s: {what}")
        time.sleep(0.2)


def percentiles(seconds: list[float], digits: int = 3) -> dict[str, float]:
    """Median and the value that 95 of 100 stay below."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    return {
        "p50": round(statistics.median(ordered), digits),
        "p95": round(p95, digits),
    }


# ------------------------------------------------------------------ the queue alone
def overhead(broker: str, workers: int, count: int) -> dict[str, Any]:
    """Tasks a second that do nothing, and how long one alone waits for its start."""
    begun = settings.VAR_DIR / "begun"
    with cluster(queue.QUICK, Q_WORKERS=workers):
        queue.enqueue(TASK, -1)
        wait(begun.exists, "the first task")
        asked: dict[int, float] = {}
        for number in range(60):
            asked[number] = time.time()
            queue.enqueue(TASK, number)
            time.sleep(0.12)
        wait(lambda: len(begun.read_text().splitlines()) >= 61, "tasks one by one")
        lines = [line.split() for line in begun.read_text().splitlines()]
        waits = [float(at) - asked[int(n)] for n, at in lines if int(n) in asked]
        begun.unlink()
        began = time.perf_counter()
        for number in range(count):
            queue.enqueue(TASK, number)
        enqueued = time.perf_counter() - began
        wait(
            lambda: begun.exists() and len(begun.read_text().splitlines()) >= count,
            "all tasks",
        )
        times = [float(line.split()[1]) for line in begun.read_text().splitlines()]
        took = max(times) - min(times)
    return {
        "case": "tasks that do nothing",
        "broker": broker,
        "workers": workers,
        "tasks_per_second": round((count - 1) / took, 1),
        "enqueue_ms": round(enqueued / count * 1000, 1),
        "start": percentiles(waits),
    }


@contextmanager
def on_sqs() -> Iterator[None]:
    """Tasks wait in moto's SQS, on this machine."""
    kept = {name: getattr(settings, name) for name in ("QUEUE_SQS", "QUEUE_BROKER")}
    with sqs.running() as address:
        url = sqs.queue_url(address)
        os.environ.update({"QUEUE_URL": url, **sqs.KEYS})
        try:
            sqs.choose(url, lambda name, value: setattr(settings, name, value))
            yield
        finally:
            del os.environ["QUEUE_URL"]
            for name, value in kept.items():
                setattr(settings, name, value)


# ------------------------------------------------------------------ many small files
def small_files(folder: Path, count: int) -> list[Path]:
    """Claims bordereaux of 200 rows; every claim in one of them."""
    paths = [folder / f"small-{n:04d}.csv" for n in range(count)]
    rows = generate.rows(count * ROWS_OF_A_FILE)
    for path in paths:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(generate.HEADER)
            writer.writerows(next(rows) for _ in range(ROWS_OF_A_FILE))
    return paths


def submit(blocks: Any, name: str, slug: str) -> int:
    """Hand a file in that needs nobody's approval."""
    return ingestions.submit(
        blocks=blocks,
        file_name=name,
        record_type=slug,
        source=ingestions.source_of(None),
        door="bench",
        declared="additional",  # small files are all of one sender and period
        loads_itself=True,
    ).pk


def all_loaded() -> bool:
    """Whether nothing is on its way any more."""
    return not Ingestion.objects.exclude(status="loaded").exists()


def throughput(paths: list[Path], workers: int) -> dict[str, Any]:
    """Small files a second: received before, then checked and loaded by the workers."""
    cases.empty_books()
    OrmQ.objects.all().delete()
    for path in paths:
        submit(blocks_of(path), path.name, "claims")
    with cluster(queue.QUICK, Q_WORKERS=workers):
        wait(all_loaded, "all small files")
    began = Event.objects.filter(status="checking").aggregate(at=Min("at"))["at"]
    ended = Ingestion.objects.aggregate(at=Max("loaded_at"))["at"]
    seconds = (ended - began).total_seconds()
    rows = len(paths) * ROWS_OF_A_FILE
    stood_back = Event.objects.filter(message__startswith="Waits for its turn").count()
    return {
        "case": "small files",
        "workers": workers,
        "files": len(paths),
        "seconds": round(seconds, 1),
        "files_per_second": round(len(paths) / seconds, 2),
        "rows_per_second": round(rows / seconds),
        "stood_back": stood_back,
    }


# --------------------------------------------------------- beside a load of a million
def party_file(number: int) -> bytes:
    """A register of 200 parties that nobody else has."""
    lines = [
        f"Q{number:04d}{n:03d},Party {number} {n}\n" for n in range(ROWS_OF_A_FILE)
    ]
    return ("Code,Name\n" + "".join(lines)).encode()


def latencies(numbers: Iterator[int], goes_on: Callable[[int], bool]) -> list[float]:
    """Seconds from handing in to loaded, of files that come one by one."""
    keys = []
    while goes_on(len(keys)):
        number = next(numbers)
        content = party_file(number)
        keys.append(submit([content], f"parties-{number}.csv", "parties"))
        time.sleep(PACE_SECONDS)
    mine = Ingestion.objects.filter(pk__in=keys)
    wait(lambda: not mine.exclude(status="loaded").exists(), "small files")
    return [
        (loaded - received).total_seconds()
        for received, loaded in mine.values_list("received_at", "loaded_at")
    ]


def beside(large: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Small files alone, and while a million rows are checked and loaded."""
    cases.empty_books()
    numbers = iter(range(10_000))
    with cluster():
        latencies(numbers, lambda count: count < 2)  # to warm up
        alone = latencies(numbers, lambda count: count < 12)
        key = submit(blocks_of(large), large.name, "claims")
        moving = Ingestion.objects.filter(pk=key).exclude(status="loaded")
        while_heavy = latencies(numbers, lambda _: moving.exists())
        record = Ingestion.objects.get(pk=key)
        wait(all_loaded, "the large file")
    for name, found in (("alone", alone), ("beside", while_heavy)):
        yield {
            "case": f"small files {name}",
            "files": len(found),
            "latency": percentiles(found, 2),
        }
    took = (record.loaded_at or record.received_at) - record.received_at
    yield {
        "case": "the large file",
        "rows": rows,
        "seconds": round(took.total_seconds(), 1),
        "rows_per_second": round(rows / took.total_seconds()),
    }
    yield growth(record, rows)


def growth(record: Ingestion, rows: int) -> dict[str, Any]:
    """MB that a million loaded rows add to database and storage."""
    per_million = 1_000_000 / rows / (1 << 20)
    tables = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                "SELECT pg_table_size(%s), pg_indexes_size(%s)", [table, table]
            )
            data, indexes = cursor.fetchone()
            tables[table] = {
                "table_mb": round(data * per_million),
                "indexes_mb": round(indexes * per_million),
            }
    staged = settings.MEDIA_ROOT / "staged" / str(record.pk)
    kept = sum(f.stat().st_size for f in staged.rglob("*") if f.is_file())
    return {
        "case": "growth of a million rows",
        "tables": tables,
        "original_mb": round(record.file_size * per_million),
        "staged_mb": round(kept * per_million),
    }
