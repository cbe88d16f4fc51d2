"""Reference data in the API: codes of outside standards, and exchange rates."""

from typing import ClassVar

from reinsurance.api.base import Fields, ListDoor
from reinsurance.api.filters import (
    ListFilters,
    Searched,
    changed_since,
    day_from,
    day_to,
    one_of,
    yes_no,
)
from reinsurance.models import (
    ClaimStatus,
    Country,
    Currency,
    ExchangeRate,
    LineOfBusiness,
)


class ExchangeRateSerializer(Fields):
    """What one unit of the base currency was worth in the quote currency on a day."""

    class Meta:
        model = ExchangeRate
        fields = ("id", "base", "quote", "date", "rate", "created_at", "updated_at")


class ExchangeRateFilters(ListFilters):
    """How the list of rates is narrowed."""

    base = one_of("base_id", "ISO 4217 code of the base currency.")
    quote = one_of("quote_id", "ISO 4217 code of the quote currency.")
    date_from = day_from("date", "Of this day or later.")
    date_to = day_to("date", "Of this day or earlier.")
    updated_since = changed_since("updated_at")


class ExchangeRateDoor(ListDoor):
    """Dated exchange rates."""

    queryset = ExchangeRate.objects.all()
    serializer_class = ExchangeRateSerializer
    filterset_class = ExchangeRateFilters
    orderings: ClassVar = ("-id", "date")
    called = "exchange-rates"


class CodeFilters(ListFilters):
    """How a list of codes is narrowed."""

    search = Searched("code", "name")


class CurrencySerializer(Fields):
    """A currency of ISO 4217."""

    class Meta:
        model = Currency
        fields = ("code", "name", "numeric_code", "minor_units")


class CurrencyDoor(ListDoor):
    """Currencies of ISO 4217."""

    queryset = Currency.objects.all()
    serializer_class = CurrencySerializer
    filterset_class = CodeFilters
    orderings: ClassVar = ("code",)
    called = "currencies"


class CountrySerializer(Fields):
    """A country of ISO 3166-1."""

    class Meta:
        model = Country
        fields = ("code", "name", "alpha3", "numeric_code")


class CountryDoor(ListDoor):
    """Countries of ISO 3166-1."""

    queryset = Country.objects.all()
    serializer_class = CountrySerializer
    filterset_class = CodeFilters
    orderings: ClassVar = ("code",)
    called = "countries"


class LineOfBusinessSerializer(Fields):
    """A class of business."""

    class Meta:
        model = LineOfBusiness
        fields = ("code", "name")


class LineOfBusinessDoor(ListDoor):
    """Lines of business."""

    queryset = LineOfBusiness.objects.all()
    serializer_class = LineOfBusinessSerializer
    filterset_class = CodeFilters
    orderings: ClassVar = ("code",)
    called = "lines-of-business"


class ClaimStatusSerializer(Fields):
    """A status of the Coverholder Reporting Standards (CR0105)."""

    class Meta:
        model = ClaimStatus
        fields = ("code", "name", "is_open", "order")


class ClaimStatusFilters(CodeFilters):
    """How the list of statuses is narrowed."""

    is_open = yes_no("is_open", "Whether more may be paid or reserved.")


class ClaimStatusDoor(ListDoor):
    """Statuses of claims."""

    queryset = ClaimStatus.objects.all()
    serializer_class = ClaimStatusSerializer
    filterset_class = ClaimStatusFilters
    orderings: ClassVar = ("code",)
    called = "claim-statuses"
