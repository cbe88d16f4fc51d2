"""``manage.py storage``: whether the store of files is fit, and moving into another."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from importers.exceptions import StoreProblem
from importers.services import stores


class Command(BaseCommand):
    """Check the store, make a bucket, move files into it."""

    help = "Check the store of files, or move a folder into the configured bucket."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parts = parser.add_subparsers(dest="part", required=True)
        check = parts.add_parser("check", help="write, read and delete a file")
        check.add_argument(
            "--create",
            action="store_true",
            help="make the bucket first: private, encrypted, versioned",
        )
        move = parts.add_parser("move", help="copy a folder's files into the bucket")
        move.add_argument(
            "--from",
            dest="folder",
            type=Path,
            default=settings.MEDIA_ROOT,
            help="the folder; VAR_DIR/storage where nothing is said",
        )
        move.add_argument(
            "--delete",
            action="store_true",
            help="take each file out of the folder once it is safe in the bucket",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; exit code 0 where all is well, else 1."""
        try:
            is_good = self._check(**options) if options["part"] == "check" else True
            if options["part"] == "move":
                self._move(options["folder"], delete=options["delete"])
        except StoreProblem as problem:
            self.stderr.write(problem.message)
            is_good = False
        raise SystemExit(0 if is_good else 1)

    def _check(self, create: bool, **_: Any) -> bool:
        if create:
            stores.make_bucket()
        facts = stores.examine()
        for fact in facts:
            self.stdout.write(f"{'ok ' if fact.is_good else 'NOT'}  {fact.said}")
        return all(fact.is_good for fact in facts)

    def _move(self, folder: Path, *, delete: bool) -> None:
        copied = there = size = 0
        for moved in stores.move_in(folder, delete=delete):
            copied += not moved.was_there
            there += moved.was_there
            size += 0 if moved.was_there else moved.size
        self.stdout.write(
            f"{copied:,} files copied ({size:,} bytes), {there:,} were there already. "
            f"{'The folder is empty now.' if delete else 'The folder is as it was.'}"
        )
