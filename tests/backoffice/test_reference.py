"""Reference data is complete, consistent and never overwrites an edit."""

import pytest

from backoffice.reference import load_reference
from reinsurance.models import ClaimStatus, Country, Currency, LineOfBusiness

pytestmark = pytest.mark.django_db


def test_the_standards_are_there() -> None:
    assert Currency.objects.count() == 155
    assert Country.objects.count() == 249
    assert LineOfBusiness.objects.count() == 34
    assert ClaimStatus.objects.count() == 12


def test_some_codes_as_the_standards_have_them() -> None:
    yen = Currency.objects.get(code="JPY")
    assert (yen.name, yen.numeric_code, yen.minor_units) == ("Yen", "392", 0)
    assert Currency.objects.get(code="KWD").minor_units == 3
    britain = Country.objects.get(code="GB")
    assert (britain.alpha3, britain.numeric_code) == ("GBR", "826")
    assert list(ClaimStatus.objects.values_list("name", flat=True)[:2]) == [
        "Open",
        "Open – Coverage agreed",
    ]


def test_numeric_codes_are_unique() -> None:
    for model in (Currency, Country):
        codes = list(model.objects.values_list("numeric_code", flat=True))
        assert len(set(codes)) == len(codes)
        assert all(len(code) == 3 and code.isdigit() for code in codes)


def test_loading_again_adds_only_what_is_missing() -> None:
    assert load_reference() == 0
    Currency.objects.filter(code="EUR").update(name="Our name")
    Currency.objects.filter(code="CHF").delete()
    assert load_reference() == 1
    assert Currency.objects.get(code="EUR").name == "Our name"
