"""``manage.py collect``: inboxes looked into, for people and scripts."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importers.models import Inbox
from importers.services import collecting
from importers.services.collecting import Look


class Command(BaseCommand):
    """Look into inboxes and say what was found."""

    help = "Look into inboxes: 0 all went well, 1 one could not be read, 2 bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument(
            "inbox", nargs="?", default="", help="code of one; without it, all"
        )
        parser.add_argument(
            "--once",
            action="store_true",
            help="look once; otherwise a second time for what has to be at rest first",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Look; ends with the exit code that the help text names."""
        is_good = True
        for inbox in self._chosen(options["inbox"]):
            look = collecting.collect(inbox.pk)
            if look is not None and look.waiting and not options["once"]:
                self.stdout.write(f"{inbox.code}: waiting {inbox.settle_seconds} s.")
                time.sleep(inbox.settle_seconds)
                again = collecting.collect(inbox.pk)
                look = _both(look, again) if again is not None else None
            is_good &= look is not None
            self._say(inbox, look)
        raise SystemExit(0 if is_good else 1)

    def _chosen(self, code: str) -> list[Inbox]:
        rows = Inbox.objects.order_by("code")
        chosen = list(rows.filter(code=code) if code else rows.filter(is_active=True))
        if code and not (chosen and chosen[0].is_active):
            known = ", ".join(
                rows.filter(is_active=True).values_list("code", flat=True)
            )
            self.stderr.write(
                f"There is no inbox “{code}” in use. Known: {known or 'none'}."
            )
            raise SystemExit(2)
        return chosen

    def _say(self, inbox: Inbox, look: Look | None) -> None:
        if look is None:
            inbox.refresh_from_db()
            self.stderr.write(f"{inbox.code}: {inbox.problem}")
            return
        self.stdout.write(
            f"{inbox.code}: {look.taken} handed in, {look.duplicate} already in, "
            f"{look.rejected} refused, {look.waiting} waiting."
        )


def _both(first: Look, second: Look) -> Look:
    return Look(
        seen=first.seen,
        waiting=second.waiting,
        taken=first.taken + second.taken,
        rejected=first.rejected + second.rejected,
        duplicate=first.duplicate + second.duplicate,
        unreadable=second.unreadable,
    )
