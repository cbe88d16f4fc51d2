"""Django-Q2 on the project's own PostgreSQL (reasons: "Queue" in README.md).

Time-outs in seconds. The lock of a task runs from the moment the pusher takes it,
not from the start of the work, and the pusher holds `queue_limit` tasks and one
more: `retry` must outlast that wait, or a task runs twice without any failure.
"""

from math import ceil

from backoffice.settings.environment import env

Q_WORKERS = env.int("Q_WORKERS", default=2)
Q_TIMEOUT = env.int("Q_TIMEOUT", default=1800)
_QUEUE_LIMIT = 1
_ROUNDS = 1 + ceil((_QUEUE_LIMIT + 1) / Q_WORKERS)

Q_CLUSTER = {
    "name": "reinsurance",
    "orm": "default",  # a task is enqueued in the transaction of its data
    "workers": Q_WORKERS,
    "daemonize_workers": False,  # a worker starts the parser's child process
    "queue_limit": _QUEUE_LIMIT,
    "bulk": 1,
    "timeout": Q_TIMEOUT,
    "retry": Q_TIMEOUT * _ROUNDS + 60,
    "ack_failures": True,  # our own attempts count; a failed task is not run blindly
    "catch_up": False,
    "save_limit": -1,  # a limit makes every save lock and load all kept successes
    "poll": 0.5,
    "recycle": 100,
    "guard_cycle": 0.5,
    "log_level": "INFO",  # the watchdog reads "… death" from the log
    "label": "Queue",
}

# Seconds a stopping cluster may use to finish its tasks before it is killed. Honcho
# kills after 5; a production supervisor should allow more (see README.md).
Q_STOP_SECONDS = env.float("Q_STOP_SECONDS", default=4.0)
# What the watchdog calls every few seconds to free ingestions that lost their worker.
Q_REAPER = env.str("Q_REAPER", default="importers.services.reaper.reap")
Q_REAP_SECONDS = env.float("Q_REAP_SECONDS", default=5.0)
# A worker not heard of for so many seconds has lost its ingestion to the next.
LEASE_STALE_SECONDS = env.int("LEASE_STALE_SECONDS", default=30)

# What the cluster does without anybody asking: function without arguments, by dotted
# path, to what it is called on the schedules' page and its times at first (cron, UTC).
# `manage.py bootstrap` makes the schedules; their times may be changed there.
HOUSEKEEPING: dict[str, tuple[str, str]] = {
    "backoffice.audit.tasks.clear_away": (
        "Clear away old audit entries, tokens, sessions and sign-ins",
        "40 2 * * *",
    ),
}
