"""A backup put back: checked, restored in one transaction, and compared."""

import subprocess
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from psycopg2.extensions import connection as Connection  # noqa: N812

from backoffice.backups import checksums, programs, shelf
from backoffice.backups.databases import Database, ask, is_same, major_of
from backoffice.backups.manifests import Manifest
from backoffice.backups.problems import RestoreFailed, Unsuitable

_TABLES_THERE = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
"""
MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore that is done: every table has the rows and values of the backup."""

    manifest: Manifest
    seconds: float


def restore(
    key: str, into: Database, *, replace: bool = False, into_live: bool = False
) -> Restored:
    """Restore a backup (``latest``: the newest) into a database.

    The database must be empty unless ``replace`` says that its records may go, and not
    the one that this back office uses unless ``into_live`` says so.  It is one
    transaction: what fails leaves the database as it was.  Raises BackupProblem.
    """
    began = time.monotonic()
    manifest = shelf.manifest_of(key)
    with closing(into.connect()) as link:
        _require_suitable(link, into, manifest, replace=replace, into_live=into_live)
        program = programs.find("pg_restore", major_of(link))
        with tempfile.TemporaryDirectory(prefix="restore-") as folder:
            dump = Path(folder) / "dump"
            shelf.fetch(manifest, dump)
            _run(program, into, dump, replace=replace)
        with link.cursor() as cursor:
            cursor.execute("ANALYZE")
        _compare(link, manifest)
    return Restored(manifest, time.monotonic() - began)


def _require_suitable(
    link: Connection,
    into: Database,
    manifest: Manifest,
    *,
    replace: bool,
    into_live: bool,
) -> None:
    server = major_of(link)
    if server < manifest.server:
        raise Unsuitable(
            f"The backup is of PostgreSQL {manifest.server}, the target is PostgreSQL "
            f"{server}. Restore into a server of version {manifest.server} or newer."
        )
    if not into_live and _is_live(link):
        raise Unsuitable(
            f"The database {into.name} is the one that this back office uses. Nothing "
            "was done. Restore into another, look at it, and change DATABASE_URL; or "
            "say --live if it is this one that has to go."
        )
    if not replace and ask(link, _TABLES_THERE):
        raise Unsuitable(
            f"The database {into.name} is not empty. Nothing was done. Restore into an "
            "empty one, or say --replace to have its records replaced."
        )


def _is_live(link: Connection) -> bool:
    """Whether this is our own database; one that nobody can reach is not."""
    try:
        live = Database.live().connect()
    except Unsuitable:
        return False
    with closing(live):
        return is_same(live, link)


def _run(program: Path, into: Database, dump: Path, *, replace: bool) -> None:
    done = subprocess.run(
        [
            program, "--exit-on-error", "--single-transaction", "--no-owner",
            "--no-privileges", "--no-password", f"--dbname={into.conninfo()}",
            *(["--clean", "--if-exists"] if replace else []), dump,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=into.environment(dump.parent),
        check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip()[:1000] or done.returncode
        raise RestoreFailed(f"pg_restore gave up; nothing was restored. {said}")


def _compare(link: Connection, manifest: Manifest) -> None:
    checksums.prepare(link)
    found = checksums.contents_of(link)
    if wrong := checksums.differences(manifest.tables, found):
        more = f" and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        told = "; ".join(wrong[:MOST_TOLD])
        raise RestoreFailed(f"What was restored differs from the backup: {told}{more}.")
