"""How the backups stand: the last good one, the last drill, and what is wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

_STANDING = """
    SELECT good.at, good.size, good.seconds, tried.problem,
        proved.at, proved.restore_seconds, drilled.problem, first.at
    FROM (SELECT) one
    LEFT JOIN (SELECT * FROM backoffice_backup WHERE problem = ''
               ORDER BY at DESC LIMIT 1) good ON true
    LEFT JOIN (SELECT problem FROM backoffice_backup
               ORDER BY at DESC LIMIT 1) tried ON true
    LEFT JOIN (SELECT * FROM backoffice_drill WHERE problem = ''
               ORDER BY at DESC LIMIT 1) proved ON true
    LEFT JOIN (SELECT problem FROM backoffice_drill
               ORDER BY at DESC LIMIT 1) drilled ON true
    LEFT JOIN (SELECT min(at) AS at FROM backoffice_backup
               WHERE problem = '') first ON true
"""


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
    first_backup_at: datetime | None = None

    @property
    def is_late(self) -> bool:
        """Whether a good backup is overdue."""
        return _is_before(
            self.backup_at, timedelta(hours=settings.BACKUP_MAX_AGE_HOURS)
        )

    @property
    def is_drill_late(self) -> bool:
        """Whether a good drill is overdue; the first one has as long as the next."""
        last = self.drill_at or self.first_backup_at
        return _is_before(last, timedelta(days=settings.DRILL_MAX_AGE_DAYS))

    @property
    def is_good(self) -> bool:
        """Whether there is nothing to worry about."""
        problem = self.backup_problem or self.drill_problem
        return not (problem or self.is_late or self.is_drill_late)


def _is_before(at: datetime | None, age: timedelta) -> bool:
    return at is None or at < timezone.now() - age


def standing() -> Standing:
    """How things stand now; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING)
        found = cursor.fetchone()
    at, size, seconds, failed, drill_at, restore_seconds, drill_failed, first = found
    return Standing(
        backup_at=at,
        size=size or 0,
        seconds=seconds or 0.0,
        backup_problem=failed or "",
        drill_at=drill_at,
        restore_seconds=restore_seconds or 0.0,
        drill_problem=drill_failed or "",
        first_backup_at=first,
    )
