"""``make bench-scale``: many small files, a large one beside them, and the queue alone.

    python -m tests.benchmarks.scale [--files 120] [--rows 1000000] [--only small]

The figures are printed, written to ``$VAR_DIR/bench/scale.json`` and put into
README.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from tests.benchmarks import generate, readme, scale_cases  # noqa: E402

DATABASE = "bench_scale"
WORKERS = (1, 2, 4)


def database_url() -> str:
    """A database of its own, made anew, beside the one of the settings."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    if settings.IS_LOCAL:
        return str(settings.EMBEDDED_SERVER.url(DATABASE))
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{DATABASE}").geturl()


def measure(files: int, rows: int, only: str) -> Iterator[dict[str, Any]]:
    """Every figure in turn; in the process whose database is the benchmark's."""
    bench = settings.VAR_DIR.parent
    if only in "queue":
        for workers in WORKERS:
            yield scale_cases.overhead("orm", workers, 400)
        with scale_cases.on_sqs():
            yield scale_cases.overhead("sqs (moto)", 2, 400)
    if only in "small":
        with tempfile.TemporaryDirectory() as folder:
            paths = scale_cases.small_files(Path(folder), files)
            for workers in WORKERS:
                yield scale_cases.throughput(paths, workers)
    if only in "beside":
        large = generate.write_csv(bench / f"claims-{rows}.csv", rows)
        yield from scale_cases.beside(large, rows)


def markdown(figures: list[dict[str, Any]]) -> str:
    """The figures as tables."""
    lines = [
        "One run on a shared machine of 2 cores; ratios matter, seconds are the "
        "machine's. The queue alone (tasks that do nothing):",
        "",
        "| broker | workers | tasks/s | enqueue ms | start after, median s | p95 s |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {f['broker']} | {f['workers']} | {f['tasks_per_second']} "
        f"| {f['enqueue_ms']} | {f['start']['p50']} | {f['start']['p95']} |"
        for f in figures
        if "tasks_per_second" in f
    ]
    lines += [
        "",
        f"Claims bordereaux of {scale_cases.ROWS_OF_A_FILE} rows, checked and loaded:",
        "",
        "| workers | files | seconds | files/s | rows/s |",
        "|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {f['workers']} | {f['files']} | {f['seconds']} | {f['files_per_second']} "
        f"| {f['rows_per_second']:,} |"
        for f in figures
        if "files_per_second" in f
    ]
    lines += _beside(figures)
    return "\n".join(lines)


def _beside(figures: list[dict[str, Any]]) -> list[str]:
    found = {figure["case"]: figure for figure in figures}
    if "the large file" not in found:
        return []
    large, grown = found["the large file"], found["growth of a million rows"]
    lines = [
        "",
        "A small file every three seconds, from handed in to loaded:",
        "",
        "| case | files | median s | p95 s |",
        "|---|--:|--:|--:|",
    ]
    for case, words in (
        ("small files alone", "alone"),
        (
            "small files beside",
            f"while {large['rows']:,} rows are checked and loaded "
            f"({large['seconds']:.0f} s)",
        ),
    ):
        figure = found[case]
        latency = figure["latency"]
        lines.append(
            f"| {words} | {figure['files']} | {latency['p50']} | {latency['p95']} |"
        )
    lines += [
        "",
        "What a million new claims add:",
        "",
        "| where | MB | indexes MB |",
        "|---|--:|--:|",
    ]
    lines += [
        f"| {name} | {size['table_mb']} | {size['indexes_mb']} |"
        for name, size in grown["tables"].items()
    ]
    lines.append(f"| storage: the original | {grown['original_mb']} |  |")
    lines.append(f"| storage: staged rows | {grown['staged_mb']} |  |")
    return lines


def run_all(arguments: list[str], *, is_whole: bool) -> None:
    """Measure in a child process that has the benchmark's database."""
    folder = Path(settings.VAR_DIR) / "bench"
    own = folder / "scale"
    own.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "SECRET_KEY": "bench",
        "VAR_DIR": str(own),
        "LOG_LEVEL": "ERROR",
        "Q_REAP_SECONDS": "2",
    }
    python = [sys.executable, "manage.py"]
    subprocess.run([*python, "bootstrap", "--no-demo"], env=environment, check=True)
    inner = [sys.executable, "-m", "tests.benchmarks.scale", "--inner", *arguments]
    figures: list[dict[str, Any]] = []
    with subprocess.Popen(
        inner, env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            print(line, end="", flush=True)
            if line.startswith("{"):
                figures.append(json.loads(line))
    if child.returncode:
        raise SystemExit(child.returncode)
    if is_whole:
        (folder / "scale.json").write_text(json.dumps(figures, indent=1) + "\n")
        readme.put("bench-scale", markdown(figures))


def main() -> None:
    """The command line; ``--inner`` is how the measuring process is run."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale")
    parser.add_argument("--files", type=int, default=120)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="queue, small or beside")
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inner:
        run_all(sys.argv[1:], is_whole=not options.only)
        return
    for figure in measure(options.files, options.rows, options.only):
        print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    main()
