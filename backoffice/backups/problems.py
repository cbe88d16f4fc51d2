"""What can go wrong with a backup, in words for an operator.

::

    BackupProblem
    ├── Busy              another backup or drill is at work
    ├── NoProgram         pg_dump or pg_restore of the server's version is not here
    ├── NoStorage         the backup storage does not take or give a file
    ├── DumpFailed        pg_dump gave up
    ├── NoSuchBackup      nothing is kept under that name
    ├── Damaged           the bytes are not those that were backed up
    ├── Unsuitable        the target may not be restored into
    └── RestoreFailed     pg_restore gave up, or what came out differs
"""


class BackupProblem(Exception):  # noqa: N818 (named as the neighbours are)
    """A backup could not be made, read or restored; the message says why."""


class Busy(BackupProblem):
    """Another backup or drill is at work."""


class NoProgram(BackupProblem):
    """pg_dump or pg_restore of the server's version is not on this machine."""


class NoStorage(BackupProblem):
    """The backup storage does not take or give a file."""


class DumpFailed(BackupProblem):
    """pg_dump gave up."""


class NoSuchBackup(BackupProblem):
    """Nothing is kept under that name."""


class Damaged(BackupProblem):
    """The bytes are not those that were backed up."""


class Unsuitable(BackupProblem):
    """The target may not be restored into."""


class RestoreFailed(BackupProblem):
    """pg_restore gave up, or what came out differs from what went in."""
