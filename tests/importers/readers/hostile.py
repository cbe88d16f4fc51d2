"""Files that mean harm, made on the spot: none lies in the repository."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path

import openpyxl

GIB = 1 << 30
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
HEAD = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>'.encode()
TAIL = b"</sheetData></worksheet>"


def parts() -> dict[str, bytes]:
    """The parts of a plain workbook with a table in it."""
    book, kept = openpyxl.Workbook(), io.BytesIO()
    for row in (["Policy No", "Insured", "Paid"], ["0012", "Smith", 5]):
        book.active.append(row)
    book.save(kept)
    with zipfile.ZipFile(kept) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_parts(path: Path, extra: dict[str, bytes], mode: int = 0) -> Path:
    """A good workbook with further parts; ``mode`` is what Unix is to make of them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts(), **extra}.items():
            info = zipfile.ZipInfo(name)
            if name in extra and mode:
                info.external_attr = mode << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return path


def sheet_of_size(
    path: Path, size: int, filling: bytes, before: bytes = b"", after: bytes = b""
) -> Path:
    """A workbook whose sheet repeats the filling up to a size, never held in memory."""
    block = filling * max(1, (1 << 20) // len(filling))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts().items():
            if name != SHEET:
                archive.writestr(name, content)
        with archive.open(SHEET, "w", force_zip64=True) as out:
            out.write(HEAD + before)
            for _ in range(size // len(block)):
                out.write(block)
            out.write(after + TAIL)
    return path


def that_lies(path: Path, size: int) -> Path:
    """The directory says that the sheet has 4 KB; it has ``size``."""
    sheet_of_size(path, size, b" ")
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    while SHEET.encode() not in data[at : at + 46 + len(SHEET)]:
        at = data.rfind(b"PK\x01\x02", 0, at)
    # Drop the 64-bit sizes and write the small one into the 32-bit field.
    (extra,) = struct.unpack_from("<H", data, at + 30)
    struct.pack_into("<I", data, at + 24, 4096)
    if extra:
        place = at + 46 + len(SHEET)
        data[place : place + 2] = b"\xff\xff"
    path.write_bytes(data)
    return path


def overlapping(path: Path, entries: int = 250, kernel: int = 1 << 20) -> Path:
    """David Fifield's bomb (2019): many names for the same compressed bytes."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = b" " * kernel
    body = squeezer.compress(content) + squeezer.flush()
    crc = zlib.crc32(content)
    sizes = struct.pack("<III", crc, len(body), kernel)
    name = b"xl/workbook.xml"
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes
    local += struct.pack("<HH", len(name), 0) + name + body
    central = b""
    for number in range(entries):
        called = name if not number else f"xl/{number:012}".encode()
        central += b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
        central += struct.pack("<HHHHHII", len(called), 0, 0, 0, 0, 0, 0) + called
    end = b"PK\x05\x06" + struct.pack(
        "<HHHHIIH", 0, 0, entries, entries, len(central), len(local), 0
    )
    path.write_bytes(local + central + end)
    return path


def entities(path: Path, doctype: str, use: str) -> Path:
    """A workbook whose sheet declares entities and uses them in a cell."""
    sheet = (
        f'<?xml version="1.0"?><!DOCTYPE worksheet [{doctype}]>'
        f'<worksheet xmlns="{MAIN}"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Policy</t></is></c></row>'
        f'<row r="2"><c r="A2" t="inlineStr"><is><t>{use}</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    return with_parts(path, {SHEET: sheet.encode()})


def billion_laughs(path: Path) -> Path:
    """Ten entities, each ten times the one before."""
    lines = ['<!ENTITY a0 "ha">'] + [
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    ]
    return entities(path, "".join(lines), "&a9;")


def quadratic(path: Path) -> Path:
    """One long entity, used very often."""
    return entities(path, f'<!ENTITY a "{"x" * 100_000}">', "&a;" * 20_000)


def amplified_string(path: Path, cells: int) -> Path:
    """One shared string of 32,767 characters, and very many cells that refer to it."""
    row = b"<row>" + b'<c t="s"><v>0</v></c>' * 10 + b"</row>"
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 32_767}</t></si></sst>'
    relation = (
        '<Relationship Id="rId99" Target="sharedStrings.xml" Type="http://schemas.'
        'openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/>'
    )
    relations = parts()[RELATIONS].decode()
    whole = relations.replace("</Relationships>", f"{relation}</Relationships>")
    return with_parts(
        path,
        {
            SHEET: HEAD + row * (cells // 10) + TAIL,
            STRINGS: strings.encode(),
            RELATIONS: whole.encode(),
        },
    )


def linked(path: Path, address: str) -> Path:
    """A workbook with a macro, a DDE link and a reference to a file elsewhere."""
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.'
        f'org/officeDocument/2006/relationships/externalLinkPath" Target="{address}" '
        'TargetMode="External"/></Relationships>'
    )
    dde = (
        f'<externalLink xmlns="{MAIN}"><ddeLink ddeService="cmd" '
        'ddeTopic="/c calc"/></externalLink>'
    )
    return with_parts(
        path,
        {
            "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + b"macro" * 100,
            "xl/externalLinks/externalLink1.xml": dde.encode(),
            "xl/externalLinks/_rels/externalLink1.xml.rels": rels.encode(),
        },
    )


SYMLINK = stat.S_IFLNK | 0o777
