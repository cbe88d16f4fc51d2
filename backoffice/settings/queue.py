"""Django-Q2 on the project's own PostgreSQL, or on SQS (docs/scale.md).

There are two queues, each with workers of its own: *quick* for what takes seconds and
*heavy* for large files. Time-outs are in seconds. The lock of a task runs from the
moment the pusher takes it, not from the start of the work, and the pusher holds
`queue_limit` tasks and one more: `retry` must outlast that wait, or a task runs twice
without any failure.
"""

import socket
from math import ceil
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured

from backoffice.settings.environment import env

MOST_VISIBILITY_SECONDS = 12 * 3600  # SQS has no longer time-out
QUEUE_LIMIT = 1


def retry_after(timeout: int, workers: int) -> int:
    """Seconds after which a task that was taken is given to another worker."""
    return timeout * (1 + ceil((QUEUE_LIMIT + 1) / max(workers, 1))) + 60


def sqs_of(url: str) -> dict[str, Any]:
    """What `QUEUE_URL` says of SQS: region, name of the queues, end point; empty: ORM.

    Raises ImproperlyConfigured for any other kind of queue.
    """
    parts = urlsplit(url)
    if url == "orm":
        return {}
    if parts.scheme in {"redis", "rediss"}:
        raise ImproperlyConfigured(
            "QUEUE_URL: Redis is no queue here. Django-Q takes a task out of Redis "
            "before it is worked on, so what a killed worker had is lost. Use orm or "
            "sqs://REGION; a Redis is of use as a cache (CACHE_URL)."
        )
    if parts.scheme != "sqs" or not parts.netloc:
        raise ImproperlyConfigured(
            f"QUEUE_URL is “{url}”; it is orm (the default) or sqs://REGION, such as "
            "sqs://eu-west-1 or sqs://eu-west-1/NAME-OF-THE-QUEUES."
        )
    return {
        "region": parts.netloc,
        "name": parts.path.strip("/") or "reinsurance",
        "endpoint": parse_qs(parts.query).get("endpoint", [""])[0] or None,
        "wait_seconds": 2,  # of one question; a stopping cluster waits for its end
    }


# -- where tasks wait -----------------------------------------------------------------
QUEUE_SQS = sqs_of(env.str("QUEUE_URL", default="orm"))
QUEUE_BROKER = "backoffice.sqs_broker.SqsBroker" if QUEUE_SQS else ""
# Django-Q's names; tasks are signed with the first, whatever SQS calls the queues.
QUICK_QUEUE, HEAVY_QUEUE = "reinsurance", "reinsurance-heavy"

# -- what is heavy --------------------------------------------------------------------
HEAVY_MB = env.float("HEAVY_MB", default=8.0)  # files, and what a sync fetched last
HEAVY_ROWS = env.int("HEAVY_ROWS", default=50_000)  # loads, and undoing them
HEAVY_SECONDS = env.float("HEAVY_SECONDS", default=60.0)  # what a feed's last sync took
# Tasks that are heavy whatever they are about, by dotted path.
HEAVY_TASKS = {
    "importers.tasks.prune",
    "backoffice.backups.tasks.backup",
    "backoffice.backups.tasks.restore_drill",
    "backoffice.audit.tasks.clear_away",
}
# How long a load waits for another one of the same kind before it lets others go first.
LOAD_TURN_SECONDS = env.float("LOAD_TURN_SECONDS", default=2.0)

# -- workers --------------------------------------------------------------------------
Q_WORKERS = env.int("Q_WORKERS", default=2)
Q_TIMEOUT = env.int("Q_TIMEOUT", default=1800)
Q_HEAVY_WORKERS = env.int("Q_HEAVY_WORKERS", default=1)
Q_HEAVY_TIMEOUT = env.int("Q_HEAVY_TIMEOUT", default=7200)

Q_CLUSTER = {
    "name": QUICK_QUEUE,
    "orm": "default",  # a task is enqueued in the transaction of its data
    "broker_class": QUEUE_BROKER or "backoffice.orm_broker.OrmBroker",
    "workers": Q_WORKERS,
    "daemonize_workers": False,  # a worker starts the parser's child process
    "queue_limit": QUEUE_LIMIT,
    "bulk": 1,
    "timeout": Q_TIMEOUT,
    "retry": retry_after(Q_TIMEOUT, Q_WORKERS),
    "ack_failures": True,  # our own attempts count; a failed task is not run blindly
    "catch_up": False,
    "save_limit": -1,  # a limit makes every save lock and load all kept successes
    "poll": 0.5,
    "recycle": 100,
    "guard_cycle": 0.5,
    "log_level": "INFO",  # the watchdog reads "… death" from the log
    "label": "Queue",
    # Schedules that name no cluster belong to the quick queue, and to it alone.
    "ALT_CLUSTERS": {
        HEAVY_QUEUE: {
            "workers": Q_HEAVY_WORKERS,
            "timeout": Q_HEAVY_TIMEOUT,
            "retry": retry_after(Q_HEAVY_TIMEOUT, Q_HEAVY_WORKERS),
        }
    },
}
if QUEUE_BROKER:
    _longest = max(
        retry_after(Q_TIMEOUT, Q_WORKERS),
        retry_after(Q_HEAVY_TIMEOUT, Q_HEAVY_WORKERS),
    )
    if _longest > MOST_VISIBILITY_SECONDS:
        raise ImproperlyConfigured(
            f"SQS hides a task that was taken for {MOST_VISIBILITY_SECONDS:,} seconds "
            f"at most, and these time-outs need {_longest:,}. Lower Q_TIMEOUT or "
            "Q_HEAVY_TIMEOUT, or have more workers."
        )

# Seconds a stopping cluster may use to finish its tasks before it is killed. Honcho
# kills after 5; a production supervisor should allow more (see README.md).
Q_STOP_SECONDS = env.float("Q_STOP_SECONDS", default=4.0)
# What the watchdog calls every few seconds to free ingestions that lost their worker.
Q_REAPER = env.str("Q_REAPER", default="importers.services.reaper.reap")
Q_REAP_SECONDS = env.float("Q_REAP_SECONDS", default=5.0)
# How often a cluster says that it is at work, and when silence means that it is not.
BEAT_SECONDS = env.float("BEAT_SECONDS", default=5.0)
BEAT_STALE_SECONDS = 3 * BEAT_SECONDS + 5
# A worker not heard of for so many seconds has lost its ingestion to the next.
LEASE_STALE_SECONDS = env.int("LEASE_STALE_SECONDS", default=30)
# The name of this machine in leases; containers may all be called the same.
MACHINE_NAME = env.str("MACHINE_NAME", default="") or socket.gethostname()

# What the cluster does without anybody asking: function without arguments, by dotted
# path, to what it is called on the schedules' page and its times at first (cron, UTC).
# `manage.py bootstrap` makes the schedules; their times may be changed there.
HOUSEKEEPING: dict[str, tuple[str, str]] = {
    "importers.tasks.collect_inboxes": ("Collect inboxes", "* * * * *"),
    "importers.tasks.prune": ("Clear what was kept long enough", "30 3 * * *"),
    "backoffice.backups.tasks.backup": ("Back up the database", "0 2 * * *"),
    "backoffice.backups.tasks.restore_drill": (
        "Prove the newest backup by restoring it",
        "0 4 * * 0",
    ),
    "backoffice.audit.tasks.clear_away": (
        "Clear away old audit entries, tokens, sessions and sign-ins",
        "40 2 * * *",
    ),
}
