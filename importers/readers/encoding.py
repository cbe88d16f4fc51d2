"""Find out how a text file is encoded, by one pass over all of its bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_BLOCK = 8 << 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Bytes Windows-1252 does not use; one of them and the file is something else.
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_ASCII = bytes(range(128))
_SAMPLE = 1 << 16
_HIGH = re.compile(rb"[\x80-\xff]+")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff01-\uff5e、。]")
_RARE = re.compile("[\ue000-\uf8ff\uff61-\uff9f\u3130-\u318f\u2500-\u257f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How to decode a file, and what one pass over it showed."""

    name: str
    bom_length: int
    has_nul: bool
    is_mixed: bool
    has_only_cr: bool
    size: int


def detect(path: Path) -> Encoding:
    """Encoding of a file: byte order mark, else the pattern of NUL bytes of UTF-16
    and UTF-32, else UTF-8 where all of it is valid, else an East Asian code where the
    high bytes come in runs and make sense, else Windows-1252, else Latin-1."""
    with path.open("rb") as file:
        head = file.read(_BLOCK)
    size = path.stat().st_size
    for mark, name in _BOMS:
        if head.startswith(mark):
            if name == "utf-8":
                break
            return _wide(path, name, len(mark), size)
    else:
        if wide := _wide_without_mark(head[:4096]):
            return _wide(path, wide, 0, size)
        mark = b""
    return _narrow(path, len(mark), size)


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-16 or UTF-32 from where the zero bytes of ordinary letters fall."""
    if len(head) < 4 or 0 not in head:
        return None
    quarters = [head[i::4].count(0) / max(1, len(head[i::4])) for i in range(4)]
    if min(quarters[1:]) > 0.9 and quarters[0] < 0.1:
        return "utf-32-le"
    if min(quarters[:3]) > 0.9 and quarters[3] < 0.1:
        return "utf-32-be"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) / 2
    if odd > 0.5 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.5 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _wide(path: Path, name: str, mark: int, size: int) -> Encoding:
    nul = bad = line_feed = carriage = False
    decoder = codecs.getincrementaldecoder(name)("strict")
    with path.open("rb") as file:
        file.seek(mark)
        while block := file.read(_BLOCK):
            try:
                text = decoder.decode(block)
            except UnicodeDecodeError:
                bad = True
                break
            nul |= "\0" in text
            line_feed |= "\n" in text
            carriage |= "\r" in text
    return Encoding(name, mark, nul, bad, carriage and not line_feed, size)


def _narrow(path: Path, mark: int, size: int) -> Encoding:
    nul = line_feed = carriage = False
    is_utf8 = True
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with path.open("rb") as file:
        file.seek(mark)
        while block := file.read(_BLOCK):
            nul |= b"\0" in block
            line_feed |= b"\n" in block
            carriage |= b"\r" in block
            if is_utf8 and not (block.isascii() and not decoder.getstate()[0]):
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8 and decoder.getstate()[0]:
        is_utf8 = False  # the last character is cut off
    name, mixed = ("utf-8", False) if is_utf8 else _single_byte(path, mark)
    return Encoding(name, mark, nul, mixed, carriage and not line_feed, size)


def _single_byte(path: Path, mark: int) -> tuple[str, bool]:
    """Name of the code of a file that is not UTF-8, and whether it is mixed."""
    has_unused = False
    good = bad = 0
    sample = b""
    with path.open("rb") as file:
        file.seek(mark)
        while block := file.read(_BLOCK):
            high = block.translate(None, _ASCII)
            if not high:
                continue
            has_unused = has_unused or _NOT_CP1252.search(high) is not None
            valid = len(block.decode("utf-8", "ignore").encode())
            good_bytes = valid - (len(block) - len(high))
            good += good_bytes // 2
            bad += len(high) - good_bytes
            if len(sample) < _SAMPLE:
                lines = (ln for ln in block.splitlines(True) if not ln.isascii())
                sample += b"".join(islice(lines, 500))[:_SAMPLE]
    # Accents of Windows-1252 that happen to form UTF-8 are rare: where most of the
    # high bytes do, the file is UTF-8 with foreign pieces pasted in.
    if mark or good > bad:
        return "utf-8", True
    runs = [len(run) for run in _HIGH.findall(sample)]
    in_runs = sum(length for length in runs if length > 1)
    if in_runs > 0.6 * sum(runs) and (east := _east_asian(sample)):
        return east, False
    return ("latin-1" if has_unused else "cp1252"), False


def _east_asian(sample: bytes) -> str | None:
    """The East Asian code that decodes the sample to the most likely text."""
    best, best_score = None, 0.5
    for name in ("shift_jis", "euc_jp", "big5", "gb18030", "euc_kr"):
        try:
            text = sample.decode(name)
        except UnicodeDecodeError:
            continue
        letters = [c for c in text if ord(c) > 127]
        if not letters:
            continue
        joined = "".join(letters)
        kana = len(re.findall("[\u3040-\u30ff]", joined))
        likely = len(_EAST_ASIAN.findall(joined)) - 2 * len(_RARE.findall(joined))
        score = (likely + kana) / len(letters)
        if score > best_score:
            best, best_score = name, score
    return best
