"""What must not be true of a contract as a whole."""

import datetime
from decimal import Decimal

import polars as pl
import pytest

from reinsurance.models import Claim, Party, PremiumEntry, Treaty
from reinsurance.resources.panel_rules import LINES, panel_issues
from reinsurance.resources.treaties import TreatyResource
from reinsurance.resources.treaty_rules import layer_issues, terms_changed


def said(issues: pl.DataFrame) -> list[tuple]:
    assert set(issues["severity"]) <= {"breach"}
    return issues.select("row", "column", "value", "code", "message").rows()


def test_signed_lines_of_a_layer_total_one_or_less() -> None:
    lines = pl.DataFrame(
        {
            "row": [2, 3, None, 4, 5, 6],
            "treaty": [1, 1, 1, 1, 2, 2],
            "treaty_reference": ["A", "A", "A", "A", "B", "B"],
            "layer_number": [1, 1, 1, 2, 1, 1],
            "reinsurer": ["A", "B", "C", "A", "A", "B"],
            "written_line": [None] * 6,
            "signed_line": [0.4, 0.6, 0.2, 1.0, 1 / 3, 2 / 3],
            "is_lead": [False] * 6,
        },
        schema=LINES,
    )
    assert said(panel_issues(lines)) == [
        (
            2,
            "signed_line",
            "1.2",
            "signed_lines_above_one",
            "The signed lines of layer 1 of “A” total 1.2, more than the whole. "
            "Correct the lines.",
        )
    ]
    of_the_books = lines.filter(pl.col("row").is_null())
    assert panel_issues(of_the_books).height == 0


def layers(**columns: list) -> pl.DataFrame:
    count = len(columns["occurrence_limit"])
    money = pl.Decimal(20, 4)
    frame = {
        "row": list(range(2, count + 2)),
        "treaty": [1] * count,
        "treaty_reference": ["A"] * count,
        "layer_number": list(range(1, count + 1)),
        "occurrence_attachment": [None] * count,
        "reinstatements": [None] * count,
        "reinstatement_charges": [""] * count,
        "inuring_priority": [1] * count,
        **columns,
    }
    return pl.DataFrame(
        frame,
        schema_overrides={
            "occurrence_attachment": money,
            "occurrence_limit": money,
            "reinstatements": pl.Int64(),
        },
    )


def test_layers_that_meet_do_not_overlap() -> None:
    frame = layers(occurrence_attachment=[30, 10], occurrence_limit=[30, 20])
    assert layer_issues(frame).height == 0


def test_layers_without_a_range_do_not_overlap() -> None:
    assert layer_issues(layers(occurrence_limit=[None, None])).height == 0


def test_layers_of_another_priority_do_not_overlap() -> None:
    frame = layers(
        occurrence_attachment=[10, 10],
        occurrence_limit=[20, 20],
        inuring_priority=[1, 2],
    )
    assert layer_issues(frame).height == 0


def test_overlapping_layers() -> None:
    frame = layers(
        row=[None, 7, 8],
        occurrence_attachment=[10, 20, 100],
        occurrence_limit=[None, 30, 50],
    )
    assert said(layer_issues(frame)) == [
        (
            7,
            "occurrence_attachment",
            "20.0000",
            "layers_overlap",
            "Layer 2 of “A” begins at 20.00, below the top of a lower layer, which is "
            "unlimited. Correct the attachments or limits.",
        ),
        (
            8,
            "occurrence_attachment",
            "100.0000",
            "layers_overlap",
            "Layer 3 of “A” begins at 100.00, below the top of a lower layer, which is "
            "unlimited. Correct the attachments or limits.",
        ),
    ]


def test_one_charge_for_each_reinstatement() -> None:
    frame = layers(
        occurrence_limit=[None] * 4,
        reinstatements=[2, 1, None, 1],
        reinstatement_charges=["0;1", "0;1", "1", ""],
    )
    assert said(layer_issues(frame)) == [
        (
            3,
            "reinstatement_charges",
            "0;1",
            "charges_do_not_match",
            "Layer 2 of “A” has 1 reinstatements and 2 charges. Give one charge "
            "for each.",
        )
    ]


@pytest.mark.django_db
def test_changed_terms_of_contracts_with_money() -> None:
    a = Party.objects.create(code="A", name="A")
    b = Party.objects.create(code="B", name="B")
    day = datetime.date(2025, 1, 1)
    made = [
        Treaty.objects.create(reference=f"T{i}", treaty_type="QS", currency_id="GBP")
        for i in range(3)
    ]
    Claim.objects.create(treaty=made[0], reference="C", status_id="OPEN")
    PremiumEntry.objects.create(
        treaty=made[1],
        policy_reference="P",
        effective_date=day,
        currency_id="GBP",
        gross_premium=Decimal(1),
    )
    compared = pl.DataFrame(
        {
            "row": [2, 3, 4, 5],
            "__id": [made[0].pk, made[1].pk, made[2].pk, None],
            "treaty_reference": ["T0", "T1", "T2", "T9"],
            "currency": ["USD", "GBP", "USD", "USD"],
            "was.currency": ["GBP", "GBP", "GBP", None],
            "basis": ["LO", "", "RA", "LO"],
            "was.basis": ["", "RA", "LO", None],
            "treaty_type": ["QS", "CXL", "QS", "QS"],
            "was.treaty_type": ["QS", "QS", "QS", None],
            "cedant": [b.pk, None, b.pk, b.pk],
            "was.cedant": [a.pk, a.pk, a.pk, None],
            "expiry": [day, day, None, day],
            "was.expiry": [None, day, day, None],
        }
    )
    assert said(terms_changed(compared)) == [
        (
            2,
            "currency",
            "USD",
            "terms_changed_with_money",
            "Contract “T0” has claims or premiums, and its currency changes from GBP "
            "to USD. Have somebody look at it.",
        ),
        (
            3,
            "treaty_type",
            "Catastrophe excess of loss",
            "terms_changed_with_money",
            "Contract “T1” has claims or premiums, and its type changes from Quota "
            "share to Catastrophe excess of loss. Have somebody look at it.",
        ),
        (
            2,
            "cedant",
            "B",
            "terms_changed_with_money",
            "Contract “T0” has claims or premiums, and its cedant changes from A to B. "
            "Have somebody look at it.",
        ),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Excess of loss", "XL"),
        ("XOL", "XL"),
        ("XL", "XL"),
        ("Cat XL", "CXL"),
        ("CAT", "CXL"),
        ("CXL", "CXL"),
        ("Risk XL", "PR"),
        ("Stop loss", "SL"),
        ("Aggregate", "AXL"),
        ("Fac oblig", "FACOB"),
        ("FAC", "FAC"),
        ("Binder", "BINDER"),
        ("binding authority", "BINDER"),
        ("Quota Share", "QS"),
    ],
)
def test_words_for_kinds_of_contracts(text: str, code: str) -> None:
    assert TreatyResource.fields["treaty_type"].widget.clean(text) == code


def test_an_untold_basis_stays_unknown() -> None:
    basis = TreatyResource.fields["basis"]
    assert basis.clean({"Attachment basis": ""}) == ""
    assert basis.clean({"Attachment basis": "Losses occurring"}) == "LO"
