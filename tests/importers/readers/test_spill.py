"""Files from outside: chunks of a good one, a clear refusal of every other."""

from __future__ import annotations

import json
import os
import pickle
import signal
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from importers import exceptions
from importers.exceptions import FileProblem, HostileFile, ImporterError
from importers.readers import nursery, sandbox
from importers.readers.sandbox import Limits, Spilled, spill
from tests.importers.readers.conftest import Write

PLAIN = "Policy No,Insured,Paid\n0012,Smith,10.50\n0013,Jones,7\nTotal,,17.50\n"
RawSheet = Callable[[str], Path]
Workbook = Callable[[list[list[object]]], Path]


def test_a_plain_file(write: Write, tmp_path: Path) -> None:
    spilled = spill(write(PLAIN), tmp_path / "out", name="Claims.CSV")
    assert spilled == Spilled(
        folder=tmp_path / "out",
        header=("Policy No", "Insured", "Paid"),
        format="csv",
        encoding="utf-8",
        delimiter=",",
        sheet=None,
        sheets=(),
        width=3,
        header_rows=(0,),
        row_count=2,
        skipped_count=1,
        skipped=((4, "total", "Total | 17.50"),),
        repairs=(),
        chunk_count=1,
    )
    (frame,) = spilled.chunks()
    assert frame.schema == {
        "row": pl.Int64,
        "c0": pl.String,
        "c1": pl.String,
        "c2": pl.String,
    }
    assert frame.rows() == [(2, "0012", "Smith", "10.50"), (3, "0013", "Jones", "7")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "chunk-00000.arrow",
        "table.json",
    ]
    assert Spilled.load(tmp_path / "out") == spilled


@pytest.mark.parametrize("rows", [9, 10, 11, 20, 21])
def test_chunk_boundaries(write: Write, tmp_path: Path, rows: int) -> None:
    lines = "".join(f"{i:03},Smith,{i}\n" for i in range(rows))
    limits = Limits(chunk_rows=10, block_bytes=64)
    spilled = spill(
        write("Policy No,Insured,Paid\n" + lines), tmp_path / "out", limits=limits
    )
    heights = [frame.height for frame in spilled.chunks()]
    assert heights == [10] * (rows // 10) + ([rows % 10] if rows % 10 else [])
    joined = pl.concat(spilled.chunks())
    assert joined["row"].to_list() == list(range(2, rows + 2))
    assert joined["c0"].to_list() == [f"{i:03}" for i in range(rows)]


def test_a_column_found_late_widens_every_chunk(write: Write, tmp_path: Path) -> None:
    lines = "".join(f"{i:04},Smith,{i}\n" for i in range(3_000))
    text = "Policy No,Insured,Paid\n" + lines + "9999,Smith,1,extra\n"
    limits = Limits(chunk_rows=1_000, block_bytes=10_000)
    spilled = spill(write(text), tmp_path / "out", limits=limits)
    assert spilled.header == ("Policy No", "Insured", "Paid", "")
    frames = list(spilled.chunks())
    assert [len(frame.columns) for frame in frames] == [5, 5, 5, 5]
    assert frames[0]["c3"].unique().to_list() == [""]
    assert frames[-1].rows() == [(3002, "9999", "Smith", "1", "extra")]
    assert spilled.repairs == (
        "Line 3002 had more cells than the header; what is beyond it is kept in "
        "columns without a name.",
    )


def test_a_second_spill_leaves_nothing_of_the_first(
    write: Write, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    lines = "".join(f"{i},Smith,{i}\n" for i in range(30))
    limits = Limits(chunk_rows=10)
    spill(write("Policy,Insured,Paid\n" + lines), folder, limits=limits)
    assert len(list(spill(write(PLAIN), folder).chunks())) == 1
    with pytest.raises(exceptions.EmptyFile):
        spill(write(""), folder)
    assert list(folder.iterdir()) == []


def test_a_workbook(workbook: Workbook, tmp_path: Path) -> None:
    path = workbook([["Policy No", "Paid", "Open"], ["0012", 1.5, True], ["0013", 2]])
    spilled = spill(path, tmp_path / "out", name="claims.xlsx", sheet="Sheet")
    assert (spilled.format, spilled.sheet, spilled.sheets) == (
        "xlsx",
        "Sheet",
        ("Sheet",),
    )
    (frame,) = spilled.chunks()
    assert frame.rows() == [(2, "0012", "1.5", "TRUE"), (3, "0013", "2", "")]


# -- refusals -------------------------------------------------------------------------


def _refused(path: Path, tmp_path: Path, **options: object) -> tuple[str, str]:
    with pytest.raises(FileProblem) as caught:
        spill(path, tmp_path / "out", **options)  # type: ignore[arg-type]
    left = {path.name for path in (tmp_path / "out").glob("*.json")}
    assert left <= {"problem.json"}, "a refused file leaves no table"
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("", "empty_file", "The file is empty (0 bytes)"),
        ("\n  \n", "empty_file", "The file has no table in it"),
        ("Policy No,Insured,Paid\n", "no_rows", "a header but no data rows"),
        ("Policy No,Insured,Paid\n,,\nTotal,,\n", "no_rows", "no data rows"),
        (
            "Ref,Insured,Paid,Class,Type,PAID \n1,a,2,x,y,3\n2,b,3,x,y,4\n",
            "duplicate_header",
            "Column 'PAID' appears twice (columns C and F). Rename one",
        ),
        (b"Ref,Insured,Paid\n1,Sm\0ith,2\n", "nul_bytes", "NUL characters"),
        (
            "Ref,Name,Paid\n1,Société Générale à Zürich,2\n".encode() + b"2,\xe9,3\n",
            "bad_encoding",
            "in several encodings",
        ),
        (
            b"\xff\xfe" + "a,b\n1,".encode("utf-16-le") + b"\x00\xd8\n\x00",
            "bad_encoding",
            "in several encodings or damaged",
        ),
        (",".join(["a"] * 1_000_000), "too_wide", "A line has 1,000,000 columns"),
        (
            "Ref,Note,Paid\n1,b,2\n2," + "x" * 32_768 + ",5\n",
            "too_large",
            "Row 3, column B holds 32,768 characters; 32,767 is the most",
        ),
        (b"%PDF-1.7\n...", "wrong_kind", "The file is a PDF document, not a table."),
        (b"MZ\x90\0\x03\0\0\0", "wrong_kind", "The file is a Windows program"),
        (b"\x7fELF\x02\x01", "wrong_kind", "The file is a program"),
        ("<!DOCTYPE html><html></html>", "wrong_kind", "The file is a web page"),
        ("\ufeff\n <table><tr><td>", "wrong_kind", "The file is a web page or XML"),
    ],
)
def test_refused_by_content(
    write: Write, tmp_path: Path, content: str | bytes, code: str, message: str
) -> None:
    found, said = _refused(write(content), tmp_path)
    assert found == code
    assert message in said
    assert said.endswith((".", ")"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("claims.xlsx", "The file is called .xlsx but is plain text"),
        ("claims.xls", "The file is called .xls but is plain text"),
        ("claims.exe", "Files of the kind .exe are not read."),
        ("claims.html", "Files of the kind .html are not read."),
    ],
)
def test_the_extension_has_to_agree(
    write: Write, tmp_path: Path, name: str, message: str
) -> None:
    code, said = _refused(write(PLAIN), tmp_path, name=name)
    assert code == "wrong_kind"
    assert said.startswith(message)


def test_a_workbook_called_csv(workbook: Workbook, tmp_path: Path) -> None:
    code, said = _refused(workbook([["a"]]), tmp_path, name="claims.csv")
    assert code == "wrong_kind"
    assert said.startswith("The file is called .csv but is an XLSX workbook")


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("claims.csv", PLAIN)
    code, said = _refused(path, tmp_path)
    assert code == "wrong_kind"
    assert "Unpack it" in said


def test_an_unknown_sheet_names_those_there_are(
    workbook: Workbook, tmp_path: Path
) -> None:
    code, said = _refused(workbook([["a"]]), tmp_path, sheet="Januar")
    assert code == "unknown_sheet"
    assert "no sheet 'Januar'; it has 'Sheet'." in said


def test_an_encrypted_zip(workbook: Workbook, tmp_path: Path) -> None:
    data = bytearray(workbook([["a"]]).read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path = tmp_path / "locked"
    path.write_bytes(data)
    assert _refused(path, tmp_path)[0] == "encrypted_file"


@pytest.mark.parametrize(
    "inside",
    [
        "EncryptedPackage".encode("utf-16-le"),
        struct.pack("<HHHHHHI", 0x809, 8, 0x600, 5, 0, 0, 0)[:12]
        + struct.pack("<HH", 0x2F, 54),
    ],
    ids=["encrypted package", "xls with a password"],
)
def test_a_password(write: Write, tmp_path: Path, inside: bytes) -> None:
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + inside
    code, said = _refused(write(content.ljust(4_096, b"\0")), tmp_path, name="a.xls")
    assert code == "encrypted_file"
    assert said.startswith("The workbook is protected by a password")


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95])
def test_a_truncated_workbook(workbook: Workbook, tmp_path: Path, keep: float) -> None:
    data = workbook([["a", "b", "c"], [1, 2, 3]]).read_bytes()
    path = tmp_path / "short"
    path.write_bytes(data[: int(len(data) * keep)])
    assert _refused(path, tmp_path)[0] == "damaged_file"


def test_broken_xml(raw_sheet: RawSheet, tmp_path: Path) -> None:
    path = raw_sheet('<row r="1"><c r="A1"><v>1</c></row>')
    code, said = _refused(path, tmp_path)
    assert code == "damaged_file"
    assert said.startswith("The workbook is damaged and cannot be opened")


def test_a_zip_bomb(raw_sheet: RawSheet, tmp_path: Path) -> None:
    code, said = _refused(raw_sheet(" " * (30 << 20)), tmp_path)
    assert code == "too_large"
    assert "more than 200 times its size" in said


def test_too_much_to_unpack(raw_sheet: RawSheet, tmp_path: Path) -> None:
    path = raw_sheet(" " * (2 << 20))
    code, said = _refused(path, tmp_path, limits=Limits(unpacked=1 << 20))
    assert code == "too_large"
    assert "unpacks to 2 MB, more than the 1 MB allowed" in said


def test_too_many_parts(tmp_path: Path) -> None:
    path = tmp_path / "parts"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(1_001):
            archive.writestr(f"xl/{i}", "")
    code, said = _refused(path, tmp_path)
    assert code == "too_large"
    assert "1,001 parts" in said


def test_two_cells_that_abort_the_reader(raw_sheet: RawSheet, tmp_path: Path) -> None:
    """1.4 KB; calamine asks for 550 GB and aborts its process."""
    path = raw_sheet(
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    )
    code, said = _refused(path, tmp_path)
    assert code == "hostile_file"
    assert said.startswith("The file is damaged or hostile: the reader was stopped")


def test_the_child_may_be_killed(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = sandbox._watch

    def kill_and_watch(child: nursery.Child, limits: Limits) -> int:
        os.kill(child.pid, signal.SIGKILL)
        return watch(child, limits)

    monkeypatch.setattr(sandbox, "_watch", kill_and_watch)
    with pytest.raises(HostileFile, match=r"the reader was stopped \(SIGKILL\)"):
        spill(write(PLAIN), tmp_path / "out")


def _many(write: Write) -> Path:
    line = "0012,Smith and Sons Limited,2024-01-31,10.50\n"
    return write("Policy No,Insured,Date,Paid\n" + line * 2_000_000)


def test_the_child_may_take_too_long(write: Write, tmp_path: Path) -> None:
    limits = Limits(wall_seconds=0.3)
    with pytest.raises(HostileFile, match="took longer than 0 seconds"):
        spill(_many(write), tmp_path / "out", limits=limits)


def test_the_child_may_use_too_much_memory(write: Write, tmp_path: Path) -> None:
    limits = Limits(address_space=500 << 20, block_bytes=500 << 20)
    with pytest.raises(HostileFile, match="The file is damaged or hostile"):
        spill(_many(write), tmp_path / "out", limits=limits)


def test_a_fault_of_ours_is_no_file_problem(write: Write, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)failed with code 1:.*ValueError"):
        spill(write(PLAIN), tmp_path / "out", limits=Limits(chunk_rows=0))


# -- exceptions -----------------------------------------------------------------------


def _all(kind: type[ImporterError]) -> list[type[ImporterError]]:
    return [kind] + [k for sub in kind.__subclasses__() for k in _all(sub)]


def test_every_problem_survives_the_way_from_child_to_parent() -> None:
    kinds = _all(FileProblem)
    assert len(kinds) == 14
    assert len({kind.code for kind in kinds}) == 14
    for kind in kinds:
        told = json.loads(json.dumps(kind("Do this.").as_dict()))
        again = ImporterError.rebuild(**told)
        assert (type(again), str(again)) == (kind, "Do this.")
        copy = pickle.loads(pickle.dumps(again))  # noqa: S301
        assert (type(copy), copy.message) == (kind, "Do this.")
    with pytest.raises(LookupError):
        FileProblem.rebuild("nonsense", "")


def test_limits_reach_the_child_unchanged() -> None:
    limits = Limits(chunk_rows=7, wall_seconds=1.5)
    assert Limits.from_json(limits.to_json()) == limits


def test_a_single_cell_away_from_the_corner(tmp_path: Path) -> None:
    """A sheet of one cell is no table of a bordereau, but it is read."""
    book = openpyxl.Workbook()
    book.active["C3"] = "Paid"
    book.active["C4"] = 5
    path = tmp_path / "one"
    book.save(path)
    (frame,) = spill(path, tmp_path / "out").chunks()
    assert frame.rows() == [(4, "5")]


def test_a_name_as_long_as_a_cell_can_be(tmp_path: Path) -> None:
    """It costs little also where the rows are searched for the header again."""
    path = tmp_path / "long.csv"
    header = f"{'x' * 60_000},Insured,Paid"
    path.write_text(f"{header}\nA1,Smith,5\n{header}\nA2,Jones,6\n")
    spilled = spill(path, tmp_path / "out", limits=Limits(cpu_seconds=4))
    rows = [row for frame in spilled.chunks() for row in frame.rows()]
    assert rows == [(2, "A1", "Smith", "5"), (4, "A2", "Jones", "6")]
