"""`make run`: everything from nothing to a served back office, and down again."""

import argparse
import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from backoffice.backups import making
from backoffice.backups.models import Backup
from backoffice.backups.problems import BackupProblem
from backoffice.children import SIGNALS, child, end_orphans, uninterrupted
from backoffice.demo_feed import FEED
from backoffice.postgres import Server
from backoffice.postgres_programs import postmasters
from importers import queue
from importers.processes import adopt_orphans, die_with, processes

STATIC_SOURCES = ("static", "requirements/base.txt", "importers", "backoffice")
# A demonstration that takes longer waits for work that an earlier run left.
DEMO_SECONDS = 10.0


class Stopped(Exception):  # noqa: N818 a request, not an error
    """SIGINT or SIGTERM arrived."""


class Command(BaseCommand):
    """Database, bootstrap, samples, then the Procfile's processes until Ctrl-C.

    What this command starts it stops, whatever the reason it ends for; a database
    server that was running before goes on running.
    """

    help = "Start everything on this machine and serve it; Ctrl-C stops it again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action=argparse.BooleanOptionalAction,
            default=settings.IS_LOCAL,
            help="demo users and sample files (default: only without DATABASE_URL)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for number in SIGNALS:
            signal.signal(number, _raise_stopped)
        if "MAKELEVEL" in os.environ:
            die_with(os.getppid(), signal.SIGTERM)
        adopt_orphans()
        try:
            with self._database():
                call_command("bootstrap", demo=options["demo"], stdout=self.stdout)
                self._collect_static()
                with self._partner(options["demo"] and settings.IS_LOCAL) as feed:
                    if options["demo"]:
                        self._load_samples(feed)
                        self._back_up()
                    self._serve()
        except Stopped:
            self.stdout.write("Stopped.")

    @contextmanager
    def _database(self) -> Iterator[None]:
        """The embedded server, stopped at the end if it was started here."""
        if not settings.IS_LOCAL:
            yield
            return
        server: Server = settings.EMBEDDED_SERVER
        begun = time.monotonic()
        with uninterrupted():
            is_ours = server.start() or _was_left_by_a_killed_run()
            if is_ours:
                _owner_file().parent.mkdir(parents=True, exist_ok=True)
                _owner_file().write_text(_identity(os.getpid()))
        seconds = time.monotonic() - begun
        self.stdout.write(
            f"PostgreSQL {'started' if is_ours else 'is running'} ({seconds:.1f} s)."
        )
        try:
            yield
        finally:
            with uninterrupted():
                connection.close()
                end_orphans(spare=postmasters(server.data_dir.resolve()))
                if is_ours:
                    server.stop()
                    _owner_file().unlink(missing_ok=True)

    def _collect_static(self) -> None:
        """Gather and compress static files, unless none changed since last time."""
        mark = settings.STATIC_ROOT / ".collected"
        digest = _digest([settings.BASE_DIR / source for source in STATIC_SOURCES])
        if not mark.is_file() or mark.read_text() != digest:
            self.stdout.write("Collecting static files.")
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
            mark.write_text(digest)

    @contextmanager
    def _partner(self, is_wanted: bool) -> Iterator[str]:
        """The partner of the demonstration, and the feed that it serves.

        What is started meanwhile may ask it; this machine's other ports stay closed.
        """
        if not is_wanted:
            yield ""
            return
        port = _free_port()
        hosts = [*settings.WEB_SERVICE_HOSTS, f"http://127.0.0.1:{port}"]
        os.environ["WEB_SERVICE_HOSTS"] = ",".join(hosts)
        command = ("manage.py", "demo_partner", "--declare", "--port", str(port))
        with child(*command, stdout=subprocess.PIPE) as partner:
            assert partner.stdout is not None  # noqa: S101 asked for above
            said = partner.stdout.readline().decode().strip()
            self.stdout.write(said or "The partner did not start (see above).")
            yield FEED if said else ""

    def _load_samples(self, feed: str) -> None:
        """Run `demo`; start a cluster for it unless it finds everything loaded."""
        with child("manage.py", "demo", *(["--feed", feed] if feed else [])) as demo:
            patience = time.monotonic() + DEMO_SECONDS
            while (
                demo.poll() is None
                and not queue.pending()
                and time.monotonic() < patience
            ):
                time.sleep(0.1)
            connection.close()
            if demo.poll() is None:
                log = settings.VAR_DIR / "log" / "demo-cluster.log"
                log.parent.mkdir(parents=True, exist_ok=True)
                with (
                    log.open("ab") as output,
                    child("manage.py", "cluster", stdout=output, stderr=output),
                ):
                    demo.wait()
        if demo.returncode:
            message = "The samples could not be loaded (see above)."
            raise CommandError(message)

    def _back_up(self) -> None:
        """The first backup; those after it are made by the cluster, each night."""
        if Backup.objects.filter(problem="").exists():
            return
        try:
            made = making.make()
        except BackupProblem as problem:
            self.stdout.write(f"No backup could be made: {problem}")
        else:
            self.stdout.write(f"Backed up to {made.key}.")

    def _serve(self) -> None:
        """Honcho with the Procfile, until it ends or is ended."""
        connection.close()
        port = os.environ.setdefault("PORT", "8000")
        self.stdout.write(f"Serving http://localhost:{port}/admin/ (Ctrl-C stops).")
        self.stdout.flush()
        # The environment has what .env says already, and more that must stay.
        with child("-m", "honcho", "start", "--env", os.devnull) as honcho:
            honcho.wait()
        if honcho.returncode:
            message = f"A process of the Procfile ended ({honcho.returncode})."
            raise CommandError(message)


def _owner_file() -> Path:
    """Which run of this command the embedded server belongs to."""
    return settings.VAR_DIR / "run" / "up"


def _identity(pid: int) -> str:
    """The pid and when it started, since pids are used again."""
    ages = {process.pid: process.started for process in processes()}
    return f"{pid} {ages.get(pid, 0)}"


def _was_left_by_a_killed_run() -> bool:
    if not _owner_file().is_file():
        return False
    owner = _owner_file().read_text()
    return owner != _identity(int(owner.split()[0]))


def _raise_stopped(number: int, _frame: object) -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # once is enough: we are on our way down
    raise Stopped(number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _digest(paths: list[Path]) -> str:
    """A fingerprint of the files' names, sizes and times."""
    files = sorted(
        file
        for path in paths
        for file in ([path] if path.is_file() else path.rglob("static/**/*"))
        if file.is_file()
    )
    lines = [f"{file} {(s := file.stat()).st_size} {s.st_mtime_ns}" for file in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
