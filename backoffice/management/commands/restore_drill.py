"""``manage.py restore_drill``: the newest backup proves itself by being restored."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backoffice.backups import drilling
from backoffice.backups.problems import BackupProblem, Busy


class Command(BaseCommand):
    """Restore a backup into a database of its own, look into it, drop it."""

    help = (
        "Prove a backup by restoring it: 0 good, 1 not, 2 a drill is at work already."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("key", nargs="?", default="latest", help="default: latest")

    def handle(self, *args: Any, **options: Any) -> None:
        """Drill; ends with the exit code that the help text names."""
        try:
            done = drilling.drill(options["key"])
        except BackupProblem as problem:
            self.stderr.write(str(problem))
            raise SystemExit(2 if isinstance(problem, Busy) else 1) from problem
        self.stdout.write(
            f"{done.key} is good: {done.rows:,} rows restored and compared in "
            f"{done.restore_seconds:.1f} s, {done.files:,} files found."
        )
        for note in done.notes:
            self.stdout.write(note)
