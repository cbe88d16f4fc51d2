"""``manage.py backups``: what can be restored, as the backup storage has it.

Read from the storage, so that it answers when the database is lost.
"""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from backoffice.backups import shelf, words
from backoffice.backups.manifests import Manifest
from backoffice.backups.models import Backup
from backoffice.backups.problems import BackupProblem, Damaged


class Command(BaseCommand):
    """List the backups, the newest first."""

    help = "List the backups: 0 there are some, 1 none or the storage is away."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        """List; ends with the exit code that the help text names."""
        try:
            found = [_read(key) for key in shelf.kept()]
        except BackupProblem as problem:
            self.stderr.write(str(problem))
            raise SystemExit(1) from problem
        proved = _proved()
        if options["json"]:
            self.stdout.write(json.dumps([_told(m, proved) for m in found if m]))
        for manifest in found if not options["json"] else ():
            self.stdout.write(_line(manifest, proved) if manifest else "Damaged.")
        if not found:
            self.stderr.write("There is no backup yet.")
            raise SystemExit(1)


def _read(key: str) -> Manifest | None:
    try:
        return shelf.manifest_of(key)
    except Damaged:
        return None


def _proved() -> dict[str, datetime | None]:
    """When each was proved; nothing is known of that without the database."""
    try:
        return dict(Backup.objects.values_list("key", "verified_at"))
    except DatabaseError:
        return {}


def _line(manifest: Manifest, proved: dict[str, datetime | None]) -> str:
    at = proved.get(manifest.key)
    said = f"proved {words.age(at)}" if at else "not proved"
    return (
        f"{manifest.key}  {words.age(manifest.at):>16}  "
        f"{words.size(manifest.size):>10}  {manifest.rows:>13,} rows  "
        f"PostgreSQL {manifest.server}  {said}"
    )


def _told(manifest: Manifest, proved: dict[str, datetime | None]) -> dict[str, Any]:
    at = proved.get(manifest.key)
    return {
        "key": manifest.key,
        "at": manifest.at.isoformat(),
        "size": manifest.size,
        "rows": manifest.rows,
        "tables": len(manifest.tables),
        "seconds": manifest.seconds,
        "server": manifest.server,
        "verified_at": at.isoformat() if at else None,
    }
