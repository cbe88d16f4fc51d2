"""Panels are judged as they would stand: what a register leaves blank is the books'."""

import pytest

from importers import record_types
from reinsurance.models import Participation, Party
from reinsurance.resources.contract_breaches import breaches_of
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

Issue = tuple[int, str, str, str, str, str]


@pytest.fixture(autouse=True)
def parties() -> None:
    for code in ("RE1", "RE2", "RE3"):
        Party.objects.create(code=code, name=code)


def hand_in(
    header: str, *lines: str, additional: bool = False, layer: str = "1"
) -> list[Issue]:
    """Load lines of a layer of X; what is said of them."""
    columns = ("UMR", "Treaty type", "Ccy", "Layer number", *header.split(","))
    rows = [["X", "QS", "GBP", layer, *line.split(",")] for line in lines]
    examined, _, _ = run(
        Table(columns, rows),
        record_types.get("treaties"),
        conventions=Conventions(is_additional=additional),
    )
    return examined.issues.rows()


def by_hand() -> list[str]:
    return breaches_of(Participation.objects.values_list("layer__treaty_id")[0][0])


FULL = "Reinsurer,Written line,Signed line,Lead"
ABOVE = (
    "The signed line {} of {} on layer {} of “X” is above its written line {}. A "
    "reinsurer signs at most what it wrote: correct one of the two."
)
LEADS = (
    "Layer 1 of “X” has more than one lead: {}. Say No for who does not lead, as an "
    "empty cell changes nothing, or correct the contract's page."
)
TOTAL = (
    "The signed lines of layer 1 of “X” total {}, more than the whole. Correct the "
    "lines."
)


def above(row: int, signed: str, name: str, written: str, layer: int = 1) -> Issue:
    said = ABOVE.format(signed, name, layer, written)
    return row, "Signed line", signed, "signed_above_written", "warning", said


def leads(row: int, names: str) -> Issue:
    return row, "Lead", names, "two_leads", "breach", LEADS.format(names)


def total(row: int, signed: str) -> Issue:
    code = "signed_lines_above_one"
    return row, "Signed line", signed, code, "breach", TOTAL.format(signed)


def test_lines_and_leads_of_the_books_are_held_against_a_register() -> None:
    assert hand_in(FULL, "RE1,40%,40%,Y", "RE2,60%,60%,") == []
    assert hand_in("Reinsurer,Signed line,Lead", "RE1,30%,", "RE2,70%,Y") == [
        leads(2, "RE1, RE2"),
        above(3, "0.7", "RE2", "0.6"),
    ]
    assert by_hand() == [ABOVE.format("0.7", "RE2", 1, "0.6"), LEADS.format("RE1, RE2")]


def test_a_written_line_is_held_against_the_signed_one_of_the_books() -> None:
    assert hand_in(FULL, "RE1,40%,40%,Y", "RE2,60%,60%,N") == []
    found = hand_in("Reinsurer,Written line", "RE1,30%", "RE2,60%")
    assert [issue[2:4] for issue in found] == [("0.4", "signed_above_written")]
    assert by_hand() == [ABOVE.format("0.4", "RE1", 1, "0.3")]


def test_both_lines_of_one_row_and_of_a_new_contract() -> None:
    assert hand_in(FULL, "RE1,40%,40.5%,", "RE2,,59.5%,") == [
        above(2, "0.405", "RE1", "0.4")
    ]


def test_a_blank_signed_line_counts_as_the_books_have_it() -> None:
    assert hand_in(FULL, "RE1,70%,70%,Y", "RE2,60%,30%,") == []
    assert hand_in(FULL, "RE1,,,", "RE2,,60%,") == [total(2, "1.3")]


def test_a_line_that_the_file_does_not_name_leads_beside_it() -> None:
    assert hand_in(FULL, "RE1,50%,50%,Y") == []
    assert hand_in(FULL, "RE2,50%,50%,Y", additional=True) == [leads(2, "RE1, RE2")]


def test_who_leaves_or_says_no_leads_no_more() -> None:
    assert hand_in(FULL, "RE1,50%,50%,Y", "RE2,50%,50%,") == []
    assert hand_in(FULL, "RE1,50%,50%,No", "RE2,50%,50%,Y") == []
    left = hand_in(FULL, "RE3,50%,50%,Y", "RE1,50%,50%,")
    assert [issue[3] for issue in left] == ["left_the_panel"]
    assert by_hand() == []


def test_leads_of_two_layers_are_no_two_leads() -> None:
    assert hand_in(FULL, "RE1,50%,50%,Y") == []
    assert hand_in(FULL, "RE2,50%,50%,Y", layer="2") == []
    assert by_hand() == []
