"""pg_dump at work: what it writes can be read once, and is counted while it is."""

import hashlib
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from backoffice.backups.databases import Database
from backoffice.backups.problems import DumpFailed


class Dump:
    """The bytes of a dump in custom format; a stream that ends badly raises.

    Whoever stores the bytes never sees the end of a dump that pg_dump did not end well,
    so no half of one is ever kept.
    """

    closed = False

    def __init__(
        self, program: Path, database: Database, snapshot: str, folder: Path
    ) -> None:
        command: list[str | Path] = [
            program, "--format=custom", "--no-password", f"--snapshot={snapshot}",
            f"--dbname={database.conninfo()}",
        ]  # fmt: skip
        environment = database.environment(folder)
        self._digest = hashlib.sha256()
        self.size = 0
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 closed in __exit__
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environment,
        )

    def __enter__(self) -> "Dump":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no process behind."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._said.close()

    @property
    def sha256(self) -> str:
        """Of what has been read so far, in hexadecimal."""
        return self._digest.hexdigest()

    def seekable(self) -> bool:
        """It is read once, from its beginning to its end."""
        return False

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none after the last.  Raises DumpFailed."""
        assert self._process.stdout is not None  # noqa: S101 asked for above
        block = self._process.stdout.read(size)
        self._digest.update(block)
        self.size += len(block)
        if not block or size < 0:
            self._finish()
        return block

    def close(self) -> None:
        """Closed by the block that opened it."""

    def _finish(self) -> None:
        if self._process.wait():
            self._said.seek(0)
            said = self._said.read().strip()[-1000:]
            message = f"pg_dump gave up: {said or self._process.returncode}"
            raise DumpFailed(message)
