"""Making, keeping, checking and refusing backups.

Other connections see what is committed: the reference data.
"""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from backoffice.backups import checksums, making, programs, restoring, shelf
from backoffice.backups.databases import BACKUP_LOCK, Database, alone
from backoffice.backups.models import Backup
from backoffice.backups.problems import (
    Busy,
    Damaged,
    DumpFailed,
    NoProgram,
    NoStorage,
    NoSuchBackup,
    RestoreFailed,
    Unsuitable,
)
from reinsurance.models import Country
from tests.backoffice.backups.conftest import do
from tests.clusters import wait_until
from tests.flows.test_commands import run

pytestmark = pytest.mark.django_db
NewDatabase = Callable[[], Database]


def test_a_backup_is_written_down(shelf_dir: Path) -> None:
    made = making.make()
    manifest = shelf.manifest_of("latest")
    dump = shelf_dir / f"{made.key}.dump"
    assert manifest.key == made.key
    assert (manifest.size, manifest.server) == (dump.stat().st_size, 18)
    assert manifest.program == "pg_dump 18"
    countries = Country.objects.count()
    assert manifest.tables["public.reinsurance_country"].rows == countries
    assert made.tables["public.reinsurance_country"] == countries
    assert manifest.migrations["reinsurance"] == "0002_stamping"
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    assert sorted(path.name for path in shelf_dir.iterdir()) == [
        f"{made.key}.dump", f"{made.key}.json",
    ]  # fmt: skip


def test_dump_and_sums_are_of_one_moment(
    new_database: NewDatabase,
    settings: Settings,
    program: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is written while pg_dump works is neither in the dump nor in the sums."""
    before = Country.objects.count()
    real = programs.find("pg_dump", 18)
    row = "('QQ', 'No', 'QQQ', '999')"
    columns = "(code, name, alpha3, numeric_code)"
    write = f"INSERT INTO reinsurance_country {columns} VALUES {row}"
    monkeypatch.setenv("WHERE", Database.live().conninfo())
    psql = real.with_name("psql")
    program(f'{psql} -q "$WHERE" -c "{write}" >&2 && exec {real} "$@"')
    try:
        made = making.make()
        assert Country.objects.count() == before + 1
    finally:
        do("DELETE FROM reinsurance_country WHERE code = 'QQ'")
    assert made.tables["public.reinsurance_country"] == before
    settings.PG_BIN_DIR = ""
    restoring.restore(made.key, new_database())


def test_only_one_is_made_at_a_time(shelf_dir: Path) -> None:
    with alone(Database.live(), BACKUP_LOCK, ""):
        code, out, err = run("backup")
    assert (code, out) == (2, "")
    assert err == "A backup is being made already. Wait for it to end.\n"
    assert not Backup.objects.exists()


def test_a_program_of_another_version_is_refused(
    program: Callable[..., Path], shelf_dir: Path
) -> None:
    folder = program("echo never", version=15)
    with pytest.raises(NoProgram) as refused:
        making.make()
    assert str(refused.value) == (
        "The database server is PostgreSQL 18, so pg_dump 18 is needed. "
        f"{folder}/pg_dump is version 15. Install postgresql-client-18, or set "
        "PG_BIN_DIR to the folder of its programs."
    )
    assert Backup.objects.get().problem == str(refused.value)
    assert not list(shelf_dir.glob("*"))


def test_a_dump_that_breaks_off_is_not_kept(
    program: Callable[..., Path], shelf_dir: Path
) -> None:
    program("head -c 3000000 /dev/zero; echo 'the disk is on fire' >&2; exit 1")
    with pytest.raises(DumpFailed, match="pg_dump gave up: the disk is on fire"):
        making.make()
    assert not list(shelf_dir.iterdir())
    with pytest.raises(NoSuchBackup, match="There is no backup yet."):
        shelf.manifest_of("latest")


@pytest.mark.django_db(transaction=True)
def test_a_killed_backup_leaves_nothing_that_counts(
    process_environment: dict[str, str],
    program: Callable[..., Path],
    shelf_dir: Path,
    settings: Settings,
) -> None:
    folder = program("head -c 3000000 /dev/zero; exec sleep 60")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "backup"],
        env={**process_environment, "PG_BIN_DIR": str(folder)},
        start_new_session=True,
    )
    try:
        wait_until(
            lambda: any(p.stat().st_size > 2_000_000 for p in shelf_dir.glob(".*")),
            "half a dump",
        )
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    (left,) = shelf_dir.iterdir()
    assert left.name.endswith(".dump.part")
    assert shelf.kept() == []

    settings.PG_BIN_DIR = ""
    wait_until(_lock_is_free, "the end of the killed backup's lock")
    made = making.make()
    assert shelf.kept() == [made.key]
    assert not left.exists()


def _lock_is_free() -> bool:
    try:
        with alone(Database.live(), BACKUP_LOCK, ""):
            return True
    except Busy:
        return False


@pytest.fixture
def tiny_disk(shelf_dir: Path) -> Iterator[None]:
    """The backups' folder as a file system of 200 kB."""
    shelf_dir.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(shelf_dir)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may make a small file system")
    yield
    subprocess.run(["umount", str(shelf_dir)], check=True)


def test_a_full_disk_is_said_and_remembered(
    tiny_disk: None, shelf_dir: Path, program: Callable[..., Path]
) -> None:
    program("head -c 3000000 /dev/zero")
    code, _, err = run("backup")
    assert code == 1
    assert err == f"{shelf.NO_ROOM}\n"
    assert Backup.objects.get().problem == shelf.NO_ROOM
    assert not list(shelf_dir.iterdir())


def test_a_storage_that_is_away_is_said(shelf_dir: Path) -> None:
    shelf_dir.write_text("no folder")
    with pytest.raises(NoStorage, match="The backup storage could not"):
        making.make()
    assert "could not" in Backup.objects.get().problem
    assert run("backups")[0] == 1


@pytest.mark.parametrize("harm", ["cut", "flip", "lose"])
def test_a_damaged_dump_is_refused(
    harm: str, new_database: NewDatabase, shelf_dir: Path
) -> None:
    made = making.make()
    dump = shelf_dir / f"{made.key}.dump"
    good = dump.read_bytes()
    middle = len(good) // 2
    if harm == "cut":
        dump.write_bytes(good[:-100])
        said = f"has {len(good) - 100:,} bytes instead of {len(good):,}"
    elif harm == "flip":
        dump.write_bytes(good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :])
        said = "is damaged: its fingerprint (SHA-256) is not"
    else:
        dump.unlink()
        said = "There is no backup yet."
    into = new_database()
    with pytest.raises((Damaged, NoSuchBackup)) as refused:
        restoring.restore(made.key, into)
    assert said in str(refused.value)
    with closing(into.connect()) as link:
        assert checksums.contents_of(link) == {}


def test_rows_that_differ_from_the_manifest_are_found(
    new_database: NewDatabase, shelf_dir: Path
) -> None:
    made = making.make()
    path = shelf_dir / f"{made.key}.json"
    manifest = shelf.manifest_of(made.key)
    table = manifest.tables["public.reinsurance_currency"]
    path.write_text(path.read_text().replace(table.checksum, "1"))
    with pytest.raises(RestoreFailed) as refused:
        restoring.restore(made.key, new_database())
    assert str(refused.value) == (
        "What was restored differs from the backup: public.reinsurance_currency has "
        "other values."
    )


def test_records_are_replaced_when_told(new_database: NewDatabase) -> None:
    made = making.make()
    into = new_database()
    restoring.restore(made.key, into)
    do("UPDATE reinsurance_country SET name = 'Spoilt'", into)
    with pytest.raises(Unsuitable, match="is not empty"):
        restoring.restore(made.key, into)
    restoring.restore(made.key, into, replace=True)


def test_the_live_database_is_refused() -> None:
    making.make()
    live = Database.live()
    code, _, err = run("restore", "latest", "--into", live.conninfo())
    assert code == 2
    assert err == (
        f"The database {live.name} is the one that this back office uses. Nothing was "
        "done. Restore into another, look at it, and change DATABASE_URL; or say "
        "--live if it is this one that has to go.\n"
    )


@pytest.mark.parametrize(
    ("into", "said"),
    [
        ("no address", "This is no address of a database."),
        ("postgresql://nobody@127.0.0.1:1/x", "The database x cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere(into: str, said: str) -> None:
    making.make()
    code, _, err = run("restore", "latest", "--into", into)
    assert code == 2
    assert said in err


def test_a_password_is_on_no_command_line(tmp_path: Path) -> None:
    database = Database.of_url("postgresql://me:se%3Acret@db.example:5433/books")
    assert "cret" not in database.conninfo()
    path = Path(database.environment(tmp_path)["PGPASSFILE"])
    assert path.read_text() == "*:*:*:*:se\\:cret\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_old_backups_go_and_unknown_ones_are_taken_up(
    settings: Settings, shelf_dir: Path
) -> None:
    settings.BACKUP_KEEP_DAYS = settings.BACKUP_KEEP_WEEKS = 1
    settings.BACKUP_KEEP_MONTHS = 1
    first, second = making.make(), making.make()
    assert shelf.kept() == [second.key]
    assert not Backup.objects.filter(pk=first.pk).exists()
    # As after a restore: the storage knows more than the database.
    Backup.objects.all().delete()
    settings.BACKUP_KEEP_DAYS = 0
    Backup.objects.create(key="backup-failed", at=timezone.now(), problem="No.")
    third = making.make()
    assert set(shelf.kept()) == {third.key}
    assert set(Backup.objects.values_list("key", flat=True)) == {
        third.key, "backup-failed",
    }  # fmt: skip


def test_backups_are_listed(shelf_dir: Path) -> None:
    assert run("backups") == (1, "", "There is no backup yet.\n")
    assert run("backup")[0] == 0
    code, out, _ = run("backups")
    assert code == 0
    assert "just now" in out
    assert "PostgreSQL 18  not proved" in out
