"""``manage.py ingest``: a file through the whole pipeline, for people and scripts."""

import argparse
import json
import time
import traceback
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.dateparse import parse_date

from importers import record_types
from importers.exceptions import ImporterError, MappingProblem, StateProblem
from importers.management.following import GOOD, follow, in_words, rows_of
from importers.models import Ingestion
from importers.pipeline.storage import blocks_of
from importers.services import ingestions
from importers.services.withdrawals import withdrawn
from importers.values import Declared, Severity


def outcome(ingestion: Ingestion, total: float) -> dict[str, Any]:
    """What became of an ingestion, as the command prints it."""
    seconds = {name: ingestion.seconds.get(name, 0) for name in ("read", "check")}
    return {
        "ingestion": ingestion.pk,
        "status": ingestion.status,
        "message": ingestion.message,
        "rows": rows_of(ingestion),
        "issues": {
            **{s.value: ingestion.issue_counts.get(s.value, 0) for s in Severity},
            "by_code": ingestion.issue_counts.get("by_code", {}),
        },
        "totals": ingestion.totals,
        "seconds": {
            **seconds,
            "load": ingestion.seconds.get("load", 0),
            "total": round(total, 3),
        },
    }


class Command(BaseCommand):
    """Ingest one file and say what became of it."""

    help = "Ingest a file: 0 ready or loaded, 1 not, 2 bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--type", required=True, dest="record_type")
        parser.add_argument("--source", default="", help="code of the sender")
        parser.add_argument("--mapping", default="", help="name of a mapping")
        parser.add_argument("--sheet", default="", help="sheet of a workbook")
        parser.add_argument("--period-start", type=_date)
        parser.add_argument("--period-end", type=_date)
        declared = parser.add_mutually_exclusive_group()
        declared.add_argument(
            "--additional",
            action="store_const",
            const=Declared.ADDITIONAL.value,
            dest="declared",
            help="a second file of its contract and period adds to the first",
        )
        declared.add_argument(
            "--correction",
            action="store_const",
            const=Declared.CORRECTION.value,
            dest="declared",
            help="a second file of its contract and period takes the first one's place",
        )
        parser.add_argument("--approve", action="store_true", help="load what is good")
        parser.add_argument(
            "--queue", action="store_true", help="let the cluster do the work, and wait"
        )
        parser.add_argument("--timeout", type=float, default=3600, help="with --queue")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ingest; ends with the exit code that the help text names."""
        path: Path = options["path"]
        if not path.is_file():
            self._usage(f"There is no file {path}.")
        began = time.monotonic()
        try:
            record_types.get(options["record_type"])
            ingestion = ingestions.submit(
                blocks=blocks_of(path),
                file_name=path.name,
                record_type=options["record_type"],
                source=ingestions.source_of(options["source"]),
                door="cluster command" if options["queue"] else "command",
                mapping=options["mapping"],
                sheet=options["sheet"],
                period_start=options["period_start"],
                period_end=options["period_end"],
                declared=options.get("declared") or "",
                enqueue=options["queue"],
                on_duplicate="supersede",
            )
        except MappingProblem as problem:
            self._usage(str(problem))
        except StateProblem as problem:
            self.stderr.write(str(problem))
            raise SystemExit(1) from problem
        is_done = True
        try:
            follow(
                ingestion,
                queue=options["queue"],
                approve=options["approve"],
                timeout=options["timeout"],
            )
        except ImporterError as problem:
            is_done = not withdrawn(ingestion)
            self.stderr.write(str(problem))
        except Exception:  # noqa: BLE001 - the ingestion is "failed", and says so
            self.stderr.write(traceback.format_exc())
        ingestion.refresh_from_db()
        self._say(outcome(ingestion, time.monotonic() - began), options["json"])
        raise SystemExit(0 if is_done and ingestion.status in GOOD else 1)

    def _usage(self, message: str) -> None:
        self.stderr.write(message)
        raise SystemExit(2)

    def _say(self, told: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.stdout.write(
            f"Ingestion {told['ingestion']}: {told['status']}. "
            f"{in_words(told['rows'])} ({told['seconds']['total']:.1f} s)."
        )
        if told["message"]:
            self.stdout.write(told["message"])
        for code, count in sorted(told["issues"]["by_code"].items()):
            self.stdout.write(f"  {count:>8,}  {code}")


def _date(text: str) -> Any:
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-06-30")
    return found
