"""Delimited text becomes rows of text, whatever its dialect and encoding."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from importers.readers import read
from tests.examples import some
from tests.importers.readers.conftest import Write

PLAIN = "Policy No,Insured,Paid\n0012,Smith,10.50\n0013,Jones,7\n"
HEADER = ("Policy No", "Insured", "Paid")
ROWS = [["0012", "Smith", "10.50"], ["0013", "Jones", "7"]]


def test_a_plain_file(write: Write) -> None:
    table = read(write(PLAIN))
    assert table.header == HEADER
    assert list(table.rows) == ROWS
    assert list(table.rows) == ROWS, "rows can be walked again"
    assert len(table.rows) == 2
    assert list(table.numbered()) == [(2, ROWS[0]), (3, ROWS[1])]
    assert table.roles == {"header": [0], "data": [1, 2], "skipped": []}
    assert table.repairs == ()
    assert (table.format, table.encoding, table.delimiter) == ("csv", "utf-8", ",")
    assert (table.sheet, table.sheets) == (None, ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", ":"])
def test_delimiters(write: Write, delimiter: str) -> None:
    table = read(write(PLAIN.replace(",", delimiter)))
    assert table.delimiter == delimiter
    assert (table.header, list(table.rows)) == (HEADER, ROWS)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(write: Write, end: str) -> None:
    table = read(write(PLAIN.replace("\n", end)))
    assert (table.header, list(table.rows)) == (HEADER, ROWS)
    assert [number for number, _cells in table.numbered()] == [2, 3]


@pytest.mark.parametrize(
    ("codec", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
    ],
)
def test_encodings(write: Write, codec: str, found: str) -> None:
    text = "Cédant;Straße;Prämie\nSociété Générale;Hauptstraße;1,50\nÅse;Ø;2\n"
    table = read(write(text.encode(codec)))
    assert table.encoding == found
    assert table.header == ("Cédant", "Straße", "Prämie")
    assert list(table.rows) == [
        ["Société Générale", "Hauptstraße", "1,50"],
        ["Åse", "Ø", "2"],
    ]


def test_a_byte_windows_does_not_use_means_latin_1(write: Write) -> None:
    table = read(write(b"a,b\n1,x\x81y\n2,\xe9\n"))
    assert table.encoding == "latin-1"
    assert list(table.rows) == [["1", "x\x81y"], ["2", "é"]]


def test_japanese_is_not_taken_for_western_text(write: Write) -> None:
    text = "証券番号,保険料,氏名\n001,100,こんにちは太郎\n002,200,さくら花子\n"
    table = read(write(text.encode("shift_jis")))
    assert table.encoding == "shift_jis"
    assert table.header == ("証券番号", "保険料", "氏名")


def test_quotes_with_delimiters_and_line_breaks_inside(write: Write) -> None:
    text = 'Ref,Note,Paid\n1,"a, b",5\n2,"line one\nline ""two""",6\n3,c,7\n'
    table = read(write(text))
    assert list(table.numbered()) == [
        (2, ["1", "a, b", "5"]),
        (3, ["2", 'line one\nline "two"', "6"]),
        (5, ["3", "c", "7"]),
    ]
    assert table.roles["data"] == [1, 2, 3]


def test_single_quotes_and_backslash_escapes(write: Write) -> None:
    apostrophe = read(write("'a','b','c'\n'1','x, y','2'\n'3','z','4'\n"))
    assert list(apostrophe.rows) == [["1", "x, y", "2"], ["3", "z", "4"]]
    escaped = read(write('a,b,c\n1,"8 \\" pipe, long",2\n3,"z",4\n'))
    assert list(escaped.rows) == [["1", '8 " pipe, long', "2"], ["3", "z", "4"]]


def test_comma_and_space_as_delimiter(write: Write) -> None:
    table = read(write('Ref, Note, Paid\n1, "a, b", 5\n2, c, 6\n'))
    assert table.header == ("Ref", "Note", "Paid")
    assert list(table.rows) == [["1", "a, b", "5"], ["2", "c", "6"]]


def test_a_stray_quote_does_not_swallow_the_lines_after_it(write: Write) -> None:
    lines = [f"{i},Insured {i},{i}.50\n" for i in range(30_000)]
    lines[100] = '100,"Insured 100,100.50\n'
    lines[20_000] = '20000,Insured 20000,"20000.50\n'
    table = read(write("Ref,Insured,Paid\n" + "".join(lines)))
    rows = list(table.rows)
    assert len(rows) == 30_000
    assert rows[100] == ["100", '"Insured 100', "100.50"]
    assert rows[20_000] == ["20000", "Insured 20000", '"20000.50']
    assert rows[29_999] == ["29999", "Insured 29999", "29999.50"]
    assert table.repairs == (
        "2 lines had a quote that is never closed; it was read as text "
        "(lines 102, 20002).",
    )


def test_rows_longer_and_shorter_than_the_header(write: Write) -> None:
    table = read(write("A1,B1,C1\nx,y,1\nx,y,2,oops\nx,y\nx,y,3,\n"))
    assert table.header == ("A1", "B1", "C1", "")
    assert list(table.rows) == [
        ["x", "y", "1", ""],
        ["x", "y", "2", "oops"],
        ["x", "y", "", ""],
        ["x", "y", "3", ""],
    ]
    assert table.repairs == (
        "Line 3 had more cells than the header; what is beyond it is kept in columns "
        "without a name.",
        "1 line had fewer cells than the header; the missing cells are left empty "
        "(line 4).",
    )


def test_cells_are_kept_as_they_are(write: Write) -> None:
    table = read(write("Ref,Name,Paid\n 007 ,  Ann ,1\n008,\u00a0Bob,2\n"))
    assert list(table.rows) == [[" 007 ", "  Ann ", "1"], ["008", "\u00a0Bob", "2"]]


def test_a_cell_beyond_the_limit_of_the_csv_module(write: Write) -> None:
    table = read(write("Ref,Note,Paid\n1," + "x" * 200_000 + ",5\n2,b,6\n"))
    assert [len(row[1]) for row in table.rows] == [200_000, 1]


@pytest.mark.parametrize("content", ["", "\n\n", " \n"])
def test_nothing_in_the_file_gives_an_empty_table(write: Write, content: str) -> None:
    table = read(write(content))
    assert (table.header, list(table.rows)) == ((), [])


_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=12
)


@settings(max_examples=some(100), deadline=None)
@given(rows=st.lists(st.tuples(_TEXT, _TEXT), min_size=2, max_size=20))
def test_what_csv_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["Policy Reference", "Insured Name", "Date", "Amount Paid"])
    expected = []
    for i, (one, two) in enumerate(rows):
        assume(not one.lstrip("\"' ").lower().startswith("policy"))
        expected.append([f"POL{i:05}", one, "2024-01-31" if two else "", two])
        writer.writerow(expected[-1])
    # Enough ordinary rows for the dialect to be beyond doubt.
    for i in range(60):
        expected.append([f"REF{i:05}", "Smith & Co", "2024-02-29", f"{i}.25"])
        writer.writerow(expected[-1])
    path = tmp_path_factory.mktemp("trip") / "file"
    path.write_text(out.getvalue(), "utf-8", newline="")
    table = read(path)
    kept = [cells for cells in expected if sum(1 for c in cells if c.strip()) > 1]
    assert [cells for cells in table.rows] == kept
    assert table.repairs == ()
