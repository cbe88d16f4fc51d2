"""``manage.py match``: which header of a file means which field."""

import json
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importers import record_types
from importers.exceptions import FileProblem, MappingProblem
from importers.readers.sandbox import spill
from importers.services import ingestions, mappings


class Command(BaseCommand):
    """Match one file's headers, write nothing."""

    help = "Match a file's headers to fields: 0 done, 1 unreadable file, 2 bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--type", required=True, dest="record_type")
        parser.add_argument("--source", default="", help="code of the sender")
        parser.add_argument("--sheet", default=None, help="sheet of a workbook")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Match; ends with the exit code that the help text names."""
        path: Path = options["path"]
        if not path.is_file():
            self.stderr.write(f"There is no file {path}.")
            raise SystemExit(2)
        try:
            kind = record_types.get(options["record_type"])
            source = ingestions.source_of(options["source"])
            with tempfile.TemporaryDirectory(prefix="match-") as folder:
                spilled = spill(path, folder, sheet=options["sheet"], name=path.name)
                found, _ = mappings.matches_for(spilled.header, kind, source, None)
        except MappingProblem as problem:
            self.stderr.write(str(problem))
            raise SystemExit(2) from problem
        except FileProblem as problem:
            self.stderr.write(str(problem))
            raise SystemExit(1) from problem
        told = found.as_json()
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for header, choice in told["columns"].items():
            field = choice["field"] or "-"
            self.stdout.write(f"{choice['decision']:<7}{header} -> {field}")
        for name in told["missing"]:
            self.stdout.write(f"missing: {name}")
