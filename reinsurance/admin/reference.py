"""Reference data in the admin: small lists that standards define."""

from django.contrib import admin

from reinsurance.admin.base import PlainAdmin, RecordAdmin, year_filter
from reinsurance.admin.editing import EditedAdmin, MeantForm
from reinsurance.models import (
    ClaimStatus,
    Country,
    Currency,
    ExchangeRate,
    LineOfBusiness,
)
from reinsurance.resources.rate_rules import warnings_of
from reinsurance.resources.rates import ExchangeRateResource


class CodeAdmin(PlainAdmin):
    """A table of codes: a code once used is not changed."""

    show_full_result_count = True
    search_help_text = "Code or name begins with"
    search_fields = ("code__istartswith", "name__istartswith")

    def get_readonly_fields(self, request: object, obj: object = None) -> tuple:
        """The code is the key, so it is given once."""
        return ("code",) if obj else ()


@admin.register(Currency)
class CurrencyAdmin(CodeAdmin):
    """Currencies of ISO 4217."""

    list_display = ("code", "name", "numeric_code", "minor_units")


@admin.register(Country)
class CountryAdmin(CodeAdmin):
    """Countries of ISO 3166."""

    list_display = ("name", "code", "alpha3", "numeric_code")


@admin.register(LineOfBusiness)
class LineOfBusinessAdmin(CodeAdmin):
    """Lines of business."""

    list_display = ("code", "name")


@admin.register(ClaimStatus)
class ClaimStatusAdmin(CodeAdmin):
    """Claim statuses of the Coverholder Reporting Standards."""

    list_display = ("name", "code", "is_open", "order")
    list_filter = ("is_open",)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(EditedAdmin, RecordAdmin):
    """Exchange rates by day."""

    resource_classes = (ExchangeRateResource,)
    import_slug = "exchange-rates"
    list_display = ("date", "base", "quote", "rate")
    list_filter = (year_filter("date", "year"),)
    search_fields = ("base", "quote")
    search_help_text = "Currency code"
    autocomplete_fields = ("base", "quote")
    form = MeantForm

    def doubts_of(self, record: ExchangeRate, was: ExchangeRate | None) -> list[str]:
        """Whether it fits the other rates of the books, and what it was before."""
        return warnings_of(record, was)
