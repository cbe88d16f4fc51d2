"""Load, back up, destroy, restore, compare: by the commands, in real processes."""

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from backoffice.backups import checksums
from backoffice.backups.checksums import Contents
from backoffice.backups.databases import Database
from importers.models import Source, WebService
from importers.values import Secret
from tests.backoffice.backups.conftest import do
from tests.flows.test_commands import ingest

pytestmark = pytest.mark.django_db(transaction=True)


def contents(database: Database) -> Contents:
    with closing(database.connect()) as link:
        checksums.prepare(link)
        return checksums.contents_of(link)


@pytest.fixture
def books(transactional_db: None, samples: Path) -> None:
    """The sample files, loaded by the pipeline; a claims file that waits; a secret."""
    for name, slug in (
        ("parties.csv", "parties"),
        ("loss_events.csv", "loss-events"),
        ("treaty_register_2026.csv", "treaties"),
    ):
        assert ingest(samples / name, slug, "--approve")[0] == 0
    Source.objects.create(code="harbour", name="Harbour")
    claims = samples / "claims_bordereau_2026_06.xlsx"
    options = ("--source", "harbour", "--period-end", "2026-06-30")
    assert ingest(claims, "claims", *options)[1]["status"] == "ready"
    WebService.objects.create(
        code="acme", name="Acme", base_url="https://acme.example", secret=Secret("t")
    )


@pytest.fixture
def copy_of_books(books: None) -> Iterator[Database]:
    """The test's database again, under a name of its own: it can be destroyed."""
    name = f"restored_{secrets.token_hex(4)}"
    ours = connection.settings_dict["NAME"]
    connection.close()
    _do(f'CREATE DATABASE "{name}" TEMPLATE "{ours}"')
    yield Database.live().named(name)
    _do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _do(statement: str) -> None:
    """From the server's own database: ours must be left alone while it is copied."""
    do(statement, Database.live().named("postgres"))


def test_what_is_destroyed_comes_back_to_the_last_value(
    copy_of_books: Database,
    storage_dir: Path,
    process_environment: dict[str, str],
) -> None:
    live = copy_of_books
    ours = connection.settings_dict["NAME"]
    url = process_environment["DATABASE_URL"].replace(ours, live.name)

    def command(
        *arguments: str, code: int = 0, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env={**keys, **process_environment, "DATABASE_URL": url, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    keys = {"FIELD_ENCRYPTION_KEYS": settings.FIELD_ENCRYPTION_KEYS[0]}
    before = contents(live)
    assert before["public.reinsurance_treaty"].rows == 6
    made = command("backup").stdout
    key = made.partition(":")[0]
    assert f"of {len(before)} tables" in made

    _do(f'DROP DATABASE "{live.name}" WITH (FORCE)')
    # The list of backups and the restore need no database of ours.
    (listed,) = json.loads(command("backups", "--json").stdout)
    assert (listed["key"], listed["verified_at"]) == (key, None)
    _do(f'CREATE DATABASE "{live.name}" TEMPLATE template0')
    restored = command("restore", "latest", "--into", url, "--live")
    assert f"of {len(before)} tables, each as it was backed up." in restored.stdout

    after = contents(live)
    assert checksums.differences(before, after) == []
    assert after == before

    # It works on from there: the drill opens its secret and finds its files.
    said = command("restore_drill").stdout
    assert said.startswith(f"{key} is good: ")
    rows = sum(content.rows for content in before.values())
    assert f"{rows:,} rows restored and compared" in said
    # Four originals, the staged rows and the rejected rows of the file that waits.
    assert "6 files found" in said
    with closing(live.connect()) as link, link.cursor() as cursor:
        cursor.execute(
            "SELECT d.key, d.rows, d.problem, d.restore_seconds < d.seconds, "
            "b.verified_at IS NOT NULL FROM backoffice_drill d "
            "JOIN backoffice_backup b ON b.key = d.key"
        )
        assert cursor.fetchall() == [(key, rows, "", True, True)]
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'drill_%'")
        assert cursor.fetchall() == []

    # Without the key of its secrets, or a file that came in, it would not.
    lacking = command("restore_drill", code=1, FIELD_ENCRYPTION_KEYS="A" * 43 + "=")
    assert "1 of its secrets cannot be read with FIELD_ENCRYPTION_KEYS" in (
        lacking.stderr
    )
    original = next((storage_dir / "originals").rglob("*/*"))
    original.unlink()
    lost = command("restore_drill", code=1).stderr
    assert lost.endswith(
        "\nThe backup is whole, but 1 received files that it refers to are not in the "
        f"storage: {original.relative_to(storage_dir)}. Bring back their versions, "
        "see docs/backup.md.\n"
    )
