"""The readers held against real files nobody here wrote (../shared/data)."""

from __future__ import annotations

import collections
import contextlib
import csv
import json
from pathlib import Path

import pytest

from importers.exceptions import FileProblem
from importers.readers import read
from importers.readers.excel import ExcelSource
from importers.readers.kinds import kind_of
from importers.readers.sandbox import Limits, spill

pytestmark = pytest.mark.shared_data

#: Takes a reader minutes outside the sandbox.
STALLS = "issue_174.xlsx"


def _same(mine: str, theirs: str) -> bool:
    """Whether our text is the value the reference reader wrote as Python does; it
    cuts texts off after 40 characters."""
    if mine == theirs or (len(theirs) == 40 and mine.startswith(theirs)):
        return True
    if mine.casefold() == theirs.casefold() and mine in ("TRUE", "FALSE"):
        return True
    if not theirs and mine.startswith("#"):
        return True  # the reference reader leaves errors out
    with contextlib.suppress(ValueError):
        return float(mine) == float(theirs)
    return theirs.startswith((mine, f"{mine} 00:00:00"))


def test_cells_agree_with_the_reference(shared: Path) -> None:
    lines = (shared / "excel_reference.jsonl").read_text("utf-8").splitlines()
    # Some files stand there twice; the later line is of the file as it is.
    references = {entry["file"]: entry for entry in map(json.loads, lines)}
    cells = agreed = sheets = 0
    unlike = collections.Counter[str]()
    for reference in references.values():
        path = shared / reference["file"]
        if STALLS in path.name:
            continue
        for sheet in reference.get("calamine") or ():
            if sheet["type"] != "WorkSheet" or not sheet["first"]:
                continue
            source = ExcelSource(path, kind_of(path), sheet["name"])
            sheets += 1
            for number, row in enumerate(sheet["first"]):
                at = number - source.first_record
                mine = source.sample[at] if 0 <= at < len(source.sample) else []
                for column, text in enumerate(row):
                    cells += 1
                    here = mine[column] if column < len(mine) else ""
                    if _same(here, text):
                        agreed += 1
                    else:
                        unlike[f"{path.name}: {here!r} not {text!r}"] += 1
            source.close()
    assert sheets > 300
    assert agreed / cells >= 0.99, unlike.most_common(20)


def test_every_workbook_ends_in_rows_or_in_a_reason(shared: Path) -> None:
    outcomes = collections.Counter[str]()
    for path in sorted((shared / "excel").glob("*/*.xls*")):
        if STALLS in path.name:
            continue
        try:
            read(path)
        except FileProblem as problem:
            assert str(problem).endswith((".", ")"))
            outcomes[problem.code] += 1
        else:
            outcomes["read"] += 1
    assert set(outcomes) <= {"read", "damaged_file", "encrypted_file"}
    assert outcomes["encrypted_file"] >= 4
    assert outcomes["read"] >= 0.85 * outcomes.total()


def test_an_xlsb_is_read(shared: Path) -> None:
    formats = collections.Counter[str]()
    for path in sorted((shared / "excel").glob("*/*.xlsb")):
        with contextlib.suppress(FileProblem):
            formats[read(path).format] += 1
    assert formats["xlsb"] >= 5


def test_the_workbook_that_stalls_a_reader(shared: Path, tmp_path: Path) -> None:
    path = shared / "excel" / "calamine" / STALLS
    with contextlib.suppress(FileProblem):
        spill(path, tmp_path, name=STALLS, limits=Limits(wall_seconds=20))


@pytest.mark.parametrize("name", ["comma_in_quotes", "escaped_quotes", "newlines"])
def test_csv_spectrum(shared: Path, name: str) -> None:
    folder = shared / "csv_suites" / "csv-spectrum"
    table = read(folder / f"{name}.csv")
    rows = [dict(zip(table.header, cells, strict=True)) for cells in table.rows]
    assert rows == json.loads((folder / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("width", ["16", "32"])
@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", ["", "bom"])
def test_wide_encodings(shared: Path, width: str, order: str, mark: str) -> None:
    name = f"premiere.utf{width}{order}{mark}.csv"
    table = read(shared / "csv_suites" / "phpspreadsheet" / name)
    assert table.encoding == f"utf-{width}-{order}"
    assert table.header == ("première", "second", "troisième")


def test_polluted_files_keep_their_records(shared: Path) -> None:
    folder = shared / "pollock" / "plain"
    exact = 0
    paths = sorted((folder / "csv").glob("*.csv"))
    for path in paths:
        with (folder / "clean" / path.name).open(encoding="utf-8", newline="") as file:
            clean = list(csv.reader(file))
        table = read(path)
        rows = [list(table.header)] if table.header else []
        exact += rows + list(table.rows) == clean
    assert exact >= len(paths) - 5, exact


def test_every_treaty_file_has_its_header_found(shared: Path) -> None:
    paths = sorted((shared / "oed").rglob("*[rR]ins_info*.csv"))
    paths += sorted((shared / "oed").rglob("*[rR]eins*.csv"))
    assert paths
    for path in paths:
        table = read(path)
        first = path.read_bytes().splitlines()[0].decode("utf-8-sig")
        assert len(table.header) == len(next(csv.reader([first])))
