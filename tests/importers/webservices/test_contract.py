"""The agreed shape: what deviates, what drifts, and a first draft from a page."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.values import ContractMode
from importers.webservices.contract import (
    DIALECT,
    Contract,
    closed,
    drift,
    infer,
    remembered,
    validator,
)
from importers.webservices.problems import BadFeed, ContractBroken
from importers.webservices.values import ContractPlan

SCHEMA = {
    "$schema": DIALECT,
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "paid": {"type": "number", "minimum": 0},
        "insured": {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
        },
        "tags": {
            "type": "array",
            "items": {"type": "object", "properties": {"t": {"type": "string"}}},
        },
    },
    "required": ["id"],
}
GOOD: dict[str, Any] = {"id": "a", "paid": Decimal("12.50"), "insured": {"name": "x"}}


def check(mode: ContractMode, *records: dict[str, Any]) -> Any:
    contract = Contract(ContractPlan(SCHEMA, mode))
    good, bad = contract.check(list(records))
    return len(good), len(bad), dict(contract.deviations)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"paid": 5}, "“id” is missing in the record"),
    ({"id": 5}, "“id” is of another kind than agreed"),
    ({"id": "a", "paid": "12.50"}, "“paid” is of another kind than agreed"),
    ({"id": "a", "paid": Decimal("-1")}, "“paid” breaks the rule “Minimum”"),
    ({"id": "a", "insured": {}}, "“name” is missing in “insured”"),
]
NEW: list[tuple[dict[str, Any], str]] = [
    ({"id": "a", "b": 1, "c": 2}, "new field “b”, “c” in the record"),
    ({"id": "a", "insured": {"name": "x", "y": 1}}, "new field “y” in “insured”"),
    ({"id": "a", "tags": [{"t": "x"}, {"u": 1}]}, "new field “u” in “tags.1”"),
]


@pytest.mark.parametrize(("record", "said"), BAD + NEW)
def test_frozen_stops_at_any_deviation(record: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractBroken) as caught:
        check(ContractMode.FREEZE, GOOD, record)
    assert caught.value.message.startswith(
        f"1 of 2 records of a page break the contract: {said}."
    )
    assert check(ContractMode.FREEZE, GOOD, GOOD) == (2, 0, {})


@pytest.mark.parametrize(("record", "said"), BAD + NEW)
def test_rows_are_discarded(record: dict[str, Any], said: str) -> None:
    assert check(ContractMode.DISCARD, GOOD, record, GOOD) == (2, 1, {said: 1})


@pytest.mark.parametrize(("record", "said"), BAD)
def test_evolving_says_and_passes(record: dict[str, Any], said: str) -> None:
    assert check(ContractMode.EVOLVE, GOOD, record) == (2, 0, {said: 1})


@pytest.mark.parametrize(("record", "said"), NEW)
def test_evolving_takes_new_fields(record: dict[str, Any], said: str) -> None:
    assert check(ContractMode.EVOLVE, GOOD, record) == (2, 0, {})


def test_no_value_of_a_record_is_in_a_message() -> None:
    _, _, said = check(ContractMode.EVOLVE, {"id": "a", "paid": "Jane Doe"})
    assert "Jane" not in str(said)


@pytest.mark.parametrize(
    "schema", [{"type": "objekt"}, {"properties": 5}, {"$ref": "https://a.invalid/x"}]
)
def test_what_is_no_schema_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(BadFeed, match="not a JSON Schema"):
        validator(schema)


def test_closing_leaves_open_what_says_so() -> None:
    schema = {"properties": {"a": {"properties": {}}}, "additionalProperties": True}
    assert closed(schema) == {
        "properties": {"a": {"properties": {}, "additionalProperties": False}},
        "additionalProperties": True,
    }


def test_drift_in_sentences() -> None:
    before = {"a": ["text"], "b": ["number"], "c": ["null"], "d": ["null", "text"]}
    now = {"a": ["null", "text"], "c": ["number"], "d": ["number"], "e": ["text"]}
    assert drift(before, now, records=50) == [
        "New field “e”.",
        "Field “b” is gone.",
        "Field “d” was text and now also comes as number.",
    ]
    assert drift({}, now, records=50) == []


def test_a_few_records_tell_of_no_field_that_is_gone() -> None:
    before, now = {"a": ["text"], "b": ["number"]}, {"a": ["number"], "c": ["text"]}
    assert drift(before, now, records=49) == [
        "New field “c”.",
        "Field “a” was text and now also comes as number.",
    ]
    assert drift(before, {}, records=0) == []
    assert remembered(before, now, records=49) == {
        "a": ["number", "text"],
        "b": ["number"],
        "c": ["text"],
    }
    assert remembered(before, now, records=50) == now


def test_the_shape_is_of_all_records_not_of_the_first() -> None:
    contract = Contract(ContractPlan())
    contract.check([{"a": 1}] * 500 + [{"a": 1, "late": "x"}])
    contract.check([{"a": None, "b": [1]}, {"c": {"d": 1}}, {"e": True}])
    assert contract.shape == {
        "a": ["null", "number"],
        "b": ["list"],
        "c": ["object"],
        "e": ["yes or no"],
        "late": ["text"],
    }


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.dictionaries(st.text(min_size=1, max_size=4), values, max_size=5),
        min_size=1,
        max_size=6,
    )
)
def test_a_page_fits_the_schema_that_was_inferred_from_it(
    records: list[dict[str, Any]],
) -> None:
    schema = infer(records)
    json.dumps(schema)
    assert schema["$schema"] == DIALECT
    checking = validator(schema)
    assert all(checking.is_valid(record) for record in records)
