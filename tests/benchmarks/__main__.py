"""``make bench``: our pipeline beside others, from one run on one machine.

    python -m tests.benchmarks [--rows 1000000]

The figures are printed, written to ``$VAR_DIR/bench/ingest.json`` and, of a whole run,
put into README.md.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from tests.benchmarks import cases, generate, readme  # noqa: E402

DATABASE = "bench"
WHOLE_RUN = 1_000_000
"""Rows of a run that README.md tells of."""


def in_child(case: str, path: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds the case told, and the peak memory in MB of its largest process."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks", "--case", case, "--file", str(path)],
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
    return json.loads(told.splitlines()[-1])["seconds"], usage.ru_maxrss / 1024


def bench_url() -> str:
    """A database of its own, made anew, beside the one of the settings."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    if settings.IS_LOCAL:
        return str(settings.EMBEDDED_SERVER.url(DATABASE))
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{DATABASE}").geturl()


def write_xlsx(path: Path, count: int) -> Path:
    """The same bordereau as a workbook."""
    if not path.exists():
        import openpyxl  # noqa: PLC0415

        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("Claims")
        sheet.append(generate.HEADER)
        for row in generate.rows(count):
            sheet.append([*row[:14], *(float(cell) for cell in row[14:19]), row[19]])
        book.save(path)
    return path


def plan(most: int, folder: Path) -> list[tuple[str, int, Path, bool]]:
    """Case, rows, file, and whether the books are emptied before."""
    sizes = [n for n in (10_000, 100_000, 1_000_000) if n <= most]
    files = {n: generate.write_csv(folder / f"claims-{n}.csv", n) for n in sizes}
    steps: list[tuple[str, int, Path, bool]] = []
    for count, path in files.items():
        steps.append(("raw COPY", count, path, True))
        steps.append(("raw COPY, claims table alone", count, path, True))
        steps.append(("our pipeline", count, path, True))
        steps.append(("our pipeline, nothing new", count, path, False))
        half = generate.write_csv(folder / f"claims-{count}-half.csv", count, half=True)
        steps.append(("our pipeline, half updated", count, half, False))
        if count < WHOLE_RUN:
            steps.append(("our pipeline, half updated again", count, path, False))
        steps.append(("undo of a load", count, path, True))
    small, large = files[10_000], files[sizes[-1]]
    steps.append(("our pipeline, keys by triggers", sizes[-1], large, True))
    count = sizes[-1] * 35 // 100
    good = generate.write_csv(folder / f"claims-{count}.csv", count)
    bad = generate.write_csv(folder / f"claims-{count}-bad.csv", count, bad=True)
    steps.append(("raw COPY", count, good, True))
    steps.append(("our pipeline, bad rows alone", count, bad, True))
    steps.append(("stock import-export", 10_000, small, True))
    steps.append(("import-export bulk mode", 10_000, small, True))
    steps.append(("dlt arrow merge, bare table", sizes[-1], large, True))
    if 100_000 in files:
        book = write_xlsx(folder / "claims-100000.xlsx", 100_000)
        steps.append(("openpyxl alone, xlsx", 100_000, book, True))
        steps.append(("our pipeline, xlsx", 100_000, book, True))
    return steps


def run_all(most: int, only: str) -> list[dict[str, Any]]:
    """Every case in turn; one line a case as it ends."""
    folder = Path(settings.VAR_DIR) / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DATABASE_URL": bench_url(),
        "SECRET_KEY": "bench",
        "VAR_DIR": str(folder / "var"),
        "LOG_LEVEL": "ERROR",
    }
    python = [sys.executable, "manage.py"]
    subprocess.run([*python, "bootstrap", "--no-demo"], env=environment, check=True)
    copy: dict[int, float] = {}
    figures: list[dict[str, Any]] = []
    print(f"{'case':30}{'rows':>10}{'seconds':>9}{'rows/s':>9}{'x COPY':>8}{'MB':>7}")
    for case, count, path, is_fresh in plan(most, folder):
        if only and only not in case and case != "raw COPY":
            continue
        in_child("prepare" if is_fresh else "settle", path, environment)
        seconds, peak = in_child(case, path, environment)
        if case == "raw COPY":
            copy[count] = seconds
        figure = {
            "case": case,
            "rows": count,
            "seconds": round(seconds, 2),
            "rows_per_second": round(count / seconds),
            "times_copy": round(seconds / copy[count], 2),
            "peak_mb": round(peak),
        }
        figures.append(figure)
        print(
            f"{case:30}{count:>10,}{seconds:>9.2f}{count / seconds:>9,.0f}"
            f"{figure['times_copy']:>8}{peak:>7.0f}",
            flush=True,
        )
    (folder / "ingest.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def main() -> None:
    """The command line; ``--case`` is how a case is run in its own process."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--rows", type=int, default=WHOLE_RUN)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--case")
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.case is None:
        figures = run_all(options.rows, options.only)
        _conclude(figures)
        if options.rows == WHOLE_RUN and not options.only:
            readme.put("bench", markdown(figures))
        return
    prepare = {"prepare": cases.empty_books, "settle": cases.settle}
    if options.case in prepare:
        prepare[options.case]()
        seconds = 0.0
    else:
        seconds = cases.CASES[options.case](options.file)
    print(json.dumps({"seconds": seconds}))


def markdown(figures: list[dict[str, Any]]) -> str:
    """The table of README.md."""
    heads = {
        "case": "case",
        "rows": "rows",
        "seconds": "seconds",
        "rows_per_second": "rows/s",
        "times_copy": "× COPY",
        "peak_mb": "peak MB",
    }
    return (
        "One run on a shared machine of 2 cores; ratios matter, seconds are the "
        f"machine's:\n\n{readme.table(heads, figures)}\n\n"
        "`× COPY` compares rows with raw `COPY` of the same number of rows; the peak "
        "is the largest\nprocess of the case. dlt's table has no keys to other tables, "
        "no checks and no lineage."
    )


def _conclude(figures: list[dict[str, Any]]) -> None:
    speed = {(f["case"], f["rows"]): f["rows_per_second"] for f in figures}
    largest = max(f["rows"] for f in figures)
    ours = speed.get(("our pipeline", largest))
    row_by_row = speed.get(("stock import-export", 10_000))
    if ours and row_by_row:
        print(f"Our pipeline is {ours / row_by_row:.0f} times stock import-export.")


if __name__ == "__main__":
    main()
