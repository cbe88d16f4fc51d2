"""Files on their way in: measured, looked at and fingerprinted while they arrive.

Nothing of a file that is too large or of a wrong kind is kept, and no file is ever
held in memory: it goes to a temporary file piece by piece.
"""

import hashlib
from pathlib import PurePath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from importers.readers.kinds import OLD_EXCEL, OLE, ZIP
from reinsurance.api.problems import ApiProblem

TEXT = ("csv", "txt", "tsv", "jsonl", "ndjson")
ZIPPED = ("xlsx", "xlsm", "xlsb", "ods")
OLD = ("xls",)
EXTENSIONS = (*TEXT, *ZIPPED, *OLD)
PROGRAMS = (b"MZ", b"\x7fELF", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"#!")
MARGIN = 1 << 20
"""Bytes that a form may have beside its file."""


class Measured(TemporaryFileUploadHandler):
    """Counts and fingerprints what arrives; refuses what may not come in.

    ``prints``: SHA-256 of each file, by the name of its field.
    """

    def __init__(self, most_bytes: int) -> None:
        super().__init__()
        self.most_bytes = most_bytes
        self.prints: dict[str, str] = {}

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 Django's name
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> None:
        """Refuse what is announced too large, before any of it is read."""
        require_size(content_length, self.most_bytes)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a name that tells of no file of ours."""
        self.file_name = kwargs["file_name"] if "file_name" in kwargs else args[1]
        self._digest = hashlib.sha256()
        self._extension = PurePath(self.file_name or "").suffix.lower().lstrip(".")
        if self._extension not in EXTENSIONS:
            raise ApiProblem(
                "wrong_file_kind",
                f"“{self.file_name}” is none of the files that can be read: "
                f"{', '.join(EXTENSIONS)}.",
            )
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Look at the first bytes, count, and write to the temporary file."""
        try:
            if start == 0:
                self._require_kind(raw_data)
            if start + len(raw_data) > self.most_bytes:
                raise too_large(self.most_bytes)
        except ApiProblem:
            self.file.close()
            raise
        self._digest.update(raw_data)
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """The file; its fingerprint is noted."""
        self.prints[self.field_name or ""] = self._digest.hexdigest()
        return super().file_complete(file_size)

    def _require_kind(self, head: bytes) -> None:
        if self._extension in ZIPPED:
            good = head.startswith((ZIP, OLE))  # in OLE: with a password, told later
        elif self._extension in OLD:
            good = head.startswith((OLE, *OLD_EXCEL, ZIP))
        else:
            good = not head.startswith(PROGRAMS)
        if not good:
            raise ApiProblem(
                "wrong_file_kind",
                f"“{self.file_name}” does not hold what its name says. Save it anew "
                "as CSV or Excel and send that.",
            )


def require_size(announced: int, most_bytes: int) -> None:
    """Refuse a form that is announced larger than a file may be."""
    if announced > most_bytes + MARGIN:
        raise too_large(most_bytes)


def too_large(most_bytes: int) -> ApiProblem:
    """The problem of a file that is too large."""
    return ApiProblem(
        "upload_too_large",
        f"At most {most_bytes >> 20:,} MB can be handed in. Split the file.",
    )
