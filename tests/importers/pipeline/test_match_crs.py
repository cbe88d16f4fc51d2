"""Every field of the Coverholder Reporting Standards has a place, asked of nobody."""

import csv
import re
from pathlib import Path

import pytest

from importers import record_types
from importers.pipeline.match import match
from reinsurance.models import Claim, Treaty
from reinsurance.resources.further import (
    FURTHER_CLAIMS,
    FURTHER_PREMIUMS,
    further_columns,
)
from reinsurance.resources.premiums import PremiumEntryResource
from tests.importers.pipeline.tables import Table, run

FIELDS = Path(__file__).parents[2] / "files" / "crs" / "claims_v52_fields.csv"
CLAIMS = record_types.get("claims")
PREMIUMS = record_types.get("premiums")


def fields() -> list[tuple[str, str]]:
    with FIELDS.open(encoding="utf-8", newline="") as stream:
        return [(row["code"], row["field"]) for row in csv.DictReader(stream)]


def meant(*headers: str, slug: str = "claims") -> dict[str, str]:
    """Headers and what they mean; none is asked about or left alone."""
    found = match(headers, record_types.get(slug)).columns
    assert [m.header for m in found if m.decision != "auto"] == []
    return {m.header: m.field for m in found}


@pytest.mark.parametrize(("code", "name"), fields())
def test_a_field_of_the_claims_standard(code: str, name: str) -> None:
    (by_name,) = meant(name).values()
    assert meant(code) == {code: by_name}
    assert meant(f"{code} {name}") == {f"{code} {name}": by_name}


@pytest.mark.parametrize("part", [0, 1])
def test_all_fields_of_the_claims_standard_side_by_side(part: int) -> None:
    headers = [field[part] for field in fields()]
    found = meant(*headers)
    assert len(set(found.values())) == len(headers) == 149


@pytest.mark.parametrize(("code", "name"), FURTHER_PREMIUMS)
def test_a_field_of_the_premium_template(code: str, name: str) -> None:
    (by_name,) = meant(name, slug="premiums").values()
    assert PREMIUMS.columns[by_name].column_name == name
    first = next(called for known, called in FURTHER_PREMIUMS if known == code)
    (by_code,) = meant(code, slug="premiums").values()
    assert PREMIUMS.columns[by_code].column_name == first


def test_typed_fields_of_the_premium_template() -> None:
    codes = [
        word
        for name, column in PremiumEntryResource.columns().items()
        if not name.startswith("further_")
        for word in column.synonyms
        if re.fullmatch(r"CR\d{4}", word) and word != "CR0006"
    ]
    assert len(codes) > 30
    assert len(set(meant(*codes, slug="premiums").values())) == len(codes)


@pytest.mark.parametrize("slug", ["claims", "premiums"])
def test_the_umr_is_the_contract_and_the_agreement_a_detail(slug: str) -> None:
    for umr in ("UMR", "Unique Market Reference (UMR)", "Treaty reference", "CR0005"):
        for agreement in ("Agreement No", "Agreement Number", "CR0006"):
            for header in ((umr, agreement), (agreement, umr)):
                assert meant(*header, slug=slug) == {
                    umr: "treaty_reference",
                    agreement: "further_cr0006",
                }
    assert meant("Agreement No", slug=slug) == {"Agreement No": "treaty_reference"}


def test_an_answer_of_the_sender_stays() -> None:
    remembered = {"agreement no": {"field": "treaty_reference", "percent": False}}
    found = match(("UMR", "Agreement No"), CLAIMS, remembered=remembered).columns
    assert [(m.field, m.decision) for m in found] == [
        ("treaty_reference", "ignore"),
        ("treaty_reference", "auto"),
    ]


@pytest.mark.django_db
def test_values_are_kept_under_the_name_of_their_field() -> None:
    treaty = Treaty.objects.create(reference="T", treaty_type="QS", currency_id="GBP")
    names = [c.column_name for c in further_columns(FURTHER_CLAIMS).values()]
    header = ("UMR", "Agreement No", "Claim Reference / Number", "Original Currency")
    row = [
        "T",
        "A-1",
        "C1",
        "GBP",
        *(f"{n} of {len(names)}" for n in range(len(names))),
    ]
    _, loaded, _ = run(Table((*header, *names), [row]), CLAIMS)
    assert loaded == {"created": 1}
    details = Claim.objects.get(treaty=treaty).details
    assert details == {"Agreement No": "A-1", **dict(zip(names, row[4:], strict=True))}
