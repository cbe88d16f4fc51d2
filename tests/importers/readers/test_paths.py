"""The quick and the careful path through a CSV give the same, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.readers import csv_reader
from importers.readers.csv_reader import CsvSource
from importers.readers.dialect import Dialect
from importers.readers.fast import parse_block
from importers.readers.reading import Reading
from importers.readers.table import ROW, widen
from tests.examples import some

_HEADER = "Policy No,Insured,Date,Paid"
_ORDINARY = [f"{i:05},Smith & Co {i},2024-01-31,{i}.25" for i in range(60)]
_CELL = st.one_of(
    st.sampled_from(["", " ", "  x", "x ", "total", "0012", "é", "1,234.00", "a'b"]),
    st.text(st.sampled_from("ab\",;' é0\t\x1f\u2028"), max_size=6),
)
_LINE = st.one_of(
    st.lists(_CELL, min_size=4, max_size=4).map(",".join),
    st.lists(_CELL, max_size=6).map(",".join),
    st.sampled_from(
        [
            "",
            " ",
            ",,,",
            "TOTAL,,,12.50",
            "Total,Smith,2024-01-01,5",
            "Note: see overleaf,,,",
            _HEADER,
            '1,"a, b",2024-01-01,5',
            '2,"line one\nline two",2024-01-01,5',
            '3,"he said ""no""",2024-01-01,5',
            '"4","x","2024-01-01","5"',
            '5,"never closed,2024-01-01,5',
            '6,5" pipe,2024-01-01,5',
            "7,lone\rreturn,2024-01-01,5",
            "8,x,2024-01-01,5,",
            "9,x,2024-01-01,5,more",
            "\ufeff10,x,2024-01-01,5",
        ]
    ),
)


@pytest.fixture(autouse=True, scope="module")
def _small_sample() -> Iterator[None]:
    """Fewer than the ordinary rows: what follows is read block by block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "SAMPLE_RECORDS", 50)
        yield


def _walk(path: Path, **options: Any) -> tuple[Any, ...]:
    source = CsvSource(path, **options)
    reading = Reading.of(source)
    frames, data, skipped = [], [], []
    for judged in reading.judged():
        frames.append(judged.frame)
        data += judged.data
        skipped += judged.skipped
    source.close()
    rows = pl.concat([widen(frame, reading.width) for frame in frames]).rows()
    return reading.header, rows, data, skipped, reading.repairs()


@settings(max_examples=some(100), deadline=None)
@given(
    lines=st.lists(_LINE, max_size=25),
    end=st.sampled_from(["\n", "\r\n"]),
    is_ended=st.booleans(),
    block_bytes=st.sampled_from([16, 64, 1_000, 1 << 20]),
    has_trailing=st.booleans(),
)
def test_quick_and_careful_agree(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[str],
    end: str,
    is_ended: bool,
    block_bytes: int,
    has_trailing: bool,
) -> None:
    more = "," if has_trailing else ""
    text = end.join([_HEADER, *(line + more for line in _ORDINARY), *lines])
    path = tmp_path_factory.getbasetemp() / "same.csv"
    path.write_bytes((text + (end if is_ended else "")).encode())
    careful = _walk(path, is_quick=False, block_bytes=1 << 20)
    assert _walk(path, is_quick=True, block_bytes=block_bytes) == careful
    assert careful[0][:4] == ("Policy No", "Insured", "Date", "Paid")
    assert careful[2][:60] == list(range(1, 61))


@pytest.mark.parametrize(
    ("block", "rows"),
    [
        (b"a,b\r\nc,d\r\n", [(5, "a", "b"), (6, "c", "d")]),
        (b'"a, x","b""c"\nc,\n', [(5, "a, x", 'b"c'), (6, "c", "")]),
        (b"\xc3\xa9, b \n,", [(5, "é", " b "), (6, "", "")]),
        (b"a,b\nc\n", None),
        (b"a,b\nc,d,e\n", None),
        (b"a,b,c\nd\n", None),
        (b"a,b\n\n", None),
        (b'a,"b\nc",d\n', None),
        (b'"a,"b\na",b"\n', None),
        (b"a,b\rc,d\n", None),
        (b"\xef\xbb\xbfa,b\n", None),
    ],
)
def test_what_the_quick_path_takes(
    block: bytes, rows: list[tuple[int, str, str]] | None
) -> None:
    frame = parse_block(block, 5, Dialect(",", '"', width=2), 2)
    assert (None if frame is None else frame.rows()) == rows
    if frame is not None:
        assert frame.schema == {ROW: pl.Int64, "c0": pl.String, "c1": pl.String}


def test_dialects_polars_reads_otherwise_are_left_to_the_csv_module() -> None:
    for dialect in (
        Dialect("§", width=2),
        Dialect(",", escape="\\", width=2),
        Dialect(",", skips_space=True, width=2),
    ):
        assert parse_block(b"a,b\n", 1, dialect, 2) is None


def test_most_of_a_plain_file_takes_the_quick_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("\n".join([_HEADER, *_ORDINARY * 400]), "utf-8")
    taken = []

    def watched(*arguments: Any) -> pl.DataFrame | None:
        frame = parse_block(*arguments)
        taken.append(frame is not None)
        return frame

    monkeypatch.setattr("importers.readers.csv_reader.parse_block", watched)
    _walk(path, block_bytes=1 << 16)
    assert len(taken) > 5
    assert all(taken)
