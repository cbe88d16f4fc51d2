"""Tasks for a real cluster in the tests: they leave marks in its VAR_DIR."""

import sys
import time

from django.conf import settings

from importers import log_context

SAID = "said past every logger"


def leave_mark(number: int) -> None:
    """Say that this task ran: one line in a file of its own for each run."""
    with (settings.VAR_DIR / f"mark-{number}").open("a") as marks:
        marks.write("ran\n")


def work_long(number: int) -> None:
    """Be busy for half a minute, then leave a mark."""
    leave_mark(-number)
    time.sleep(30)
    leave_mark(number)


def fail(number: int) -> None:
    """Say something past every logger, then fail over somebody's data."""
    with log_context.task("fail", ingestion=number):
        sys.stderr.write(f"{SAID}\n")
        name = "J" + "ane"
        message = (
            f"It cannot be stored.\nDETAIL:  Key (name)=({name}) is there already."
        )
        raise ValueError(message)


def reap() -> int:
    """A reaper that can be seen: it leaves its mark at every call."""
    leave_mark(0)
    return 0


def keep_house() -> None:
    """A task of the housekeeping: it takes nothing."""
