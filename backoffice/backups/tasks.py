"""What the cluster does about backups, at its times or when somebody asks."""

import logging

from backoffice.backups import drilling, making
from backoffice.backups.problems import Busy
from importers import log_context

logger = logging.getLogger(__name__)


def backup() -> None:
    """Make a backup, unless one is being made."""
    with log_context.task("backup"):
        try:
            making.make()
        except Busy as reason:
            logger.info("No backup: %s", reason)


def restore_drill() -> None:
    """Restore the newest backup into a database of its own, unless that is going on."""
    with log_context.task("restore drill"):
        try:
            drilling.drill()
        except Busy as reason:
            logger.info("No restore drill: %s", reason)
