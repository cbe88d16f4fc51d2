"""What the home page says of the machine: backups, drills, and whether a worker works.

For those who watch over it; what was asked half a minute ago is not asked again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.urls import reverse

from backoffice.backups import words
from backoffice.backups.standing import Standing, standing
from importers import queue
from importers.services import beats

Answer = TypeVar("Answer")

SECONDS = 30
NO_WORKER = (
    "No worker is at work: files that come in wait. Start one (manage.py cluster)."
)
UNSERVED = {
    (queue.QUICK, queue.HEAVY): NO_WORKER,
    (queue.QUICK,): "No worker does quick work: small files wait. Start one "
    "(manage.py cluster --queue quick).",
    (queue.HEAVY,): "No worker does heavy work: large files and backups wait. Start "
    "one (manage.py cluster --queue heavy).",
}
"""What is said where no cluster serves these queues."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said of the machine, and where more of it stands."""

    label: str
    url: str
    is_bad: bool


def lines_for(user: User) -> list[Line]:
    """What the user is told; nothing where the machine is not their business."""
    if not user.has_perm("backoffice.view_backup"):
        return []
    lines = _backups(_known("backups", standing))
    if user.has_perm("django_q.view_ormq"):
        unserved = tuple(_known("unserved", beats.unserved))
        if unserved:
            waiting = reverse("admin:django_q_ormq_changelist")
            lines.insert(0, Line(UNSERVED[unserved], waiting, is_bad=True))
    return lines


def _known(what: str, ask: Callable[[], Answer]) -> Answer:
    """The answer of a moment ago; in a transaction nothing is kept."""
    if not connection.get_autocommit():
        return ask()
    known: Any = cache.get_or_set(f"machine:{what}", ask, SECONDS)
    return cast(Answer, known)


def _backups(stands: Standing) -> list[Line]:
    backups = reverse("admin:backoffice_backup_changelist")
    drills = reverse("admin:backoffice_drill_changelist")
    said = "No backup has been made yet"
    if stands.backup_at is not None:
        said = f"Last good backup: {words.age(stands.backup_at)}"
    lines = [Line(said, backups, stands.is_late)]
    if stands.backup_problem:
        said = f"The newest backup failed. {stands.backup_problem}"
        lines.append(Line(said, backups, is_bad=True))
    if stands.drill_problem:
        said = f"The newest restore drill failed. {stands.drill_problem}"
        lines.append(Line(said, drills, is_bad=True))
    elif stands.is_drill_late and stands.backup_at is not None:
        said = "No backup has been proved by restoring it yet"
        if stands.drill_at is not None:
            said = f"Last restore drill: {words.age(stands.drill_at)}"
        lines.append(Line(said, drills, is_bad=True))
    return lines
