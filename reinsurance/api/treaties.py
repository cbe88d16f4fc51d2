"""Treaties, their layers, who carries them and what they cover, in the API."""

from typing import ClassVar

from rest_framework import serializers

from reinsurance.api.base import Fields, ListDoor, cedant_of, inception_of, text_of
from reinsurance.api.filters import (
    ListFilters,
    Searched,
    changed_since,
    choice,
    day_from,
    day_to,
    number,
    one_of,
    yes_no,
)
from reinsurance.choices import TreatyType
from reinsurance.models import Layer, Participation, Treaty, TreatyScope

TREATY = "Reference of the treaty."


class TreatySerializer(Fields):
    """A contract under which a cedant passes risks on."""

    cedant = text_of("cedant.code", "Code of the cedant.")
    broker = text_of("broker.code", "Code of the broker.")

    class Meta:
        model = Treaty
        fields = (
            "id", "reference", "name", "cedant", "broker", "treaty_type", "basis",
            "inception", "expiry", "currency", "line_of_business", "territories",
            "perils", "year_of_account", "premium_income_limit",
            "loss_notification_threshold", "cash_loss_limit", "brokerage",
            "created_at", "updated_at",
        )  # fmt: skip


class TreatyFilters(ListFilters):
    """How the list of treaties is narrowed."""

    reference = one_of("reference", TREATY)
    cedant = one_of("cedant__code", "Code of the cedant.")
    broker = one_of("broker__code", "Code of the broker.")
    treaty_type = choice("treaty_type", TreatyType.choices, "Type of treaty.")
    currency = one_of("currency_id", "ISO 4217 code.")
    line_of_business = one_of("line_of_business_id", "Code of the line of business.")
    year_of_account = number("year_of_account", "Year of account.")
    inception_from = day_from("inception", "Incepts on this day or later.")
    inception_to = day_to("inception", "Incepts on this day or earlier.")
    expiry_from = day_from("expiry", "Expires on this day or later.")
    expiry_to = day_to("expiry", "Expires on this day or earlier.")
    search = Searched("reference", "name")
    updated_since = changed_since("updated_at")


class TreatyDoor(ListDoor):
    """Reinsurance contracts."""

    queryset = Treaty.objects.select_related("cedant", "broker")
    serializer_class = TreatySerializer
    filterset_class = TreatyFilters
    orderings: ClassVar = ("id", "reference")
    called = "treaties"


class LayerSerializer(Fields):
    """A slice of a treaty with terms of its own; a limit that is null is unlimited."""

    treaty = text_of("treaty.reference", TREATY)
    currency = text_of("treaty.currency_id", "Currency of the treaty.")
    treaty_cedant = cedant_of("treaty")
    treaty_inception = inception_of("treaty")

    class Meta:
        model = Layer
        fields = (
            "id", "treaty", "treaty_cedant",
            "treaty_inception", "number", "name", "currency",
            "ceded_share", "risk_level", "risk_attachment", "risk_limit",
            "occurrence_attachment", "occurrence_limit", "aggregate_attachment",
            "aggregate_limit", "aggregate_period_days", "reinstatements",
            "reinstatement_charges", "deposit_premium", "rate", "commission",
            "brokerage", "placed_share", "inuring_priority", "created_at",
            "updated_at",
        )  # fmt: skip


class LayerFilters(ListFilters):
    """How the list of layers is narrowed."""

    treaty = one_of("treaty__reference", TREATY)
    cedant = one_of("treaty__cedant__code", "Code of the cedant.")
    number = number("number", "Number of the layer.")
    updated_since = changed_since("updated_at")


class LayerDoor(ListDoor):
    """Layers of treaties."""

    queryset = Layer.objects.select_related("treaty__cedant")
    serializer_class = LayerSerializer
    filterset_class = LayerFilters
    orderings: ClassVar = ("id",)
    called = "layers"


class ParticipationSerializer(Fields):
    """A reinsurer's line on a layer."""

    treaty = text_of("layer.treaty.reference", TREATY)
    layer = serializers.IntegerField(
        source="layer.number", read_only=True, help_text="Number of the layer."
    )
    reinsurer = text_of("reinsurer.code", "Code of the reinsurer.")
    treaty_cedant = cedant_of("layer.treaty")
    treaty_inception = inception_of("layer.treaty")

    class Meta:
        model = Participation
        fields = (
            "id", "treaty", "treaty_cedant",
            "treaty_inception", "layer", "reinsurer", "written_line",
            "signed_line", "is_lead", "created_at", "updated_at",
        )  # fmt: skip


class ParticipationFilters(ListFilters):
    """How the list of participations is narrowed."""

    treaty = one_of("layer__treaty__reference", TREATY)
    reinsurer = one_of("reinsurer__code", "Code of the reinsurer.")
    is_lead = yes_no("is_lead", "Whether it leads.")
    updated_since = changed_since("updated_at")


class ParticipationDoor(ListDoor):
    """Reinsurers' lines on layers."""

    queryset = Participation.objects.select_related(
        "layer__treaty__cedant", "reinsurer"
    )
    serializer_class = ParticipationSerializer
    filterset_class = ParticipationFilters
    orderings: ClassVar = ("id",)
    called = "participations"


class TreatyScopeSerializer(Fields):
    """What a treaty covers: the filters of a row all hold, rows are alternatives."""

    treaty = text_of("treaty.reference", TREATY)
    treaty_cedant = cedant_of("treaty")
    treaty_inception = inception_of("treaty")

    class Meta:
        model = TreatyScope
        fields = (
            "id", "treaty", "treaty_cedant",
            "treaty_inception", "portfolio", "account", "policy",
            "location_group", "location", "cedant_name", "producer_name",
            "line_of_business", "country_code", "tag", "risk_level", "ceded_share",
            "created_at", "updated_at",
        )  # fmt: skip


class TreatyScopeFilters(ListFilters):
    """How the list of scopes is narrowed."""

    treaty = one_of("treaty__reference", TREATY)
    updated_since = changed_since("updated_at")


class TreatyScopeDoor(ListDoor):
    """What treaties cover."""

    queryset = TreatyScope.objects.select_related("treaty__cedant")
    serializer_class = TreatyScopeSerializer
    filterset_class = TreatyScopeFilters
    orderings: ClassVar = ("id",)
    called = "treaty-scopes"
