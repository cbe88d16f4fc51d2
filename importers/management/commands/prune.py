"""Clears what was kept long enough (docs/retention.md), or says what it would clear."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from importers.services import retention


class Command(BaseCommand):
    """The housekeeping of the night, at once; safe to run at any time and twice."""

    help = "Clear what was kept long enough."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be cleared"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each rule that finds something."""
        is_dry = options["dry_run"]
        said = "Would clear" if is_dry else "Cleared"
        found = retention.prune(is_dry=is_dry, longest_seconds=24 * 3600.0)
        for pruned in found:
            if pruned.count:
                self.stdout.write(f"{said}: {pruned.count:,} {pruned.what}.")
        if not any(pruned.count for pruned in found):
            self.stdout.write("There is nothing to clear.")
