"""Refuse what must not be parsed at all, from the first bytes and the zip directory.

Follows ASVS 5.0, 5.2.1 to 5.2.3: extension, first bytes and content have to agree,
and the unpacked size is known before anything is unpacked.
"""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path, PurePath

from importers.exceptions import (
    DamagedFile,
    EmptyFile,
    EncryptedFile,
    HostileFile,
    TooLarge,
    TooWide,
    WrongKind,
)
from importers.readers.containers import LOCKED, head_of, is_encrypted
from importers.readers.kinds import (
    OLD_EXCEL,
    OLE,
    is_json_document,
    is_json_lines,
    zip_kind,
)
from importers.readers.limits import Limits

#: Extension → kinds of content it may stand for. Excel itself opens each of these.
_EXTENSIONS = {
    "csv": {"csv"},
    "tsv": {"csv"},
    "tab": {"csv"},
    "txt": {"csv"},
    "psv": {"csv"},
    "xlsx": {"xlsx"},
    "xlsm": {"xlsx"},
    "xltx": {"xlsx"},
    "xltm": {"xlsx"},
    "xlsb": {"xlsb"},
    "xls": {"xls"},
    "xlt": {"xls"},
    "ods": {"ods"},
    "jsonl": {"jsonl"},
    "ndjson": {"jsonl"},
    "json": {"jsonl"},
}
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"BZh9", "a bzip2 archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"PAR1", "a Parquet file"),
)
_MARKUP = re.compile(
    rb"\s*<(?:!doctype|html|head|body|table|script|\?xml|svg|meta|div)[\s>]", re.I
)
#: A part in a zip has at least so many bytes before its content.
_LOCAL_HEADER = 30
_ASK = "Send the table as CSV, XLSX, XLS, XLSB or ODS."
_ASK_LINES = (
    "Send JSON lines: UTF-8 text with one record (a JSON object) a line, without a "
    "list around them."
)
_WHAT = {"csv": "plain text", "jsonl": "JSON lines"}


def check(path: Path, name: str | None, limits: Limits) -> str:
    """Kind of the file ("csv", "xlsx", …) if it may be parsed; else raises the
    FileProblem that says why not. ``name`` is the sender's file name."""
    size = path.stat().st_size
    if not size:
        raise EmptyFile("The file is empty (0 bytes); ask the sender for it again.")
    head = head_of(path)
    if len(head) == size and not head.strip():
        raise EmptyFile(
            "The file has no table in it, only blank lines; ask the sender for it "
            "again."
        )
    kind = _content_kind(path, head, limits)
    _check_extension(name, kind)
    if kind == "csv":
        _check_width(head, limits)
    return kind


def _content_kind(path: Path, head: bytes, limits: Limits) -> str:
    for start, what in _FOREIGN:
        # A table may well begin with the letters "MZ": a program has a NUL soon.
        if head.startswith(start) and (start != b"MZ" or b"\0" in head[:512]):
            raise WrongKind(f"The file is {what}, not a table. {_ASK}")
    if head.startswith(OLE):
        _check_container(head)
        return "xls"
    if head.startswith(OLD_EXCEL):
        return "xls"
    if head.startswith(b"PK\x05\x06"):
        raise WrongKind(f"The file is an empty zip archive. {_ASK}")
    if head.startswith(b"PK\x03\x04"):
        _check_zip(path, limits)
        kind = zip_kind(path)
        if kind is None:
            raise WrongKind(
                "The file is a zip archive without a workbook in it. Unpack it and "
                "send the tables one by one."
            )
        return kind
    if _MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise WrongKind(f"The file is a web page or XML, not a table. {_ASK}")
    if is_json_lines(head):
        return "jsonl"
    if is_json_document(head):
        raise WrongKind(
            "The file is one JSON document over several lines or in a list, not one "
            f"record a line. {_ASK_LINES}"
        )
    return "csv"


def _check_extension(name: str | None, kind: str) -> None:
    extension = PurePath(name or "").suffix.lower().removeprefix(".")
    if not extension:
        return
    allowed = _EXTENSIONS.get(extension)
    if allowed is None:
        raise WrongKind(f"Files of the kind .{extension[:20]} are not read. {_ASK}")
    if kind not in allowed:
        if allowed == {"jsonl"} and kind == "csv":
            raise WrongKind(
                f"The file is called .{extension} but its first line is no JSON "
                f"object. {_ASK_LINES}"
            )
        what = _WHAT.get(kind, f"an {kind.upper()} workbook")
        raise WrongKind(
            f"The file is called .{extension} but is {what}; save it under its true "
            "kind and send it again."
        )


def _check_container(head: bytes) -> None:
    if is_encrypted(head):
        raise EncryptedFile(LOCKED)
    if "WordDocument".encode("utf-16-le") in head:
        raise WrongKind(f"The file is a Word document, not a table. {_ASK}")


def _check_zip(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DamagedFile(
            "The workbook is cut short or damaged; open it in Excel, save it anew "
            "and send it again."
        ) from error
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise EncryptedFile("The file is encrypted; send it again without a password.")
    if _is_no_workbook(entries):
        raise HostileFile(
            "The file is damaged or hostile: its parts lie over each other or point "
            "elsewhere. Open it in Excel, save it anew and send it again."
        )
    if len(entries) > limits.zip_entries:
        raise TooLarge(
            f"The workbook has {len(entries):,} parts, more than "
            f"{limits.zip_entries:,}; split it and send the pieces."
        )
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked:
        raise TooLarge(
            f"The workbook unpacks to {unpacked >> 20:,} MB, more than the "
            f"{limits.unpacked >> 20:,} MB allowed; split it or send it as CSV."
        )
    for entry in entries:
        if entry.file_size > limits.ratio_from and entry.file_size > (
            limits.ratio * max(1, entry.compress_size)
        ):
            raise TooLarge(
                "The workbook unpacks to more than "
                f"{limits.ratio} times its size, as only an attack does; "
                "save it anew in Excel or send it as CSV."
            )


def _is_no_workbook(entries: list[zipfile.ZipInfo]) -> bool:
    """Whether parts share bytes, as one bomb does, or are links to other files."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end or stat.S_ISLNK(entry.external_attr >> 16):
            return True
        end = entry.header_offset + _LOCAL_HEADER + entry.compress_size
    return False


def _check_width(head: bytes, limits: Limits) -> None:
    """Count delimiters in the first lines before anything is cut into cells."""
    # The zero bytes of UTF-16 would stand between delimiters; counting does not mind.
    for line in re.split(rb"[\r\n]+", head):
        if len(line) <= limits.columns:
            continue
        bare = re.sub(rb'"[^"]*"', b"", line)
        cells = max(bare.count(mark) for mark in (b",", b";", b"\t", b"|")) + 1
        if cells > limits.columns:
            raise TooWide(
                f"A line has {cells:,} columns; {limits.columns:,} is the most a "
                "table can have. Check the delimiter and send the file again."
            )
