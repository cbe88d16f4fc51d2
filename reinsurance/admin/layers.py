"""Layers, participations and scopes of treaties in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from reinsurance.admin.base import PlainAdmin, RecordAdmin
from reinsurance.admin.editing import EditedAdmin, ReasonForm
from reinsurance.admin.seen import SeenChoices
from reinsurance.admin.values import inception_column, money_column, share_column
from reinsurance.models import Layer, Participation, Treaty, TreatyScope
from reinsurance.resources.register_exports import (
    LayerRegister,
    ParticipationRegister,
)
from reinsurance.resources.scopes import TreatyScopeResource


class ParticipationInline(SeenChoices, admin.TabularInline):
    """Who carries a layer."""

    model = Participation
    extra = 0
    autocomplete_fields = ("reinsurer",)
    formfield_overrides = PlainAdmin.formfield_overrides
    verbose_name_plural = "participations"
    fields = ("reinsurer", "written_line", "signed_line", "is_lead")


def _layer_money(name: str, title: str) -> Any:
    return money_column(name, title, currency="treaty.currency_id")


@admin.register(Layer)
class LayerAdmin(EditedAdmin, RecordAdmin):
    """Layers with all their terms and who carries them."""

    form = ReasonForm

    resource_classes = (LayerRegister,)
    list_display = (
        "treaty",
        "inception",
        "number",
        "name",
        "currency_code",
        "ceded",
        "attachment",
        "limit",
        "aggregate",
        "placed",
    )
    list_display_links = ("treaty", "number")
    list_select_related = ("treaty",)
    search_fields = ("treaty__reference__startswith",)
    search_help_text = "Treaty reference begins with"
    autocomplete_fields = ("treaty",)
    inlines = (ParticipationInline,)
    fieldsets = (
        (
            "Layer",
            {
                "fields": (
                    "treaty",
                    "number",
                    "name",
                    "inuring_priority",
                    "ceded_share",
                )
            },
        ),
        ("Each risk", {"fields": ("risk_level", "risk_attachment", "risk_limit")}),
        (
            "Each occurrence",
            {"fields": ("occurrence_attachment", "occurrence_limit")},
        ),
        (
            "In the aggregate",
            {
                "fields": (
                    "aggregate_attachment",
                    "aggregate_limit",
                    "aggregate_period_days",
                    "reinstatements",
                    "reinstatement_charges",
                )
            },
        ),
        (
            "Premium and placement",
            {
                "fields": (
                    "deposit_premium",
                    "rate",
                    "commission",
                    "brokerage",
                    "placed_share",
                )
            },
        ),
    )

    ceded = share_column("ceded_share", "ceded share")
    placed = share_column("placed_share", "placed share")
    attachment = _layer_money("occurrence_attachment", "occurrence attachment")
    limit = _layer_money("occurrence_limit", "occurrence limit")
    aggregate = _layer_money("aggregate_limit", "aggregate limit")
    inception = inception_column("treaty")

    @admin.display(description="currency")
    def currency_code(self, layer: Layer) -> str:
        """The treaty's currency, in which the amounts are."""
        return layer.treaty.currency_id

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A layer stays with its treaty."""
        return ("treaty", "number") if obj else ()


@admin.register(Participation)
class ParticipationAdmin(EditedAdmin, RecordAdmin):
    """Reinsurers' lines on layers."""

    form = ReasonForm

    resource_classes = (ParticipationRegister,)
    list_display = (
        "reinsurer_name",
        "treaty",
        "inception",
        "layer_number",
        "written",
        "signed",
    )
    list_display_links = ("reinsurer_name", "treaty")
    list_filter = ("is_lead",)
    list_select_related = ("reinsurer", "layer__treaty")
    search_fields = ("reinsurer__code__startswith", "reinsurer__name__istartswith")
    search_help_text = "Reinsurer's code or name begins with"
    autocomplete_fields = ("layer", "reinsurer")

    inception = inception_column("layer.treaty")
    written = share_column("written_line", "written line")
    signed = share_column("signed_line", "signed line")

    @admin.display(description="reinsurer", ordering="reinsurer__name")
    def reinsurer_name(self, participation: Participation) -> str:
        """Who carries the line."""
        return participation.reinsurer.name

    @admin.display(description="treaty", ordering="layer__treaty__reference")
    def treaty(self, participation: Participation) -> str:
        """The treaty's reference."""
        return participation.layer.treaty.reference

    @admin.display(description="layer", ordering="layer__number")
    def layer_number(self, participation: Participation) -> int:
        """The layer's number."""
        return participation.layer.number


@admin.register(TreatyScope)
class TreatyScopeAdmin(EditedAdmin, RecordAdmin):
    """What treaties cover."""

    form = ReasonForm

    resource_classes = (TreatyScopeResource,)
    import_slug = "treaty-scope"
    list_display = (
        "treaty",
        "inception",
        "portfolio",
        "account",
        "policy",
        "location_group",
        "location",
        "line_of_business",
        "country_code",
        "ceded",
    )
    list_filter = ("risk_level",)
    list_select_related = ("treaty",)
    search_fields = ("portfolio__startswith",)
    search_related = {"treaty_id": (Treaty, "reference__startswith")}
    search_help_text = "Treaty or portfolio begins with"
    autocomplete_fields = ("treaty",)

    inception = inception_column("treaty")
    ceded = share_column("ceded_share", "ceded share")
