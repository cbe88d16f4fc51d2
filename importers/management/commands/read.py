"""``manage.py read``: a file's table as it was read, before any mapping."""

import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importers.exceptions import FileProblem
from importers.readers.sandbox import Spilled, spill


class Command(BaseCommand):
    """Read one file, write nothing."""

    help = "Print a file's table: 0 done, 1 unreadable file, 2 bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--sheet", default=None, help="sheet of a workbook")
        form = parser.add_mutually_exclusive_group(required=True)
        form.add_argument("--csv", action="store_true", help="the rows, RFC 4180")
        form.add_argument("--json", action="store_true", help="what the table is like")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read; ends with the exit code that the help text names."""
        path: Path = options["path"]
        if not path.is_file():
            self.stderr.write(f"There is no file {path}.")
            raise SystemExit(2)
        try:
            with tempfile.TemporaryDirectory(prefix="read-") as folder:
                spilled = spill(path, folder, sheet=options["sheet"], name=path.name)
                if options["csv"]:
                    self._rows(spilled)
                else:
                    told = json.dumps(self._described(spilled), ensure_ascii=False)
                    self.stdout.write(told)
        except FileProblem as problem:
            self.stderr.write(str(problem))
            raise SystemExit(1) from problem

    def _rows(self, spilled: Spilled) -> None:
        out = getattr(self.stdout, "_out", sys.stdout)
        if hasattr(out, "reconfigure"):
            out.reconfigure(encoding="utf-8", newline="")
        writer = csv.writer(out)
        if spilled.header:
            writer.writerow(spilled.header)
        for chunk in spilled.chunks():
            writer.writerows(row[1:] for row in chunk.iter_rows())

    def _described(self, spilled: Spilled) -> dict[str, Any]:
        return {
            "format": spilled.format,
            "encoding": spilled.encoding,
            "delimiter": spilled.delimiter,
            "sheet": spilled.sheet,
            "header_rows": list(spilled.header_rows),
            "columns": list(spilled.header),
            "rows": spilled.row_count,
            "skipped": spilled.skipped_count,
        }
