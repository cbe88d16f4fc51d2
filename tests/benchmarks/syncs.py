"""``make bench-sync``: a sync beside a bare loop with requests, from one run.

    python -m tests.benchmarks.syncs [--records 1000000]

The figures are printed, written to ``$VAR_DIR/bench/sync.json`` and, of a whole run,
put into README.md.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django  # noqa: E402

django.setup()

import requests  # noqa: E402
from django.conf import settings  # noqa: E402

from importers.models import Feed, Source, Sync, WebService  # noqa: E402
from importers.services import fetching, leases, syncs  # noqa: E402
from importers.values import Paging, SyncStatus  # noqa: E402
from tests.benchmarks import readme  # noqa: E402
from tests.benchmarks.__main__ import bench_url  # noqa: E402

PAGE = 1_000
TIMES = 5
WHOLE_RUN = 1_000_000
"""Records of a run that README.md tells of."""
BARE, OURS, WHOLE = "bare requests loop", "sync, fetched", "sync, handed in"


def bare(url: str) -> float:
    """The least that anyone would write: pages to JSON lines, nothing else."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w", encoding="utf-8") as out:
        with requests.Session() as session:
            page = url
            while page:
                body = session.get(page, timeout=30).json()
                for record in body["data"]:
                    out.write(json.dumps(record, ensure_ascii=False) + "\n")
                page = body["next"]
        out.flush()
        os.fsync(out.fileno())
    return time.perf_counter() - began


def _feed(url: str) -> Feed:
    Sync.objects.all().delete()
    Feed.objects.all().delete()
    WebService.objects.all().delete()
    base, _, path = url.partition("/next/")
    source, _ = Source.objects.get_or_create(code="bench", defaults={"name": "Bench"})
    service = WebService.objects.create(code="bench", name="Bench", base_url=base)
    return Feed.objects.create(
        service=service,
        code="bench",
        name="Bench",
        source=source,
        record_type="claims",
        path=f"next/{path.partition('?')[0]}",
        parameters={"per_page": str(PAGE)},
        paging=Paging.AUTO,
    )


def ours(url: str) -> float:
    """Lease, progress, checks and pieces in storage: up to the written JSON lines."""
    sync = syncs.request(_feed(url).pk, door="bench", enqueue=False)
    fetched = [0.0]
    began = time.perf_counter()

    def stop(*_: Any) -> None:
        fetched[0] = time.perf_counter() - began
        raise leases.LeaseLost

    fetching._conclude = stop
    fetching.run(sync.pk, enqueue=False)
    return fetched[0]


def whole(url: str) -> float:
    """All of a sync, the file of records kept and an ingestion made of it."""
    feed = _feed(url)
    began = time.perf_counter()
    sync = syncs.request(feed.pk, door="bench", enqueue=False)
    fetching.run(sync.pk, enqueue=False)
    seconds = time.perf_counter() - began
    sync.refresh_from_db()
    if sync.status != SyncStatus.HANDED_IN:
        raise SystemExit(sync.message)
    return seconds


CASES = {BARE: bare, OURS: ours, WHOLE: whole}


def in_child(case: str, url: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds the case told, and the peak memory of its process in MB."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.syncs", "--case", case, "--url", url],
        env=environment,
        stdout=writing,
    )
    os.close(writing)
    with os.fdopen(reading) as out:
        told = out.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{case} ended with {process.returncode}")
    return float(told.splitlines()[-1]), usage.ru_maxrss / 1024


@contextlib.contextmanager
def partner(records: int) -> Iterator[str]:
    """The address of a feed of so many records, served by a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.partner", "--records", str(records)]
        + ["--page-size", str(PAGE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    try:
        address = process.stdout.readline().split()[0]
        yield f"{address}/next/absolute?per_page={PAGE}"
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def run_all(most: int) -> None:
    """Every case in turn, a hundred pages several times, the large one once."""
    folder = Path(settings.VAR_DIR) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DATABASE_URL": bench_url(),
        "SECRET_KEY": "bench",
        "VAR_DIR": str(folder / "var"),
        "WEB_SERVICE_HOSTS": "http://127.0.0.1",
        "LOG_LEVEL": "ERROR",
    }
    python = [sys.executable, "manage.py"]
    subprocess.run([*python, "bootstrap", "--no-demo"], env=environment, check=True)
    figures: list[dict[str, Any]] = []
    print(f"{'case':24}{'records':>10}{'seconds':>9}{'x bare':>8}{'MB':>7}")
    for records in sorted({100 * PAGE, max(most, 100 * PAGE)}):
        with partner(records) as url:
            times: dict[str, list[tuple[float, float]]] = {case: [] for case in CASES}
            for _ in range(TIMES if records == 100 * PAGE else 1):
                for case in CASES:
                    times[case].append(in_child(case, url, environment))
        base = statistics.median(seconds for seconds, _ in times[BARE])
        for case, found in times.items():
            seconds = statistics.median(seconds for seconds, _ in found)
            figure = {
                "case": case,
                "records": records,
                "seconds": round(seconds, 2),
                "times_bare": round(seconds / base, 2),
                "peak_mb": round(max(peak for _, peak in found)),
            }
            figures.append(figure)
            print(
                f"{case:24}{records:>10,}{seconds:>9.2f}{figure['times_bare']:>8}"
                f"{figure['peak_mb']:>7}",
                flush=True,
            )
    (folder / "sync.json").write_text(json.dumps(figures, indent=1) + "\n")
    if most == WHOLE_RUN:
        readme.put("bench-sync", markdown(figures))


def markdown(figures: list[dict[str, Any]]) -> str:
    """The table of README.md."""
    heads = {
        "case": "case",
        "records": "records",
        "seconds": "seconds",
        "times_bare": "× bare",
        "peak_mb": "peak MB",
    }
    return (
        "One run on a shared machine of 2 cores; median of five for 100 pages:\n\n"
        + readme.table(heads, figures)
    )


def main() -> None:
    """The command line; ``--case`` is how a case is run in its own process."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.syncs")
    parser.add_argument("--records", type=int, default=WHOLE_RUN)
    parser.add_argument("--case")
    parser.add_argument("--url", default="")
    options = parser.parse_args()
    if options.case is None:
        run_all(options.records)
    else:
        print(CASES[options.case](options.url))


if __name__ == "__main__":
    main()
