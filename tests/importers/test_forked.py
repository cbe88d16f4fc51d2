"""Workers are forked from a process that has imported all of the program."""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
THREADS = """
import os
import django
django.setup()
from django.contrib import admin
import backoffice.urls, importers.tasks
for task in os.listdir("/proc/self/task"):
    print(open(f"/proc/self/task/{task}/comm").read().strip())
"""


def test_no_query_was_made_once_all_is_imported(
    process_environment: dict[str, str],
) -> None:
    """The pool of polars that runs at a fork is dead in the worker, which waits for it.

    It begins to run with the first query, so that no module may make one as it is
    imported.
    """
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", THREADS],
        env={**process_environment, "DJANGO_SETTINGS_MODULE": "backoffice.settings"},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    threads = done.stdout.split()
    assert threads
    assert [name for name in threads if re.fullmatch(r"polars-\d+", name)] == []
