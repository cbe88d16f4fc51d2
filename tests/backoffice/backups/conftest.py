"""A folder for the backups of each test, and databases to restore into."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_django import Settings

from backoffice.backups.databases import Database


@pytest.fixture(autouse=True)
def shelf_dir(tmp_path: Path, settings: Settings) -> Path:
    """Where the backups of this test are kept, as a process with its VAR_DIR has it."""
    folder = tmp_path / "backups"
    settings.STORAGES = {
        **settings.STORAGES,
        "backups": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "base_url": None},
        },
    }
    return folder


def do(statement: str, database: Database | None = None) -> None:
    """One statement beside every transaction, by default in the test's database."""
    where = database or Database.live()
    with closing(where.connect()) as link, link.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def new_database(db: None) -> Iterator[Callable[[], Database]]:
    """Make empty databases, which are dropped again."""
    made: list[str] = []

    def make() -> Database:
        name = f"restored_{secrets.token_hex(4)}"
        do(f'CREATE DATABASE "{name}" TEMPLATE template0')
        made.append(name)
        return Database.live().named(name)

    yield make
    for name in made:
        do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def program(tmp_path: Path, settings: Settings) -> Callable[[str], Path]:
    """Put a program in the place of pg_dump: a shell script of what it does."""

    def put(does: str, version: int = 18) -> Path:
        folder = tmp_path / "programs"
        folder.mkdir(exist_ok=True)
        path = folder / "pg_dump"
        path.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = --version ] && echo "pg_dump (PostgreSQL) {version}.1" && exit\n'
            f"{does}\n"
        )
        path.chmod(0o755)
        settings.PG_BIN_DIR = str(folder)
        return folder

    return put
