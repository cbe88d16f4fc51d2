"""Headers of the trade against fields: what is taken, asked about, left alone."""

import pytest

from importers import record_types
from importers.pipeline.match import match, normal

CLAIMS = record_types.get("claims")
NEEDED = ("UMR", "Claim Ref", "Date of Loss", "Currency")


def decided(*headers: str, slug: str = "claims") -> dict[str, tuple[str, str]]:
    found = match(headers, record_types.get(slug))
    return {m.header: (m.field, m.decision) for m in found.columns}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("UMR", "treaty_reference"),
        ("Unique Market\nReference (UMR)", "treaty_reference"),
        ("CR0104", "claim_reference"),
        ("CR0104 Claim Reference / Number", "claim_reference"),
        ("  claim   REF ", "claim_reference"),
        ("Claim_Number*", "claim_reference"),
        ("PolicyNumber", "policy_reference"),
        ("Paid to date (USD)", "paid_indemnity"),
        ("Paid this month - Indemnity", "paid_indemnity_this_period"),
        ("Reserve – Fees", "reserve_fees"),
        ("DOL", "date_of_loss"),
    ],
)
def test_headers_that_are_known(header: str, field: str) -> None:
    assert decided(header)[header] == (field, "auto")


@pytest.mark.parametrize(
    "header", ["Paid", "Amount Paid", "Indemnity Paid", "Paid (USD)"]
)
def test_a_bare_paid_is_never_taken_without_asking(header: str) -> None:
    found = match((*NEEDED, header), CLAIMS)
    assert [m.decision for m in found.columns] == ["auto"] * 4 + ["ask"]
    assert set(found.columns[4].candidates) == {
        "paid_indemnity",
        "paid_indemnity_this_period",
    }
    assert not found.is_settled


def test_a_near_miss_is_asked_about_and_nonsense_ignored() -> None:
    found = decided(*NEEDED[:3], "Currencyy", "Colour of the door")
    assert found["Currencyy"] == ("currency", "ask")
    assert found["Colour of the door"] == ("", "ignore")


def test_two_headers_for_one_field_are_asked_about() -> None:
    found = decided(*NEEDED, "Policy No", "Pol #")
    assert found["Policy No"] == ("policy_reference", "ask")
    assert found["Pol #"] == ("policy_reference", "ask")


def test_the_surer_of_two_headers_wins() -> None:
    found = decided(*NEEDED, "Policy reference", "Pol #")
    assert found["Policy reference"] == ("policy_reference", "auto")
    assert found["Pol #"] == ("policy_reference", "ignore")


def test_missing_fields_are_named() -> None:
    assert match(("UMR", "Claim Ref"), CLAIMS).missing == ("currency",)


def test_what_was_confirmed_is_final() -> None:
    remembered = {
        normal("Paid"): {"field": "paid_indemnity", "percent": False},
        normal("UMR"): {"field": "", "percent": False},
        normal("Our ref"): {"field": "treaty_reference", "percent": False},
    }
    found = match(("Paid", "UMR", "Our Ref"), CLAIMS, remembered=remembered)
    assert [(m.field, m.decision) for m in found.columns] == [
        ("paid_indemnity", "auto"),
        ("", "ignore"),
        ("treaty_reference", "auto"),
    ]


def test_constants_fill_required_fields() -> None:
    found = match(NEEDED[:3], CLAIMS, constants={"currency": "GBP"})
    assert found.missing == ()
    assert found.is_settled


@pytest.mark.parametrize("slug", record_types.RECORD_TYPES)
def test_our_own_template_is_understood(slug: str) -> None:
    """Headers of the downloadable template need no question."""
    kind = record_types.get(slug)
    labels = tuple(str(column.column_name) for column in kind.columns.values())
    found = match(labels, kind)
    assert {m.header: m.field for m in found.columns} == {
        str(column.column_name): name for name, column in kind.columns.items()
    }
    assert found.is_settled
