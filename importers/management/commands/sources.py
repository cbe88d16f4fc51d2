"""``manage.py sources``: senders in a YAML file, kept in version control."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importers.services import declared_sources
from importers.services.feed_yaml import BadFeedFile


class Command(BaseCommand):
    """Apply a file of senders, or write one."""

    help = "Apply or export senders: 0 done, 2 what is wrong, by line."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        actions = parser.add_subparsers(dest="action", required=True)
        apply = actions.add_parser("apply", help="create or update what FILE declares")
        apply.add_argument("path", type=Path, metavar="FILE")
        apply.add_argument("--json", action="store_true", help="print one JSON list")
        export = actions.add_parser("export", help="write all senders")
        export.add_argument("path", type=Path, metavar="FILE", nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply or export; ends with the exit code that the help text names."""
        if options["action"] == "apply":
            self._apply(options["path"], options["json"])
        else:
            self._export(options["path"])

    def _apply(self, path: Path, as_json: bool) -> None:
        try:
            outcomes = declared_sources.apply(path.read_text("utf-8-sig"))
        except OSError as error:
            self.stderr.write(f"{path} cannot be read: {error.strerror}.")
            raise SystemExit(2) from error
        except UnicodeDecodeError as error:
            self.stderr.write(f"{path} is no UTF-8 text. Save it as UTF-8.")
            raise SystemExit(2) from error
        except BadFeedFile as problem:
            for line, said in problem.problems:
                self.stderr.write(f"{path}:{line}: {said}")
            raise SystemExit(2) from problem
        if as_json:
            told = [
                {"code": o.code, "outcome": o.outcome, "changed": list(o.changed)}
                for o in outcomes
            ]
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for one in outcomes:
            changed = f" ({', '.join(one.changed)})" if one.changed else ""
            self.stdout.write(f"{one.code}: {one.outcome}{changed}")

    def _export(self, path: Path | None) -> None:
        text = declared_sources.export()
        if path is None:
            self.stdout.write(text, ending="")
            return
        try:
            path.write_text(text, "utf-8")
        except OSError as error:
            self.stderr.write(f"{path} cannot be written: {error.strerror}.")
            raise SystemExit(2) from error
