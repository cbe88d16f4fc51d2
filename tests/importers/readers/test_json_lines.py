"""JSON lines: the texts as sent, every field a column, and each bad line named."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import exceptions
from importers.exceptions import FileProblem
from importers.readers import json_reading, read, spilling
from importers.readers.kinds import kind_of
from importers.readers.precheck import check
from importers.readers.sandbox import Limits, Spilled, spill
from tests.examples import some
from tests.importers.readers.conftest import Write

GLEIF = (
    Path(__file__).resolve().parents[2]
    / "files/web/gleif/549300LBI3LRIZ2V8V66_lapsed.json"
)
PLAIN = '{"Policy No":"0012","Paid":10.50}\n{"Policy No":"0013","Paid":7}\n'


def _here(path: Path, folder: Path, limits: Limits | None = None) -> Spilled:
    """As ``sandbox.spill``, in this process."""
    limits = limits or Limits()
    folder.mkdir(exist_ok=True)
    spilling.spill(path, check(path, None, limits), folder, None, limits)
    return Spilled.load(folder)


def _rows(spilled: Spilled) -> list[tuple[Any, ...]]:
    return [row for frame in spilled.chunks() for row in frame.rows()]


def _table(
    write: Write, tmp_path: Path, content: str | bytes
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    spilled = _here(write(content), tmp_path / "out")
    return spilled.header, _rows(spilled)


# -- what is read ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sync.jsonl", "sync.NDJSON", "sync.json", None])
def test_a_plain_file(write: Write, tmp_path: Path, name: str | None) -> None:
    spilled = spill(write(PLAIN), tmp_path / "out", name=name)
    assert spilled == Spilled(
        folder=tmp_path / "out",
        header=("Policy No", "Paid"),
        format="jsonl",
        encoding="utf-8",
        delimiter=None,
        sheet=None,
        sheets=(),
        width=2,
        header_rows=(),
        row_count=2,
        skipped_count=0,
        skipped=(),
        repairs=(),
        chunk_count=1,
    )
    (frame,) = spilled.chunks()
    assert frame.schema == {"row": pl.Int64, "c0": pl.String, "c1": pl.String}
    assert frame.rows() == [(1, "0012", "10.50"), (2, "0013", "7")]


def test_read_gives_the_table_in_this_process(write: Write) -> None:
    path = write('\n{"a":1}\n{}\n{"b":true}\n')
    assert kind_of(path) == "jsonl"
    table = read(path)
    assert (table.header, table.format, table.encoding) == (
        ("a", "b"),
        "jsonl",
        "utf-8",
    )
    assert list(table.numbered()) == [(2, ["1", ""]), (4, ["", "true"])]
    assert table.roles == {"header": [], "data": [0, 2], "skipped": [1]}
    assert table.skipped == ((3, "blank", ""),)
    assert table.repairs == ()


@pytest.mark.parametrize(
    "number",
    ["10.50", "-0", "1E400", "1e-7", "12345678901234567890123", "0.1000", "NaN"],
)
@pytest.mark.parametrize("line", ['{"n":%s}', '{"n" : %s }', '{"n":%s,"m":{"x":1}}'])
def test_digits_stay_as_sent(
    write: Write, tmp_path: Path, number: str, line: str
) -> None:
    _header, rows = _table(write, tmp_path, line % number)
    assert rows[0][:2] == (1, number)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ('""', ""),
        ('" x "', " x "),
        ('"caf\\u00e9 \\ud83d\\ude00"', "café 😀"),
        ('"a\\nb"', "a\nb"),
        ("[]", ""),
        ('["JP MORGAN HOUSE","DUBLIN 1"]', "JP MORGAN HOUSE; DUBLIN 1"),
        ("[1.50, true, null, 2]", "1.50; true; ; 2"),
        ('[{"é": 1.50, "t": "1.50"}, [], {}]', '[{"é":1.50,"t":"1.50"},[],{}]'),
        ('[[1e5, null, false, "\\""]]', '[[1e5,null,false,"\\""]]'),
    ],
)
def test_values(write: Write, tmp_path: Path, value: str, text: str) -> None:
    assert _table(write, tmp_path, f'{{"v": {value}}}') == (("v",), [(1, text)])


def test_true_and_false_beside_texts_and_nulls(write: Write, tmp_path: Path) -> None:
    lines = '{"v":"x"}\n{"v":null}\n{"v":true}\n{"v":1}\n{"v":false}\n'
    _header, rows = _table(write, tmp_path, lines)
    assert [text for _row, text in rows] == ["x", "", "true", "1", "false"]


def test_nested_objects_become_dotted_names(write: Write, tmp_path: Path) -> None:
    line = (
        '{"id":1,"attributes":{"entity":{"legalName":{"name":"X"}},"bic":null},"e":{}}'
    )
    header, rows = _table(write, tmp_path, line)
    assert header == ("id", "attributes.entity.legalName.name", "attributes.bic")
    assert rows == [(1, "1", "X", "")]


def test_an_object_where_another_record_has_none(write: Write, tmp_path: Path) -> None:
    lines = '{"parent":null}\n{"parent":{"lei":"L"}}\n{"parent":"gone"}\n'
    header, rows = _table(write, tmp_path, lines)
    assert header == ("parent", "parent.lei")
    assert rows == [(1, "", ""), (2, "", "L"), (3, "gone", "")]


def test_columns_in_order_of_first_appearance(write: Write, tmp_path: Path) -> None:
    lines = '{"a":{"x":1},"b":2}\n{"c":3,"a":{"y":4}}\n{"b":5,"a.x":6}\n'
    header, rows = _table(write, tmp_path, lines)
    assert header == ("a.x", "b", "c", "a.y")
    assert rows == [(1, "1", "2", "", ""), (2, "", "", "3", "4"), (3, "6", "5", "", "")]


def test_lines_are_counted_as_a_clerk_does(write: Write, tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf\r\n{"a":1}\r\n \t\r\n{}\r\n  {"a":"\xe2\x80\xa8"}  '
    spilled = _here(write(content), tmp_path / "out")
    assert _rows(spilled) == [(2, "1"), (5, "\u2028")]
    assert (spilled.skipped_count, spilled.skipped) == (1, ((4, "blank", ""),))


def test_totals_and_notes_are_rows_like_others(write: Write, tmp_path: Path) -> None:
    lines = '{"a":"x","b":1,"c":2}\n{"a":"Total"}\n{"c":null}\n'
    _header, rows = _table(write, tmp_path, lines)
    assert rows == [(1, "x", "1", "2"), (2, "Total", "", ""), (3, "", "", "")]


@pytest.mark.parametrize("count", [9, 10, 11, 20, 21])
@pytest.mark.parametrize("block_bytes", [64, 8 << 20])
def test_chunk_boundaries(
    write: Write, tmp_path: Path, count: int, block_bytes: int
) -> None:
    lines = "".join(f'{{"n":"{i:03}"}}\n' for i in range(count))
    limits = Limits(chunk_rows=10, block_bytes=block_bytes)
    spilled = _here(write(lines), tmp_path / "out", limits)
    heights = [frame.height for frame in spilled.chunks()]
    assert heights == [10] * (count // 10) + ([count % 10] if count % 10 else [])
    assert _rows(spilled) == [(i + 1, f"{i:03}") for i in range(count)]


def test_a_field_found_late_widens_every_chunk(write: Write, tmp_path: Path) -> None:
    lines = "".join(f'{{"n":{i}}}\n' for i in range(25)) + '{"late":"x"}\n'
    limits = Limits(chunk_rows=10, block_bytes=64)
    spilled = _here(write(lines), tmp_path / "out", limits)
    assert (spilled.header, spilled.width) == (("n", "late"), 2)
    assert [len(frame.columns) for frame in spilled.chunks()] == [3, 3, 3]
    assert _rows(spilled)[-2:] == [(25, "24", ""), (26, "", "x")]


def test_a_record_of_gleif(write: Write, tmp_path: Path) -> None:
    record = json.loads(GLEIF.read_text("utf-8"))["data"]
    spilled = _here(write(json.dumps(record) + "\n"), tmp_path / "out")
    (cells,) = (row[1:] for row in _rows(spilled))
    told = dict(zip(spilled.header, cells, strict=True))
    assert told == _flattened(record)
    assert len(told) == 65
    assert list(told)[:3] == ["type", "id", "attributes.lei"]
    assert told["attributes.entity.legalName.name"] == "UK EQUITY FUND (OFFSHORE)"
    lines = told["attributes.entity.legalAddress.addressLines"]
    assert lines == "JP MORGAN HOUSE; DUBLIN 1"
    assert told["attributes.entity.otherNames"] == ""
    assert told["attributes.entity.expiration.date"] == ""
    assert told["attributes.registration.status"] == "LAPSED"
    assert told["attributes.bic"] == ""
    assert told["attributes.spglobal"] == "288226009"
    assert told["links.self"].endswith("/lei-records/549300LBI3LRIZ2V8V66")


# -- random records against a plain flatten ------------------------------------------


class Digits(str):
    """A number as it is written."""


_KEYS = st.sampled_from(["a", "b", "id", "é", 'k"', "x:y", '":', "k [1]", "{", "z" * 9])
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_SCALARS = st.one_of(
    _TEXT,
    st.sampled_from([True, False, None, "a :b", '"x":1', "{", "[", "0012", " "]),
    st.sampled_from(["0", "-0", "1.50", "1E400", "-1e-7", "9" * 30]).map(Digits),
)
_FLAT = st.dictionaries(_KEYS, _SCALARS, max_size=6)
_NESTED = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)
    ),
    max_leaves=6,
)
_RECORDS = st.one_of(
    st.lists(_FLAT, min_size=1, max_size=12),
    st.lists(st.dictionaries(_KEYS, _NESTED, max_size=5), min_size=1, max_size=8),
)
_STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\t", "\t:")])


def _json(value: Any, style: tuple[str, str], is_ascii: bool) -> str:
    comma, colon = style
    if isinstance(value, dict):
        items = (
            json.dumps(key, ensure_ascii=is_ascii) + colon + _json(v, style, is_ascii)
            for key, v in value.items()
        )
        return "{" + comma.join(items) + "}"
    if isinstance(value, list):
        return "[" + comma.join(_json(v, style, is_ascii) for v in value) + "]"
    if isinstance(value, Digits):
        return str(value)
    return json.dumps(value, ensure_ascii=is_ascii)


def _plain(value: Any) -> str:
    words = {True: "true", False: "false", None: ""}
    if isinstance(value, list):
        if any(isinstance(v, list | dict) for v in value):
            return _json(value, (",", ":"), False)
        return "; ".join(_plain(v) for v in value)
    return value if isinstance(value, str) else words[value]


def _flattened(record: dict[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            inner = _flattened(value)
            flat |= {f"{key}.{name}": text for name, text in inner.items()}
        else:
            flat[key] = _plain(value)
    return flat


@settings(deadline=None, max_examples=some(50))
@given(records=_RECORDS, style=_STYLES, is_ascii=st.booleans(), rows=st.integers(1, 5))
def test_the_same_texts_come_back(
    records: list[dict[str, Any]], style: tuple[str, str], is_ascii: bool, rows: int
) -> None:
    flat = [_flattened(record) for record in records]
    header = tuple(dict.fromkeys(name for record in flat for name in record))
    expected = [
        (number, *(record.get(name, "") for name in header))
        for number, record in enumerate(flat, 1)
        if record
    ]
    lines = "\n".join(_json(record, style, is_ascii) for record in records)
    limits = Limits(chunk_rows=rows, block_bytes=64)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(lines.encode())
        if not expected:
            with pytest.raises(exceptions.NoRows):
                spilling.spill(path, "jsonl", Path(folder), None, limits)
            return
        spilling.spill(path, "jsonl", Path(folder), None, limits)
        spilled = Spilled.load(Path(folder))
        assert spilled.header == header
        assert _rows(spilled) == expected
        assert spilled.skipped_count == len(records) - len(expected)


@settings(deadline=None, max_examples=some(50))
@given(content=st.text(st.sampled_from('{}[]":,a1\\u0d8 \n\t\r-.e'), max_size=40))
def test_any_text_ends_in_rows_or_in_a_reason(content: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(b'{"a":1}\n' + content.encode())
        try:
            spilling.spill(path, "jsonl", Path(folder), None, Limits())
        except FileProblem as problem:
            assert str(problem).endswith((".", ")"))


# -- refusals -------------------------------------------------------------------------

GOOD = '{"a":1}\n'


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (GOOD + '{"a":2,"b":"x', "damaged_file", "Line 2 is no JSON object of its own"),
        ('{"a":2,"b":"x', "damaged_file", "Line 1 is no JSON object of its own"),
        (GOOD + "[1,2]\n", "damaged_file", "Line 2 is no JSON object"),
        (GOOD + "\n\ntext\n", "damaged_file", "Line 4 is no JSON object"),
        (GOOD + '{"a":1},\n', "damaged_file", "Line 2 is no JSON object"),
        (GOOD + '{"a":1}{"a":2}', "damaged_file", "Line 2 is no JSON object"),
        (GOOD + '"a{"\n', "damaged_file", "Line 2 is no JSON object"),
        (GOOD + "[" * 100_000, "damaged_file", "nested hundreds of levels deep"),
        ('{"a":' * 100_000, "damaged_file", "nested hundreds of levels deep"),
        (
            GOOD + '{"a":' + "[" * 900 + "]" * 900 + "}",
            "damaged_file",
            "Line 2 has lists or objects nested",
        ),
        (
            '{"a":1,"a":1}',
            "duplicate_header",
            "Line 1 has the field 'a' twice, so one of its values would be lost.",
        ),
        ('{"a":1, "a" :1}', "duplicate_header", "Line 1 has the field 'a' twice"),
        ('{"a":1, "\\u0061":1}', "duplicate_header", "the field 'a' twice"),
        ('{"a":null,"a":{"b":1}}', "duplicate_header", "the field 'a' twice"),
        ('{"x":{"a":1,"a":2}}', "duplicate_header", "the field 'x.a' twice"),
        ('{"a.b":1,"a":{"b":2}}', "duplicate_header", "the field 'a.b' twice"),
        (
            '{"Paid":1,"Ref":2}\n{"Ref":2,"paid ":3}\n',
            "duplicate_header",
            "The fields 'Paid' (line 1) and 'paid ' (line 2) differ only in capitals",
        ),
        ('{"a":"x\\u0000"}', "nul_bytes", "NUL characters (\\u0000) in its text"),
        ('{"a\\u0000":1}', "nul_bytes", "Line 1: the name of field 'a\\x00' has a NUL"),
        (GOOD + '{"a":"\0"}', "nul_bytes", "NUL characters between the text"),
        (
            GOOD + '{"a":true}\n{"a":"\\ud800"}',
            "bad_encoding",
            "Line 3: field 'a' has half of a character in it",
        ),
        ('{"a":["\\udc00",[]]}', "bad_encoding", "Line 1: field 'a' has half"),
        ('{"\\ud800":1}', "bad_encoding", "the name of field '\\ud800' has half"),
        (b'{"a":"caf\xe9"}\n', "bad_encoding", "The text of the file is not UTF-8"),
        (
            GOOD + '{"note":"' + "x" * 32_768 + '"}',
            "too_large",
            "Row 2, field 'note' holds 32,768 characters; 32,767 is the most",
        ),
        (
            '{"' + "x" * 32_768 + '":1}',
            "too_large",
            "Line 1 has a field whose name is 32,768 characters long",
        ),
        ("{}\n{}\n", "no_rows", "The file has no records with a field in them"),
        ('{"a":{}}', "no_rows", "The file has no records with a field in them"),
        ("\n \n", "empty_file", "The file has no table in it, only blank lines"),
        ("", "empty_file", "The file is empty (0 bytes)"),
        ('[{"a":1}]', "wrong_kind", "Send JSON lines: UTF-8 text with one record"),
        ('[\n {\n "a":1}]', "wrong_kind", "The file is one JSON document"),
        ('{\n  "a": 1\n}\n', "wrong_kind", "The file is one JSON document"),
    ],
)
def test_refused_by_content(
    write: Write, tmp_path: Path, content: str | bytes, code: str, message: str
) -> None:
    with pytest.raises(FileProblem) as caught:
        _here(write(content), tmp_path / "out")
    assert caught.value.code == code
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")
    assert not (tmp_path / "out" / "table.json").exists()


def test_a_refusal_comes_out_of_the_child(write: Write, tmp_path: Path) -> None:
    with pytest.raises(exceptions.DamagedFile, match=r"^Line 2 has lists or objects"):
        spill(write(GOOD + "[" * 1_000_000), tmp_path / "out")
    with pytest.raises(exceptions.BadEncoding, match=r"^Line 1: the name of field"):
        spill(write('{"\\ud800":1}'), tmp_path / "out")


def test_too_many_fields(write: Write, tmp_path: Path) -> None:
    line = json.dumps({f"f{i}": i for i in range(16_385)})
    with pytest.raises(
        exceptions.TooWide, match="have 16,385 different fields between"
    ):
        _here(write(line), tmp_path / "out")
    lines = "".join(f'{{"f{i}":1}}\n' for i in range(4))
    with pytest.raises(exceptions.TooWide, match="by line 4; 3 columns is the most"):
        _here(write(lines), tmp_path / "out", Limits(columns=3))


def test_a_few_bytes_that_ask_for_a_large_table(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_reading, "_CHUNK_CELLS", 99)
    lines = "".join(f'{{"f{i}":1}}\n' for i in range(10))
    with pytest.raises(exceptions.TooWide, match="The first 10 records have 10 differ"):
        _here(write(lines), tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("a,b\n1,2\n", "sync.jsonl", "The file is called .jsonl but its first line is"),
        ("[1, 2]", "sync.json", "The file is called .json but its first line is no"),
        ('[{"a":1}]', "sync.json", "The file is one JSON document over several lines"),
        ('{\n"a":1}', "sync.json", "The file is one JSON document over several lines"),
        (PLAIN.encode("utf-16"), "sync.json", "The file is called .json but its first"),
        (PLAIN, "sync.csv", "The file is called .csv but is JSON lines; save it under"),
    ],
)
def test_extension_and_content_have_to_agree(
    write: Write, content: str | bytes, name: str, message: str
) -> None:
    with pytest.raises(exceptions.WrongKind) as caught:
        check(write(content), name, Limits())
    assert str(caught.value).startswith(message)
    assert "JSON lines" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"a":1}', "jsonl"),
        ('\n\n {"a":"' + "x" * 100_000, "jsonl"),
        ('{"a":1\n{"a":2}', "jsonl"),
        ("{}\n", "jsonl"),
        ("{abc},b\n1,2\n", "csv"),
        ("[Policy No],[Paid]\n1,2\n", "csv"),
        ('{"' + " " * 65_000 + "\nx", "csv"),
    ],
)
def test_the_kind_by_content(write: Write, content: str, kind: str) -> None:
    assert kind_of(write(content)) == kind
