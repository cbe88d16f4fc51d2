"""``manage.py undo``: a load taken back at once, for people and scripts."""

import json
import traceback
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importers.exceptions import ImporterError
from importers.models import Ingestion
from importers.services import ingestions, undoing
from importers.values import Status


class Command(BaseCommand):
    """Undo one load and say what became of it."""

    help = "Undo a load: 0 undone, 1 not, 2 bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("number", type=int, help="number of the ingestion")
        parser.add_argument("--reason", required=True, help="why; the log keeps it")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Undo; ends with the exit code that the help text names."""
        ingestion = Ingestion.objects.filter(pk=options["number"]).first()
        if ingestion is None:
            self.stderr.write(f"There is no ingestion {options['number']}.")
            raise SystemExit(2)
        problem = self._undo(ingestion, options["reason"])
        ingestion.refresh_from_db()
        event = ingestion.events.order_by("-pk").first()
        told = {
            "ingestion": ingestion.pk,
            "message": problem or (event.message if event else ""),
            "status": ingestion.status,
        }
        is_undone = ingestion.status == Status.UNDONE and not problem
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            stream = self.stdout if is_undone else self.stderr
            stream.write(
                f"Ingestion {told['ingestion']}: {told['status']}. {told['message']}"
            )
        raise SystemExit(0 if is_undone else 1)

    def _undo(self, ingestion: Ingestion, reason: str) -> str:
        """Take the load back; what stands in the way, empty where the log tells."""
        try:
            if ingestion.status != Status.UNDOING:  # else asked for, and left over
                ingestions.undo(ingestion.pk, user=None, reason=reason, enqueue=False)
            undoing.undo(ingestion.pk)
        except ImporterError as problem:
            return str(problem)
        except Exception as error:  # noqa: BLE001 - nothing of it is committed
            self.stderr.write(traceback.format_exc())
            return f"{type(error).__name__}: {error}"
        return ""
