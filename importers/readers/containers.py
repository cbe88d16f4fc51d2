"""Look into the old OLE container of xls files without unpacking it."""

from __future__ import annotations

import struct
from pathlib import Path

#: What a clerk is told of a workbook, old or new, with a password.
LOCKED = (
    "The workbook is protected by a password; save it without one and send it again."
)

#: How a stream of BIFF5 or BIFF8 records begins: BOF, workbook globals.
_BOF = b"\x09\x08"
_GLOBALS = 0x0005
_FILEPASS = 0x002F
#: Streams begin at a sector; those of small files at a mini sector of 64 bytes.
_SECTOR = 64
#: FILEPASS follows at once, or after a note on write protection.
_RECORDS = 8
_HEAD = 1 << 22


def head_of(path: Path) -> bytes:
    """As much of a file as the checks look at."""
    with path.open("rb") as file:
        return file.read(_HEAD)


def is_encrypted(head: bytes) -> bool:
    """Whether an OLE file holds an encrypted xlsx, or an xls with a password.

    Names in the container's directory are UTF-16 ([MS-OFFCRYPTO] 2.3.4 calls the
    stream EncryptedPackage); an xls says so by a FILEPASS record ([MS-XLS] 2.4.117).
    """
    if "EncryptedPackage".encode("utf-16-le") in head:
        return True
    at = head.find(_BOF)
    while at >= 0:
        if at % _SECTOR == 0 and _has_password(head, at):
            return True
        at = head.find(_BOF, at + 1)
    return False


def _has_password(head: bytes, at: int) -> bool:
    for record in range(_RECORDS):
        if at + 8 > len(head):
            return False
        kind, length = struct.unpack_from("<HH", head, at)
        if record == 0:
            (substream,) = struct.unpack_from("<H", head, at + 6)
            if length not in (8, 16) or substream != _GLOBALS:
                return False
        if kind == _FILEPASS:
            return True
        at += 4 + length
    return False
