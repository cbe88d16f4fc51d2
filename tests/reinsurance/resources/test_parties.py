"""A party without a code gets one."""

import polars as pl
import pytest

from reinsurance.models import Party
from reinsurance.resources.conventions import Conventions, FileContext
from reinsurance.resources.parties import PartyResource, code_of

pytestmark = pytest.mark.django_db
LEI = "5493001KJTIIGC8Y1R12"


def prepared(*rows: tuple[str, str, str], **context: object) -> tuple[list, list]:
    frame = pl.DataFrame(
        [(row, *cells) for row, cells in enumerate(rows, start=2)],
        schema=["row", "party_code", "party_name", "lei"],
        orient="row",
    )
    conventions = Conventions(**context)  # type: ignore[arg-type]
    found, issues = PartyResource().prepare(frame, FileContext(conventions=conventions))
    assert found.columns == frame.columns
    said = issues.select("row", "column", "value", "code", "severity", "message")
    return found["party_code"].to_list(), said.rows()


def test_a_code_is_kept() -> None:
    assert prepared(("X1", "Northfield Mutual", "")) == (["X1"], [])


def test_a_new_party_is_given_a_code_by_its_name() -> None:
    code = code_of("Northfield Mutual")
    assert code[:4] == "NORT"
    assert code[4:].isdigit()
    assert len(code) == 10
    assert code_of("northfield  mutual") == code
    assert code_of("東京海上")[0] == "P"
    codes, issues = prepared(
        ("", "Northfield Mutual", ""),
        ("X1", "Other", ""),
        ("", "Northfield Mutual", ""),
    )
    assert codes == [code, "X1", code]
    message = f"“Northfield Mutual” has no code and is given the code {code}."
    assert issues == [
        (2, "party_code", code, "code_given", "warning", message),
        (4, "party_code", code, "code_given", "warning", message),
    ]


def test_a_code_that_another_party_has_is_not_given() -> None:
    code = code_of("Northfield Mutual")
    Party.objects.create(code=code, name="Somebody else")
    codes, _ = prepared(("", "Northfield Mutual", ""))
    assert codes == [f"NORT{(int(code[4:]) + 1) % 1_000_000:06d}"]


def test_the_party_of_the_lei_then_of_the_name() -> None:
    Party.objects.create(code="A", name="Alpine Re", lei=LEI)
    Party.objects.create(code="B", name="Borealis Re")
    codes, issues = prepared(("", "Alpine Reinsurance", LEI), ("", "Borealis Re", ""))
    assert codes == ["A", "B"]
    assert [row[3:] for row in issues] == [
        (
            "code_given",
            "warning",
            "“Alpine Reinsurance” has no code and is taken for party A of the books.",
        ),
        (
            "code_given",
            "warning",
            "“Borealis Re” has no code and is taken for party B of the books.",
        ),
    ]


def test_a_name_that_several_bear_is_asked() -> None:
    Party.objects.create(code="A", name="Alpine Re")
    Party.objects.create(code="B", name="Alpine Re")
    codes, issues = prepared(("", "Alpine Re", ""))
    assert codes == [""]
    assert issues == [
        (
            2,
            "party_code",
            "",
            "several_parties",
            "error",
            "Several parties are called “Alpine Re”. "
            "Write the code of the one you mean.",
        )
    ]


def test_parties_that_the_sender_may_not_see_are_not_meant() -> None:
    hidden = Party.objects.create(code="A", name="Alpine Re")
    other = Party.objects.create(code="B", name="B")
    limited = frozenset({other.pk})
    codes, _ = prepared(("", "Alpine Re", ""), cedants=limited)
    assert codes == [code_of("Alpine Re")]
    codes, _ = prepared(("", "Alpine Re", ""), cedants=frozenset({hidden.pk}))
    assert codes == ["A"]


def test_row_by_row_alike() -> None:
    row = {"Party code": "", "Party name": "Northfield Mutual", "LEI": ""}
    PartyResource().before_import_row(row)
    assert row["Party code"] == code_of("Northfield Mutual")
