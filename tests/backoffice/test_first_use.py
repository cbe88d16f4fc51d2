"""A data command on a machine that was never set up."""

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_ingest_on_a_fresh_machine(tmp_path: Path, samples: Path) -> None:
    """No server, no tables, no users: the command sees to all of it."""
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
    }
    manage = [sys.executable, str(REPOSITORY / "manage.py")]
    try:
        done = subprocess.run(
            [
                *manage,
                "ingest",
                str(samples / "parties.csv"),
                "--type",
                "parties",
                "--json",
            ],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["rows"]["created"] == 12
    finally:
        subprocess.run([*manage, "postgres", "stop"], env=environment, check=True)
