"""Treaties in the admin, with their layers and who carries them."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from reinsurance.admin.base import Panel, PlainAdmin, RecordAdmin, year_filter
from reinsurance.admin.codes import CodeFilter
from reinsurance.admin.editing import EditedAdmin, ReasonForm
from reinsurance.admin.proposals import waiting_for
from reinsurance.admin.seen import SeenChoices
from reinsurance.admin.values import (
    currency_column,
)
from reinsurance.models import Layer, Party, Treaty
from reinsurance.resources.register_exports import TreatyRegister


class LayerInline(SeenChoices, admin.TabularInline):
    """A treaty's layers with the terms that matter most; the pencil leads to all."""

    model = Layer
    extra = 0
    show_change_link = True
    formfield_overrides = PlainAdmin.formfield_overrides
    verbose_name_plural = "layers"
    fields = (
        "number",
        "name",
        "ceded_share",
        "occurrence_attachment",
        "occurrence_limit",
        "aggregate_limit",
        "placed_share",
    )


def market_of(treaty: Treaty) -> list[dict[str, Any]]:
    """Each layer with who carries it and the signed lines' total."""
    layers = treaty.layers.prefetch_related("participations__reinsurer")
    found = []
    for layer in layers.order_by("number"):
        lines = list(layer.participations.all())
        total = sum((line.signed_line or Decimal(0) for line in lines), Decimal(0))
        found.append({"layer": layer, "lines": lines, "total": total})
    return found


@admin.register(Treaty)
class TreatyAdmin(EditedAdmin, RecordAdmin):
    """Contracts, with layers to edit and the market that carries them to read."""

    form = ReasonForm

    resource_classes = (TreatyRegister,)
    import_slug = "treaties"
    list_display = (
        "reference",
        "name",
        "cedant_name",
        "broker_name",
        "treaty_type",
        "inception",
        "expiry",
        "currency_code",
        "line_of_business",
    )
    list_filter = (
        "treaty_type",
        year_filter("inception", "inception year"),
        ("line_of_business", CodeFilter),
    )
    list_select_related = ("cedant", "broker", "line_of_business")
    search_fields = ("reference__startswith", "name__istartswith")
    search_related = {
        "cedant_id": (Party, "name__istartswith"),
        "broker_id": (Party, "name__istartswith"),
    }
    search_help_text = "Reference, name, cedant or broker begins with"
    autocomplete_fields = ("cedant", "broker", "currency", "line_of_business")
    inlines = (LayerInline,)
    fieldsets = (
        (
            "Contract",
            {
                "fields": (
                    "reference",
                    "name",
                    "cedant",
                    "broker",
                    "treaty_type",
                    "basis",
                    "inception",
                    "expiry",
                    "year_of_account",
                )
            },
        ),
        ("Cover", {"fields": ("line_of_business", "territories", "perils")}),
        (
            "Limits of the contract",
            {
                "fields": (
                    "currency",
                    "premium_income_limit",
                    "loss_notification_threshold",
                    "cash_loss_limit",
                    "brokerage",
                )
            },
        ),
    )

    currency_code = currency_column()

    @admin.display(description="cedant", ordering="cedant__name")
    def cedant_name(self, treaty: Treaty) -> str:
        """Who passes the risks on."""
        return treaty.cedant.name if treaty.cedant else ""

    @admin.display(description="broker", ordering="broker__name")
    def broker_name(self, treaty: Treaty) -> str:
        """Who placed the contract."""
        return treaty.broker.name if treaty.broker else ""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The reference that files name stays what it was."""
        return ("reference",) if obj else ()

    def panels(self, record: Treaty) -> list[Panel]:
        """What waits for a second person, who carries the layers, what it covers."""
        panels = [
            *waiting_for(record),
            Panel("Market", "reinsurance/market.html", {"layers": market_of(record)}),
        ]
        if scopes := list(record.scopes.all()[:100]):
            panels.append(Panel("Scope", "reinsurance/scopes.html", {"scopes": scopes}))
        return panels
