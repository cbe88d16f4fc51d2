"""``make bench-api``: lists, records and streams of the API over a million claims.

    python -m tests.benchmarks.api [--claims 1000000] [--only pages] [--anew]

The figures are printed, written to ``$VAR_DIR/bench/api.json`` and put into README.md.
The books are made once and kept in the database ``bench_api``; ``--anew`` makes them
again.
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

from tests.benchmarks import api_books, api_cases, readme  # noqa: E402

DATABASE = "bench_api"
TARGETS = {"page": ("p95_ms", 60, 6), "one": ("p95_ms", 15, 6)}
"""Beginning of a case: figure, most milliseconds, most queries."""
LEAST_ROWS_PER_SECOND = 40_000
MOST_SLOPE = 5.0
"""MB of memory that a stream may grow by in a million rows."""


def database_url(*, is_anew: bool) -> str:
    """A database of its own beside the one of the settings; emptied where asked."""
    with connection.cursor() as cursor:
        if is_anew:
            cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not cursor.fetchone():
            cursor.execute(f"CREATE DATABASE {DATABASE}")
    if settings.IS_LOCAL:
        return str(settings.EMBEDDED_SERVER.url(DATABASE))
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{DATABASE}").geturl()


def in_child(case: str, claims: int, environment: dict[str, str]) -> list[Any]:
    """The figures of a case, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.api"]
        + ["--case", case, "--claims", str(claims)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def prepare(claims: int) -> list[Any]:
    """The books, unless they are there."""
    there = api_books.claims_there()
    if there == 0:
        api_books.fill(claims)
    elif there != claims:
        raise SystemExit(f"The books hold {there:,} claims; make them --anew.")
    api_books.reader()
    return []


def is_met(figure: dict[str, Any]) -> bool | None:
    """Whether the figure is what we hold ourselves to; None: nothing is asked of it."""
    if figure["case"].startswith("stream"):
        return bool(
            figure["rows_per_second"] >= LEAST_ROWS_PER_SECOND
            and figure["slope_mb_per_million_rows"] <= MOST_SLOPE
        )
    for beginning, (name, most, queries) in TARGETS.items():
        if figure["case"].startswith(beginning):
            return bool(figure[name] <= most and figure["queries"] <= queries)
    return None


def markdown(figures: list[dict[str, Any]], claims: int) -> str:
    """The figures as two tables."""
    lines = [
        f"One run on a shared machine of 2 cores, {claims:,} claims, in the process; "
        "milliseconds are the machine's. *Bare* is the same SQL and nothing else,"
        " *CPU* the time of our process alone:",
        "",
        "| answer | signed in by | median ms | p95 ms | CPU ms | bare ms | queries |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {f['case']} | {f['who']} | {f['median_ms']} | {f['p95_ms']} "
        f"| {f['cpu_ms']} | {f['bare_ms']} | {f['queries']} |"
        for f in figures
        if "median_ms" in f
    ]
    lines += [
        "",
        "| stream | rows | seconds | rows/s | peak MB | growth MB per million rows |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {f['case']} | {f['rows']:,} | {f['seconds']} | {f['rows_per_second']:,} "
        f"| {f['peak_mb']} | {f.get('slope_mb_per_million_rows', '')} |"
        for f in figures
        if "rows" in f
    ]
    return "\n".join(lines)


def run_all(claims: int, only: str, *, is_anew: bool) -> int:
    """Every case in turn; how many figures are not what they should be."""
    folder = Path(settings.VAR_DIR) / "bench"
    (folder / "var" / "static").mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(is_anew=is_anew),
        "SECRET_KEY": "bench",
        "ALLOWED_HOSTS": "*",
        "HTTPS": "False",
        "API_RATE": "1000000/s",  # the limit of a caller is not what is measured
        "VAR_DIR": str(folder / "var"),
        "LOG_LEVEL": "ERROR",
    }
    python = [sys.executable, "manage.py"]
    subprocess.run([*python, "bootstrap", "--no-demo"], env=environment, check=True)
    in_child("prepare", claims, environment)
    figures: list[dict[str, Any]] = []
    for case in api_cases.CASES:
        if only not in case:
            continue
        for figure in in_child(case, claims, environment):
            figures.append(figure)
            told = {True: "met", False: "NOT MET", None: ""}[is_met(figure)]
            print(" ".join(f"{k}={v}" for k, v in figure.items()), told, flush=True)
    if not only:
        (folder / "api.json").write_text(json.dumps(figures, indent=1) + "\n")
        readme.put("bench-api", markdown(figures, claims))
    return sum(is_met(figure) is False for figure in figures)


def main() -> None:
    """The command line; ``--case`` is how a case is run in its own process."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.api")
    parser.add_argument("--claims", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--anew", action="store_true", help="make the books again")
    parser.add_argument("--case")
    options = parser.parse_args()
    if options.case is None:
        sys.exit(run_all(options.claims, options.only, is_anew=options.anew) > 0)
    if options.case == "prepare":
        figures = prepare(options.claims)
    else:
        figures = list(api_cases.CASES[options.case](options.claims))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
