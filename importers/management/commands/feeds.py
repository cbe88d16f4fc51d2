"""``manage.py feeds``: services and feeds in a YAML file, kept in version control."""

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importers.services import feed_files
from importers.services.feed_settings import Outcome
from importers.services.feed_yaml import BadFeedFile


class Command(BaseCommand):
    """Apply a file of services and feeds, or write one."""

    help = "Apply or export services and feeds: 0 done, 2 what is wrong, by line."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        actions = parser.add_subparsers(dest="action", required=True)
        apply = actions.add_parser("apply", help="create or update what FILE declares")
        apply.add_argument("path", type=Path, metavar="FILE")
        apply.add_argument("--check", action="store_true", help="write nothing")
        apply.add_argument("--json", action="store_true", help="print one JSON object")
        export = actions.add_parser("export", help="write all services and feeds")
        export.add_argument("--output", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply or export; ends with the exit code that the help text names."""
        if options["action"] == "apply":
            self._apply(options["path"], options["check"], options["json"])
        else:
            self._export(options["output"])

    def _apply(self, path: Path, is_trial: bool, as_json: bool) -> None:
        try:
            outcomes = feed_files.apply(
                path.read_text("utf-8-sig"), environment=os.environ, is_trial=is_trial
            )
        except OSError as error:
            self.stderr.write(f"{path} cannot be read: {error.strerror}.")
            raise SystemExit(2) from error
        except UnicodeDecodeError as error:
            self.stderr.write(f"{path} is no UTF-8 text. Save it as UTF-8.")
            raise SystemExit(2) from error
        except BadFeedFile as problem:
            self._refuse(path, problem, as_json)
            raise SystemExit(2) from problem
        self._tell(outcomes, is_trial, as_json)

    def _refuse(self, path: Path, problem: BadFeedFile, as_json: bool) -> None:
        for line, said in problem.problems:
            self.stderr.write(f"{path}:{line}: {said}")
        if as_json:
            told = [{"line": line, "message": said} for line, said in problem.problems]
            self._print({"problems": told})

    def _tell(self, outcomes: list[Outcome], is_trial: bool, as_json: bool) -> None:
        if as_json:
            told: dict[str, Any] = {"services": [], "feeds": []}
            for one in outcomes:
                told[f"{one.kind}s"].append(
                    {
                        "code": one.code,
                        "outcome": one.outcome,
                        "changed": list(one.changed),
                    }
                )
            self._print({"written": not is_trial, **told})
            return
        for one in outcomes:
            changed = f" ({', '.join(one.changed)})" if one.changed else ""
            self.stdout.write(f"{one.kind:<8}{one.code}: {one.outcome}{changed}")
        if is_trial:
            self.stdout.write("Nothing was written (--check).")

    def _print(self, told: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(told, ensure_ascii=False))

    def _export(self, output: Path | None) -> None:
        text = feed_files.export()
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, "utf-8")
        except OSError as error:
            self.stderr.write(f"{output} cannot be written: {error.strerror}.")
            raise SystemExit(2) from error
