"""Header, data, totals, notes and blanks are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.readers import read
from importers.readers.body import Profile, reason_to_skip, skipped_rows
from importers.readers.sources import frame_of
from tests.examples import some
from tests.importers.readers.conftest import Write

BORDEREAU = """\
Claims bordereau,,,,
Cedant: Acme Insurance,,,,
,,,,
Policy No,Insured,Date of Loss,Paid,Outstanding
0012,Smith,2024-01-02,10.50,5
0013,Jones,2024-02-03,7,0
SUB TOTAL,,,17.50,5
,,,,
0014,Brown,2024-03-04,1,2
Policy No,Insured,Date of Loss,Paid,Outstanding
0015,Total Energies SE,2024-03-05,3,4
GRAND TOTAL,,,21.50,11
"Note: amounts in USD, gross of tax.",,,,
"""


def test_titles_totals_notes_and_blanks_are_left_out(write: Write) -> None:
    table = read(write(BORDEREAU))
    assert table.header == (
        "Policy No",
        "Insured",
        "Date of Loss",
        "Paid",
        "Outstanding",
    )
    assert list(table.numbered()) == [
        (5, ["0012", "Smith", "2024-01-02", "10.50", "5"]),
        (6, ["0013", "Jones", "2024-02-03", "7", "0"]),
        (9, ["0014", "Brown", "2024-03-04", "1", "2"]),
        (11, ["0015", "Total Energies SE", "2024-03-05", "3", "4"]),
    ]
    assert table.roles == {
        "header": [3],
        "data": [4, 5, 8, 10],
        "skipped": [0, 1, 2, 6, 7, 9, 11, 12],
    }
    assert [(row, reason) for row, reason, _text in table.skipped] == [
        (1, "title or note"),
        (2, "title or note"),
        (3, "blank"),
        (7, "total"),
        (8, "blank"),
        (10, "repeated header"),
        (12, "total"),
        (13, "title or note"),
    ]
    assert table.skipped[3] == (7, "total", "SUB TOTAL | 17.50 | 5")


def test_header_rows_are_joined_and_bands_carried_where_names_would_clash(
    write: Write,
) -> None:
    table = read(
        write(
            "Policy,RETENTION,,TREATY,\nNumber,Sum,Premium,Sum,Premium\n"
            "01,100,1.5,200,2.5\n02,300,3.5,400,4.5\n03,5,6,7,8\n"
        )
    )
    assert table.header == (
        "Policy Number",
        "RETENTION Sum",
        "RETENTION Premium",
        "TREATY Sum",
        "TREATY Premium",
    )
    assert table.roles["header"] == [0, 1]
    assert len(table.rows) == 3


def test_a_file_without_a_header_has_none_made_up(write: Write) -> None:
    table = read(write("0012,Smith,10.50\n0013,Jones,7\n0014,Brown,8\n"))
    assert table.header == ()
    assert table.roles == {"header": [], "data": [0, 1, 2], "skipped": []}


def test_a_header_alone(write: Write) -> None:
    table = read(write("Policy No,Insured,Paid\n"))
    assert table.header == ("Policy No", "Insured", "Paid")
    assert list(table.rows) == []


def test_years_may_be_names(write: Write) -> None:
    table = read(write("Class,2021,2022,2023\nFire,1.5,2.5,3.5\nMarine,4,5,6\n"))
    assert table.header == ("Class", "2021", "2022", "2023")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["", " ", "\u00a0", ""], "blank"),
        (["See overleaf", "", "", ""], "title or note"),
        (["Total", "", "", "5"], "total"),
        (["TOTAL: 12", "", "", "5"], "total"),
        (["Sub-Total", "", "", "5"], "total"),
        (["", "Grand  Total USD", "", "5"], "total"),
        (["Brought forward", "", "", "5"], "total"),
        (["Total", "P01", "Fire", "5"], "total"),
        (["P01", "Total", "Fire", "5"], None),
        (["Total Energies", "P01", "Fire", "5"], None),
        (["Totalitas Ltd", "", "", "5"], None),
        (["Summit Re", "", "", "5"], None),
        (["A", "", "", "5"], None),
    ],
)
def test_the_rule_for_one_row(cells: list[str], reason: str | None) -> None:
    profile = Profile(4, 4, keys=(0, 1, 2), probes=(0, 1), labels=(0, 1, 2))
    assert reason_to_skip(cells, profile) == reason


_WORDS = ["", " ", "\u00a0", "\x1c", "Total", "subtotal:", "Policy", "Paid", "7"]
_COLUMNS = st.lists(st.integers(0, 3), unique=True, max_size=3).map(sorted)


@settings(max_examples=some(100), deadline=None)
@given(
    rows=st.lists(
        st.lists(st.sampled_from(_WORDS) | st.text(max_size=4), min_size=4, max_size=4),
        min_size=1,
        max_size=8,
    ),
    keys=_COLUMNS,
    labels=_COLUMNS,
    probes=st.permutations(range(4)),
    typical=st.integers(1, 4),
    has_header=st.booleans(),
)
def test_the_filter_lets_no_row_of_the_rule_escape(
    rows: list[list[str]],
    keys: list[int],
    labels: list[int],
    probes: list[int],
    typical: int,
    has_header: bool,
) -> None:
    profile = Profile(
        4,
        typical,
        tuple(keys),
        tuple(probes[:2]),
        tuple(labels or [0]),
        (("Policy", "Total", "", "Paid"),) if has_header else (),
    )
    frame = frame_of(range(1, len(rows) + 1), rows, 4, 0).frame
    expected = {
        i: reason
        for i, row in enumerate(rows)
        if (reason := reason_to_skip(row, profile))
    }
    found = skipped_rows(frame, profile)
    assert {i: reason for i, (reason, _text) in found.items()} == expected
