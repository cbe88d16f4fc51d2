"""``manage.py backup``: a backup of the database, now."""

from typing import Any

from django.core.management.base import BaseCommand

from backoffice.backups import making, words
from backoffice.backups.problems import BackupProblem, Busy


class Command(BaseCommand):
    """Make a backup and let go of those that are kept no longer."""

    help = "Back up the database: 0 done, 1 failed, 2 one is being made already."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Back up; ends with the exit code that the help text names."""
        try:
            made = making.make()
        except BackupProblem as problem:
            self.stderr.write(str(problem))
            raise SystemExit(2 if isinstance(problem, Busy) else 1) from problem
        self.stdout.write(
            f"{made.key}: {words.size(made.size)}, {sum(made.tables.values()):,} rows "
            f"of {len(made.tables)} tables, {made.seconds:.1f} s."
        )
