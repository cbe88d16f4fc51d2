"""How valid bytes are spoilt: anywhere, in cells, in a workbook's parts, in JSON."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz.seeds import Rows, csv_of

BYTES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b"\r", b"\n", b"\r\n\r\n", b",",
    b";", b"\t", b"\x1a", b"\xc3", b"\xed\xa0\x80", b"<", b"&", b"]]>", b"PK\x03\x04",
)  # fmt: skip
TEXTS = (
    "", " ", "-", "0", "-0", "1e400", "1e-400", "NaN", "Infinity", "99999999999999999",
    "1,234.56", "1.234,56", "(12.50)", "50%", "£3", "12/31/2026", "31/12/2026",
    "2026-02-30", "0000-00-00", "9999-12-31", "1899-12-31", "46054", "TRUE", "#REF!",
    "2026-03-29T01:30:00", "#N/A", "=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1",
    "\u0000", "\u202e", "\ufeff", "\u00a0", "ﬁ", "é", "e\u0301", "İ", "ß", "\U0001f4a3",
    "a\nb", 'say "x"', "x" * 300, "x" * 40_000, "../../etc/passwd", "<script>", "%s%n",
    "'; DROP TABLE x; --", "GBP", "gbp", "XXX", "BENCH001", "CLM000000001", "null",
)  # fmt: skip


def spoil(content: bytes, kind: str, chance: Random) -> bytes:
    """The valid file with one to four faults."""
    special = {
        "csv": spoil_cells,
        "xlsx": spoil_workbook,
        "ods": spoil_workbook,
        "json": spoil_json,
    }.get(kind, spoil_bytes)
    for _ in range(chance.choice((1, 1, 2, 4))):
        change = special if chance.random() < 0.75 else spoil_bytes
        content = change(content, chance)
    return content


# ------------------------------------------------------------------------- anywhere
def spoil_bytes(content: bytes, chance: Random) -> bytes:
    """A change that knows nothing of the kind."""
    if not content:
        return chance.choice(BYTES)
    at = chance.randrange(len(content))
    size = chance.choice((1, 2, 4, 16, 64, 256, 4096))
    match chance.randrange(7):
        case 0:  # a flipped bit
            flipped = content[at] ^ (1 << chance.randrange(8))
            return content[:at] + bytes([flipped]) + content[at + 1 :]
        case 1:  # cut short
            return content[:at]
        case 2:  # a hole
            return content[:at] + content[at + size :]
        case 3:  # twice
            return content[: at + size] + content[at:]
        case 4:  # something between
            return content[:at] + chance.choice(BYTES) * chance.choice((1, 1, 3, 500))
        case 5:  # noise
            noise = chance.randbytes(min(size, len(content) - at))
            return content[:at] + noise + content[at + len(noise) :]
        case _:  # a head that is not its own
            return chance.choice(BYTES) + content


# --------------------------------------------------------------------------- tables
def spoil_cells(content: bytes, chance: Random) -> bytes:
    """A change that knows of rows and columns, or of how a table is written down."""
    try:
        text = content.decode()
        rows: Rows = list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error):
        return spoil_bytes(content, chance)
    if not rows or not any(rows):
        return spoil_bytes(content, chance)
    match chance.randrange(4):
        case 0:
            return _written_otherwise(text, rows, chance)
        case 1:
            return csv_of(_rows_moved(rows, chance))
        case _:
            y = chance.randrange(len(rows))
            if rows[y]:
                rows[y][chance.randrange(len(rows[y]))] = chance.choice(TEXTS)
            return csv_of(rows)


def _written_otherwise(text: str, rows: Rows, chance: Random) -> bytes:
    """The same table in another encoding or with other marks."""
    match chance.randrange(4):
        case 0:
            codec = chance.choice(
                ("utf-16", "utf-16-le", "latin-1", "cp1252", "utf-32")
            )
            return text.encode(codec, "replace")
        case 1:
            mark = chance.choice((";", "\t", "|", "^", ""))
            return "\n".join(mark.join(row) for row in rows).encode("utf-8", "replace")
        case 2:
            return text.replace("\r\n", chance.choice(("\r", "\n", "\n\n"))).encode()
        case _:
            return text.replace('"', "", 1).replace(",", ',"', 1).encode()


def _rows_moved(rows: Rows, chance: Random) -> Rows:
    """Rows and columns lost, doubled, shifted; a title or a total about the table."""
    y = chance.randrange(len(rows))
    width = max(map(len, rows))
    match chance.randrange(7):
        case 0:
            return rows[:y] + rows[y + 1 :]
        case 1:
            return [*rows, list(rows[y])]
        case 2:
            x = chance.randrange(width)
            return [row[:x] + row[x + 1 :] for row in rows]
        case 3:
            x = chance.randrange(width)
            return [[*row, row[x] if x < len(row) else ""] for row in rows]
        case 4:
            return [["Claims bordereau"], [], *rows, ["Total", "", "123.45"]]
        case 5:
            return [*rows[:y], [*rows[y], *("more" for _ in range(3))], *rows[y + 1 :]]
        case _:
            return [*rows, *([""] * width for _ in range(200))]


# ------------------------------------------------------------------------ workbooks
def spoil_workbook(content: bytes, chance: Random) -> bytes:
    """A change in one part of the archive, or of the parts there are."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # noqa: BLE001 - spoilt before, in whatever way
        return spoil_bytes(content, chance)
    if not parts:
        return spoil_bytes(content, chance)
    name = chance.choice(sorted(parts))
    if chance.random() < 0.6:
        sheets = [
            each for each in sorted(parts) if "sheet" in each or "content" in each
        ]
        name = chance.choice(sheets or [name])
    match chance.randrange(6):
        case 0:
            del parts[name]
        case 1:
            parts[name] = spoil_bytes(parts[name], chance)
        case 2:
            other = chance.choice(sorted(parts))
            parts[name], parts[other] = parts[other], parts[name]
        case _:
            parts[name] = _spoil_markup(parts[name], chance)
    out = io.BytesIO()
    packed = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(out, "w") as archive:
        for each, part in parts.items():
            archive.writestr(zipfile.ZipInfo(each), part, packed)
    return out.getvalue()


CELLS = (
    'r="XFD1048576"', 'r="A0"', 'r="A99999999"', 'r="ZZZZ1"', 'r=""', 't="s"', 't="e"',
    't="b"', 't="d"', 't="inlineStr"', 't="n"', 's="999"', 's="-1"', 'ref="A1:XFD9"',
    'office:value-type="float"', 'table:number-columns-repeated="16384"',
    'table:number-rows-repeated="1048576"',
)  # fmt: skip
VALUES = (
    "-1", "999999999", "1e308", "NaN", "46054.99999", "2958466", "-0.5", "", "&#0;",
    "&#xFFFF;", "&lol;", "<![CDATA[x]]>", "<f>1+1</f>", "=1+1", "x" * 40_000,
)  # fmt: skip


def _spoil_markup(part: bytes, chance: Random) -> bytes:
    """Another attribute, another text, a tag lost."""
    text = part.decode("utf-8", "replace")
    patterns: tuple[tuple[str, Callable[[], str]], ...] = (
        (r'\b[\w:-]+="[^"]*"', lambda: chance.choice(CELLS)),
        (r"(?<=>)[^<>]+(?=<)", lambda: chance.choice(VALUES)),
        (r"<[^>]*>", lambda: chance.choice(("", "<c>", "</row>", "<!DOCTYPE x>"))),
    )
    pattern, other = chance.choice(patterns)
    found = list(re.finditer(pattern, text))
    if not found:
        return spoil_bytes(part, chance)
    hit = chance.choice(found)
    return (text[: hit.start()] + other() + text[hit.end() :]).encode(
        "utf-8", "replace"
    )


# ----------------------------------------------------------------------------- JSON
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**40, [], {}, [[]], {"a": {"b": []}},
    *TEXTS,
)  # fmt: skip


def spoil_json(content: bytes, chance: Random) -> bytes:
    """A value, a name or the whole shape changed."""
    try:
        document = json.loads(content)
    except ValueError:
        return spoil_bytes(content, chance)
    places = list(_places(document))
    if not places:
        return spoil_bytes(content, chance)
    holder, key = chance.choice(places)
    match chance.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[chance.choice(TEXTS)] = holder.pop(key)
        case 2 if isinstance(holder, list):
            holder.append(holder[key])
        case 3:
            holder[key] = [holder[key]] if chance.random() < 0.5 else {"x": holder[key]}
        case _:
            holder[key] = chance.choice(ODD)
    return json.dumps(document, ensure_ascii=chance.random() < 0.5).encode(
        "utf-8", "replace"
    )


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every place of the document: what holds it, and under which key."""
    found: list[tuple[Any, Any]] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        keys = (
            list(holder)
            if isinstance(holder, dict)
            else range(len(holder))
            if isinstance(holder, list)
            else ()
        )
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys]
    return found
