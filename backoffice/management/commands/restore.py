"""``manage.py restore KEY --into URL``: a backup put back into a database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from backoffice.backups import restored, restoring
from backoffice.backups.databases import Database
from backoffice.backups.problems import BackupProblem, NoSuchBackup, Unsuitable


class Command(BaseCommand):
    """Check, restore, compare; in one transaction, into an empty database."""

    help = (
        "Restore a backup: 0 done and compared, 1 failed, 2 no such backup or a "
        "database that may not be restored into. The password may stand in "
        "PGPASSWORD or PGPASSFILE instead of the URL."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("key", help="name of the backup, or: latest")
        parser.add_argument("--into", required=True, metavar="URL", help="the database")
        parser.add_argument(
            "--replace", action="store_true", help="it may hold records; they go"
        )
        parser.add_argument(
            "--live",
            action="store_true",
            help="it may be the one that this back office uses; stop web and workers",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore; ends with the exit code that the help text names."""
        try:
            into = Database.of_url(options["into"])
            done = restoring.restore(
                options["key"],
                into,
                replace=options["replace"],
                into_live=options["live"],
            )
            with restored.connected(into) as alias:
                pending = restored.pending_migrations(alias)
        except BackupProblem as problem:
            self.stderr.write(str(problem))
            is_usage = isinstance(problem, NoSuchBackup | Unsuitable)
            raise SystemExit(2 if is_usage else 1) from problem
        manifest = done.manifest
        self.stdout.write(
            f"{manifest.key} restored in {done.seconds:.1f} s: {manifest.rows:,} rows "
            f"of {len(manifest.tables)} tables, each as it was backed up."
        )
        if pending:
            self.stdout.write(
                f"The program is newer than the backup: run manage.py bootstrap "
                f"({len(pending)} migrations)."
            )
