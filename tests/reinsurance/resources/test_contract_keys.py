"""A register's row means the contract that its key fits; an untold part is no value."""

import datetime
from typing import Any

import polars as pl
import pytest

from reinsurance.models import Party, Treaty
from reinsurance.resources.base import UNTOLD
from reinsurance.resources.contract_keys import find_treaties, with_keys
from reinsurance.resources.contract_owners import foreign_contracts, senders_role
from reinsurance.resources.conventions import Conventions

pytestmark = pytest.mark.django_db

Y25, Y26 = datetime.date(2025, 1, 1), datetime.date(2026, 1, 1)
HOUSE = Conventions()


def party(code: str) -> Party:
    return Party.objects.create(code=code, name=f"Party {code}")


def treaty(
    reference: str, cedant: Party | None = None, inception: Any = None, **options: Any
) -> int:
    made = Treaty.objects.create(
        reference=reference,
        cedant=cedant,
        inception=inception,
        treaty_type="QS",
        currency_id="GBP",
        **options,
    )
    return made.pk


def keys(*rows: tuple) -> pl.DataFrame:
    schema = {
        "treaty_reference": pl.String(),
        "cedant": pl.Int64(),
        "inception": pl.Date(),
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def found(frame: pl.DataFrame, conventions: Conventions = HOUSE) -> list[tuple]:
    answer = find_treaties(frame, conventions=conventions)
    assert answer.columns == [*frame.columns, "__id", "__problem"]
    assert answer.select(frame.columns).equals(frame)
    return answer.select("__id", "__problem").rows()


def test_the_whole_key() -> None:
    a, b = party("A"), party("B")
    ours, later, theirs = treaty("5", a, Y25), treaty("5", a, Y26), treaty("5", b, Y25)
    rows = keys(("5", a.pk, Y25), ("5", a.pk, Y26), ("5", b.pk, Y25), ("5", b.pk, Y26))
    assert found(rows) == [(ours, None), (later, None), (theirs, None), (None, None)]


def test_an_untold_part_matches_the_one_that_fits() -> None:
    a = party("A")
    only = treaty("5", a, Y25)
    assert found(keys(("5", None, None))) == [(only, None)]
    assert found(keys(("5", a.pk, None))) == [(only, None)]
    assert found(keys(("5", None, Y25))) == [(only, None)]
    assert found(keys(("5", None, Y26))) == [(None, None)]


def test_a_record_that_does_not_tell_fits_what_is_told() -> None:
    bare = treaty("5")
    assert found(keys(("5", party("A").pk, Y25))) == [(bare, None)]


def test_several_that_fit_are_a_problem() -> None:
    a = party("A")
    treaty("5", a, Y25)
    treaty("5", a, Y26)
    assert found(keys(("5", a.pk, None))) == [
        (
            None,
            "Several contracts “5” are in the books and fit the row: 2025-01-01 (A), "
            "2026-01-01 (A). Tell the cedant and the inception.",
        )
    ]


def test_the_whole_key_comes_before_what_fits() -> None:
    a = party("A")
    treaty("5", a)
    told = treaty("5", a, Y25)
    assert found(keys(("5", a.pk, Y25), ("5", a.pk, None))) == [
        (told, None),
        (
            None,
            "Several contracts “5” are in the books and fit the row: 2025-01-01 (A), "
            "no known inception (A). Tell the cedant and the inception.",
        ),
    ]


def test_two_periods_do_not_take_one_record() -> None:
    a = party("A")
    treaty("5", a)
    problem = (
        None,
        "Several rows may mean the contract “5” of the books. "
        "Tell the cedant and the inception.",
    )
    assert found(keys(("5", a.pk, Y25), ("5", a.pk, Y26))) == [problem, problem]


def test_without_a_cedant_only_the_senders_own() -> None:
    a, b = party("A"), party("B")
    ours = treaty("5", a)
    told = Conventions(party=b.pk, is_house=False)
    assert found(keys(("5", None, None)), told) == [(None, None)]
    assert found(keys(("5", a.pk, None)), told) == [(ours, None)]
    assert found(keys(("5", None, None))) == [(ours, None)]
    theirs = treaty("5", b)
    assert found(keys(("5", None, None)), told) == [(theirs, None)]
    brokes = treaty("6", a, broker=b)
    assert found(keys(("6", None, None)), told) == [(brokes, None)]


def test_a_contract_that_is_nobodys_is_meant_where_the_sender_has_none() -> None:
    a, b = party("A"), party("B")
    nobodys = treaty("5")
    told = Conventions(party=a.pk, is_house=False)
    rows = keys(("5", None, None), ("5", a.pk, None))
    assert found(rows, told) == [(nobodys, None), (nobodys, None)]
    ours = treaty("5", a, Y25)
    assert found(rows, told) == [(ours, None), (ours, None)]
    other = Conventions(party=b.pk, is_house=False)
    assert found(keys(("5", a.pk, Y26)), other) == [(nobodys, None)]


def test_limits_of_cedants_hide_contracts() -> None:
    a, b = party("A"), party("B")
    treaty("5", a, Y25)
    limited = Conventions(cedants=frozenset({b.pk}))
    assert found(keys(("5", None, Y25)), limited) == [(None, None)]


def test_the_role_of_a_sender() -> None:
    cedant, broker, both, new = party("A"), party("K"), party("X"), party("N")
    treaty("1", cedant, broker=broker)
    treaty("2", both, broker=both)
    assert [senders_role(p.pk) for p in (cedant, broker, both, new)] == [
        "cedant",
        "broker",
        "cedant",
        "cedant",
    ]


def test_contracts_that_are_not_the_senders() -> None:
    compared = pl.DataFrame(
        {
            "row": [2, 3, 4, 5, 6],
            "treaty_reference": ["known", "known", "new", "new", "untold"],
            "__id": [1, 2, None, None, None],
            "cedant": [7, 8, 7, 8, None],
            "was.cedant": [8, 7, None, None, None],
            "was.broker": [None, None, None, None, None],
        },
        schema_overrides={"was.broker": pl.Int64()},
    )
    told = Conventions(party=7, is_house=False)
    issues = foreign_contracts(compared, conventions=told)
    columns = issues.select("row", "column", "value", "code", "severity")
    assert columns.rows() == [
        (2, "treaty_reference", "known", "not_the_senders_contract", "breach"),
        (5, "treaty_reference", "new", "not_the_senders_contract", "breach"),
    ]
    strict = Conventions(party=7, is_house=False, other_contracts="hold out")
    held = foreign_contracts(compared, conventions=strict)
    assert held["severity"].to_list() == ["error", "error"]
    assert foreign_contracts(compared, conventions=HOUSE).height == 0


def filled(
    frame: pl.DataFrame, conventions: Conventions
) -> tuple[pl.DataFrame, list[tuple]]:
    rows = frame.with_row_index("row", offset=2)
    answer, issues = with_keys(rows, conventions=conventions)
    told = issues.select("row", "column", "code", "severity").rows()
    marks = [UNTOLD + name for name in ("cedant", "inception")]
    return answer.drop("row", "treaty_reference", *marks), told


def test_the_books_fill_in_what_a_row_does_not_tell() -> None:
    a = party("A")
    treaty("5", a, Y25)
    treaty("6")
    rows = keys(
        ("5", None, None), ("5", a.pk, Y26), ("6", a.pk, Y25), ("7", None, None)
    )
    answer, issues = filled(rows, HOUSE)
    assert answer.rows() == [(a.pk, Y25), (a.pk, Y26), (a.pk, Y25), (None, None)]
    assert issues == []


def test_what_is_filled_in_is_marked_as_untold_but_what_the_sender_is() -> None:
    a = party("A")
    treaty("5", a, Y25)
    rows = keys(("5", None, None), ("5", a.pk, Y25), ("6", None, Y26))
    rows = rows.with_row_index("row", offset=2)

    def marks(conventions: Conventions) -> list[tuple]:
        answer, _ = with_keys(rows, conventions=conventions)
        return answer.select(UNTOLD + "cedant", UNTOLD + "inception").rows()

    assert marks(HOUSE) == [(True, True), (False, False), (True, False)]
    own = Conventions(party=a.pk, is_house=False)
    assert marks(own) == [(False, True), (False, False), (False, False)]


def test_a_new_contract_without_a_cedant_is_the_senders() -> None:
    a, broker = party("A"), party("K")
    treaty("1", a, broker=broker)
    rows = keys(("5", None, None), ("6", a.pk, None))
    answer, issues = filled(rows, Conventions(party=a.pk, is_house=False))
    assert answer.rows() == [(a.pk, None), (a.pk, None)]
    assert issues == []
    answer, issues = filled(rows, Conventions(party=broker.pk, is_house=False))
    assert answer.columns == ["cedant", "inception", "broker"]
    assert answer.rows() == [(None, None, broker.pk), (a.pk, None, None)]
    assert issues == []


def test_a_cedant_that_names_only_its_broker_speaks_of_its_own_contract() -> None:
    a, broker = party("A"), party("K")
    rows = keys(("5", None, None)).with_columns(broker=pl.lit(broker.pk))
    answer, issues = filled(rows, Conventions(party=a.pk, is_house=False))
    assert answer.rows() == [(a.pk, None, broker.pk)]
    assert issues == []


def test_what_fits_several_is_held_out() -> None:
    a = party("A")
    treaty("5", a, Y25)
    treaty("5", a, Y26)
    answer, issues = filled(keys(("5", None, None), ("5", None, Y26)), HOUSE)
    assert answer.rows() == [(None, None), (a.pk, Y26)]
    assert issues == [(2, "treaty_reference", "several_treaties", "error")]


@pytest.mark.parametrize(
    ("books", "row", "column"),
    [
        (
            {"inception": Y25, "year_of_account": 2025},
            {"year": 2026},
            "year_of_account",
        ),
        (
            {"year_of_account": 2025},
            {"inception": Y26, "year": 2026},
            "year_of_account",
        ),
        (
            {"inception": Y25, "expiry": datetime.date(2025, 12, 31)},
            {"expiry": datetime.date(2026, 12, 31)},
            "expiry",
        ),
    ],
)
def test_a_row_that_may_be_of_a_renewal_is_asked(
    books: dict[str, Any], row: dict[str, Any], column: str
) -> None:
    a = party("A")
    treaty("5", a, **books)
    frame = keys(("5", a.pk, row.get("inception")))
    year, expiry = row.get("year"), row.get("expiry")
    if column == "year_of_account":
        frame = frame.with_columns(pl.lit(year, pl.Int64).alias("year_of_account"))
    else:
        frame = frame.with_columns(pl.lit(expiry, pl.Date).alias("expiry"))
    _, issues = filled(frame, HOUSE)
    assert issues == [(2, column, "contract_unclear", "error")]


@pytest.mark.parametrize("year", [2025, None])
def test_a_row_without_an_inception_of_the_same_year(year: int | None) -> None:
    a = party("A")
    treaty("5", a, Y25, year_of_account=2025)
    frame = keys(("5", a.pk, None)).with_columns(
        pl.lit(year, pl.Int64).alias("year_of_account")
    )
    answer, issues = filled(frame, HOUSE)
    assert (answer["inception"].to_list(), issues) == ([Y25], [])
