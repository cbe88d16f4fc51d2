"""Running the embedded PostgreSQL on behalf of root, who may not run it.

The server gets a system user of its own. It owns the data directory, the socket
directory and the log, nothing else, and no permission of an existing directory is
changed. Where the checkout or the Python environment lies in a tree closed to other
users (/root, say), data and binaries live in directories of their own in /var/tmp.
Without root every function here is the identity.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

SYSTEM_USER = "backoffice-pg"
OPEN_TREE = Path("/var/tmp")  # noqa: S108 survives a restart; owners are checked


def needed() -> bool:
    """Whether this process is root."""
    return os.geteuid() == 0


def is_open(path: Path) -> bool:
    """Whether any user can reach `path` (as far as it exists)."""
    existing = path
    while not existing.exists():
        existing = existing.parent
    existing = existing.resolve()
    return all(
        folder.stat().st_mode & 0o001 for folder in (existing, *existing.parents)
    )


@cache
def system_user() -> pwd.struct_passwd:
    """The server's user, created on first use; `nobody` where none can be."""
    for attempt in (False, True):
        if attempt:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell",
                 "/usr/sbin/nologin", SYSTEM_USER],
                capture_output=True,
                check=False,  # fails harmlessly when another process was first
            )  # fmt: skip
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            continue
        except FileNotFoundError:
            break
    return pwd.getpwnam("nobody")


def owners() -> set[int]:
    """The user ids that may own what the server uses."""
    return {0, system_user().pw_uid} if needed() else {os.geteuid()}


def give(path: Path) -> None:
    """Make the server's user the owner."""
    if needed():
        user = system_user()
        os.chown(path, user.pw_uid, user.pw_gid)


def open_home() -> Path:
    """A new directory that the server's user can reach."""
    home = Path(tempfile.mkdtemp(prefix="backoffice-pg-", dir=OPEN_TREE))
    home.chmod(0o755)
    return home


def reachable(installation: Path) -> Path:
    """The installation directory itself, or a copy that the server can execute."""
    if not needed() or is_open(installation):
        return installation
    copy = OPEN_TREE / f"backoffice-bin-{installation.stat().st_mtime_ns:x}"
    if not copy.is_dir():
        new = open_home()
        shutil.copytree(installation, new / "pg", symlinks=True)
        new.joinpath("pg").chmod(0o755)
        try:
            new.joinpath("pg").rename(copy)
        except OSError:  # another process was first
            shutil.rmtree(new)
        else:
            new.rmdir()
    if copy.is_symlink() or copy.stat().st_uid != 0:
        message = f"{copy} belongs to somebody else; remove it."
        raise PermissionError(message)
    return copy


def run(command: list[str], *, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run a tool of the server as its user; stdout and stderr are returned together.

    Output goes through a file, not a pipe: a server started by the tool inherits it,
    and waiting for the end of a pipe would then never end.
    """
    identity: dict[str, Any] = {}
    if needed():
        user = system_user()
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    environment["LC_ALL"] = "C"
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
            env=environment, start_new_session=True, check=False, **identity,
        )  # fmt: skip
        output.seek(0)
        return subprocess.CompletedProcess(command, done.returncode, output.read())
