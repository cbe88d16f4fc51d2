"""How the backups stand: the last good one, the last drill, and what is wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from backoffice.backups.models import Backup, Drill


@dataclass(frozen=True, slots=True)
class Standing:
    """When the last good backup and drill were; ``problem`` of the newest try of each.

    None: there has been none.
    """

    backup_at: datetime | None
    size: int
    seconds: float
    backup_problem: str
    drill_at: datetime | None
    restore_seconds: float
    drill_problem: str

    @property
    def is_late(self) -> bool:
        """Whether a good backup is overdue."""
        return _is_before(
            self.backup_at, timedelta(hours=settings.BACKUP_MAX_AGE_HOURS)
        )

    @property
    def is_drill_late(self) -> bool:
        """Whether a good drill is overdue."""
        return _is_before(self.drill_at, timedelta(days=settings.DRILL_MAX_AGE_DAYS))

    @property
    def is_good(self) -> bool:
        """Whether there is nothing to worry about."""
        problem = self.backup_problem or self.drill_problem
        return not (problem or self.is_late or self.is_drill_late)


def _is_before(at: datetime | None, age: timedelta) -> bool:
    return at is None or at < timezone.now() - age


def standing() -> Standing:
    """How things stand now; four small queries."""
    backup = Backup.objects.filter(problem="").defer("tables").first()
    tried = Backup.objects.values_list("problem", flat=True).first()
    drill = Drill.objects.filter(problem="").first()
    drilled = Drill.objects.values_list("problem", flat=True).first()
    return Standing(
        backup_at=backup.at if backup else None,
        size=backup.size if backup else 0,
        seconds=backup.seconds if backup else 0.0,
        backup_problem=tried or "",
        drill_at=drill.at if drill else None,
        restore_seconds=drill.restore_seconds if drill else 0.0,
        drill_problem=drilled or "",
    )
