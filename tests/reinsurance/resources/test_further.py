"""Every field of the reporting standard has a place."""

import re
from collections import Counter
from collections.abc import Iterable

import pytest

from importers.pipeline.match import match, normal
from importers.record_types import get
from reinsurance.resources.base import Column
from reinsurance.resources.claims import ClaimResource
from reinsurance.resources.further import (
    FURTHER_CLAIMS,
    FURTHER_PREMIUMS,
    further_columns,
)
from reinsurance.resources.premiums import PremiumEntryResource


def codes(columns: Iterable[Column]) -> set[str]:
    words = (word for column in columns for word in column.synonyms)
    return {word for word in words if re.fullmatch(r"CR\d{4}", word)}


def test_columns_are_named_by_code_and_called_by_name() -> None:
    columns = further_columns((("CR0013", "Coverholder Name"), ("CR0077", "Tax 1")))
    assert list(columns) == ["further_cr0013", "further_cr0077"]
    column = columns["further_cr0013"]
    assert (column.attribute, column.column_name) == (None, "Coverholder Name")
    assert column.synonyms == ("Coverholder Name (see code list)", "CR0013")


def test_lines_of_a_repeated_group_have_columns_of_their_own() -> None:
    columns = further_columns(FURTHER_PREMIUMS)
    assert columns["further_cr0083"].column_name == "Tax 1 - Amount"
    assert columns["further_cr0083_5"].column_name == "Tax 5 - Amount"
    assert "CR0083" not in columns["further_cr0083_5"].synonyms
    assert columns["further_cr0090_2"].column_name == "Intermediary 2 - Name"
    assert len(columns) == len(FURTHER_PREMIUMS)


@pytest.mark.parametrize("fields", [FURTHER_CLAIMS, FURTHER_PREMIUMS])
def test_no_name_twice(fields: tuple[tuple[str, str], ...]) -> None:
    names = Counter(normal(name) for _, name in fields)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("resource", "fields"),
    [(ClaimResource, FURTHER_CLAIMS), (PremiumEntryResource, FURTHER_PREMIUMS)],
    ids=["claims", "premiums"],
)
def test_a_code_means_one_column(
    resource: type, fields: tuple[tuple[str, str], ...]
) -> None:
    own = [
        column
        for name, column in resource.fields.items()
        if not name.startswith("further_")
    ]
    assert codes(own) & {code for code, _ in fields} == set()


@pytest.mark.parametrize(
    ("slug", "fields"), [("claims", FURTHER_CLAIMS), ("premiums", FURTHER_PREMIUMS)]
)
def test_each_header_of_the_standard_is_matched(
    slug: str, fields: tuple[tuple[str, str], ...]
) -> None:
    header = [name for _, name in fields]
    found = match(header, get(slug)).columns
    asked = {m.header for m in found if m.decision != "auto"}
    # Alone it may be the claim's currency, so it may be asked about.
    assert asked <= {"Settlement Currency"}
    columns = [m.field for m in found if m.header not in asked]
    further = further_columns(fields)
    assert columns == [n for n, c in further.items() if c.column_name not in asked]
