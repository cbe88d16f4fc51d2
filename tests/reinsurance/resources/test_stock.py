"""The Resources row by row, as stock import-export reads and writes them."""

import datetime

import pytest
import tablib
from import_export.results import Result

from reinsurance.models import Layer, Participation, Party, PremiumEntry, Treaty
from reinsurance.resources.base import DomainResource
from reinsurance.resources.layers import LayerResource
from reinsurance.resources.participations import ParticipationResource
from reinsurance.resources.premiums import PremiumEntryResource
from reinsurance.resources.scopes import TreatyScopeResource
from reinsurance.resources.treaties import TreatyResource

pytestmark = pytest.mark.django_db

Y25, Y26 = datetime.date(2025, 1, 1), datetime.date(2026, 1, 1)
REGISTER = (
    "Treaty reference",
    "Cedant",
    "Treaty type",
    "Currency",
    "Inception",
    "Treaty name",
    "Layer number",
    "Reinsurer",
    "Signed line",
)


def imported(
    resource: type[DomainResource], header: tuple[str, ...], *rows: tuple[str, ...]
) -> Result:
    return resource().import_data(tablib.Dataset(*rows, headers=header))


def test_a_renewal_stands_beside_the_year_before() -> None:
    party = Party.objects.create(code="A", name="A")
    reinsurer = Party.objects.create(code="R", name="R")
    rows = (
        ("MY2", "A", "QS", "GBP", "2025-01-01", "Lower", "1", "R", "100%"),
        ("MY2", "A", "QS", "GBP", "2026-01-01", "Upper", "2", "R", "60%"),
    )
    for resource in (TreatyResource, LayerResource, ParticipationResource):
        result = imported(resource, REGISTER, *rows)
        assert not result.has_errors(), result.row_errors()
        assert not result.has_validation_errors()
        assert result.totals["new"] == 2
        again = imported(resource, REGISTER, *rows)
        assert again.totals["skip"] == 2
    keys = ("reference", "cedant", "inception")
    assert list(Treaty.objects.values_list(*keys)) == [
        ("MY2", party.pk, Y25),
        ("MY2", party.pk, Y26),
    ]
    terms = ("treaty__inception", "number", "name")
    assert list(Layer.objects.order_by("number").values_list(*terms)) == [
        (Y25, 1, "Lower"),
        (Y26, 2, "Upper"),
    ]
    lines = Participation.objects.order_by("layer").values_list(
        "layer__number", "reinsurer"
    )
    assert list(lines) == [(1, reinsurer.pk), (2, reinsurer.pk)]


def test_an_untold_inception_is_the_one_that_fits_or_is_asked() -> None:
    header = ("Treaty reference", "Cedant", "Treaty type", "Currency", "Inception")
    first = Treaty.objects.create(
        reference="T", treaty_type="QS", currency_id="GBP", inception=Y25
    )
    result = imported(TreatyResource, header, ("T", "", "SS", "GBP", ""))
    assert result.totals["update"] == 1
    assert Treaty.objects.get().pk == first.pk
    Treaty.objects.create(
        reference="T", treaty_type="QS", currency_id="GBP", inception=Y26
    )
    result = imported(TreatyResource, header, ("T", "", "SS", "GBP", ""))
    (invalid,) = [*result.invalid_rows, *result.error_rows]
    assert "Several contracts “T” are in the books" in str(
        getattr(invalid, "error", None) or invalid.errors[0].error
    )


def test_premiums_find_the_contract_of_their_date() -> None:
    for start, year in ((Y25, 2025), (Y26, 2026)):
        Treaty.objects.create(
            reference="MY2",
            basis="LO",
            treaty_type="QS",
            currency_id="GBP",
            inception=start,
            expiry=datetime.date(year, 12, 31),
            year_of_account=year,
        )
    header = tuple(
        str(PremiumEntryResource.fields[name].column_name)
        for name in (*PremiumEntryResource.key(), "gross_premium")
    )
    row = ("MY2", "P", "", "1", "", "", "2026-02-01", "", "GBP", "2026-02-28", "10")
    for word in ("new", "skip"):
        result = imported(PremiumEntryResource, header, row)
        assert not result.has_errors(), result.row_errors()
        assert result.totals[word] == 1
    entry = PremiumEntry.objects.get()
    assert (entry.treaty.inception, entry.section) == (Y26, "1")
    assert (entry.commission, entry.transaction_type) == (None, "ORIGINAL")
    exported = PremiumEntryResource().export().dict[0]
    assert exported["Year of account"] == 2026
    again = imported(
        PremiumEntryResource,
        tuple(exported),
        tuple(str(value) for value in exported.values()),
    )
    assert again.totals["skip"] == 1


def test_scopes_go_out_and_in_with_the_key_of_their_contract() -> None:
    party = Party.objects.create(code="A", name="A")
    for start in (Y25, Y26):
        made = Treaty.objects.create(
            reference="T",
            cedant=party,
            treaty_type="QS",
            currency_id="GBP",
            inception=start,
        )
        made.scopes.create(portfolio=f"P{start.year}")
    exported = TreatyScopeResource().export()
    row = exported.dict[0]
    assert (row["Treaty cedant"], row["Treaty inception"]) == ("A", "2025-01-01")
    result = TreatyScopeResource().import_data(exported)
    assert not result.has_errors(), result.row_errors()
    assert result.totals["skip"] == 2
