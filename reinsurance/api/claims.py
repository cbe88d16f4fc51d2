"""Claims, their ledger and loss events in the API."""

from typing import ClassVar

from rest_framework import serializers

from reinsurance.api.base import Fields, ListDoor, text_of
from reinsurance.api.filters import (
    ListFilters,
    Searched,
    changed_since,
    day_from,
    day_to,
    key_of,
    one_of,
    yes_no,
)
from reinsurance.api.treaties import TREATY
from reinsurance.models import Claim, ClaimMovement, LossEvent

EVENT = "Code of the loss event."


class ClaimSerializer(Fields):
    """A claim as it stands: money in its currency, paid to date."""

    treaty = text_of("treaty.reference", TREATY)
    loss_event = text_of("loss_event.code", EVENT)
    incurred = serializers.DecimalField(18, 2, read_only=True)

    class Meta:
        model = Claim
        fields = (
            "id", "treaty", "reference", "bordereau", "policy_reference",
            "certificate_reference", "insured_name", "loss_event", "cause",
            "description", "country", "date_of_loss", "date_notified", "date_closed",
            "policy_inception", "policy_expiry", "status", "currency",
            "paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees",
            "incurred", "created_at", "updated_at",
        )  # fmt: skip


class ClaimFilters(ListFilters):
    """How the list of claims is narrowed."""

    treaty = one_of("treaty__reference", TREATY)
    cedant = one_of("treaty__cedant__code", "Code of the cedant.")
    reference = one_of("reference", "Reference of the claim.")
    policy_reference = one_of("policy_reference", "Reference of the policy.")
    loss_event = one_of("loss_event__code", EVENT)
    bordereau = key_of("bordereau_id", "The bordereau that changed it last.")
    status = one_of("status_id", "Code of the status.")
    is_open = yes_no("status__is_open", "Whether more may be paid or reserved.")
    currency = one_of("currency_id", "ISO 4217 code.")
    date_of_loss_from = day_from("date_of_loss", "Lost on this day or later.")
    date_of_loss_to = day_to("date_of_loss", "Lost on this day or earlier.")
    search = Searched("reference", "policy_reference", "insured_name")
    updated_since = changed_since("updated_at")


class ClaimDoor(ListDoor):
    """Claims as they stand now."""

    queryset = Claim.objects.select_related("treaty", "loss_event")
    serializer_class = ClaimSerializer
    filterset_class = ClaimFilters
    orderings: ClassVar = ("-id", "date_of_loss")
    called = "claims"


class ClaimMovementSerializer(Fields):
    """An entry of the claims ledger: by how much a bordereau changed a claim."""

    treaty = text_of("claim.treaty.reference", TREATY)
    claim_reference = text_of("claim.reference", "Reference of the claim.")

    class Meta:
        model = ClaimMovement
        fields = (
            "id", "claim", "treaty", "claim_reference", "bordereau", "period_end",
            "status", "paid_indemnity", "paid_fees", "reserve_indemnity",
            "reserve_fees", "recorded_at",
        )  # fmt: skip


class ClaimMovementFilters(ListFilters):
    """How the ledger is narrowed."""

    claim = key_of("claim_id", "Number of the claim (its id).")
    treaty = one_of("claim__treaty__reference", TREATY)
    bordereau = key_of("bordereau_id", "The bordereau that brought it.")
    period_end_from = day_from("period_end", "Of a period that ends then or later.")
    period_end_to = day_to("period_end", "Of a period that ends then or earlier.")
    updated_since = changed_since("recorded_at")


class ClaimMovementDoor(ListDoor):
    """The claims ledger; entries are only ever added."""

    queryset = ClaimMovement.objects.select_related("claim__treaty")
    serializer_class = ClaimMovementSerializer
    filterset_class = ClaimMovementFilters
    orderings: ClassVar = ("-id",)
    changed_column = "recorded_at"
    called = "claim-movements"


class LossEventSerializer(Fields):
    """A happening that causes many claims."""

    class Meta:
        model = LossEvent
        fields = (
            "id", "code", "name", "catastrophe_code", "peril", "date_from", "date_to",
            "country", "created_at", "updated_at",
        )  # fmt: skip


class LossEventFilters(ListFilters):
    """How the list of events is narrowed."""

    code = one_of("code", EVENT)
    catastrophe_code = one_of("catastrophe_code", "Lloyd's or PCS catastrophe code.")
    country = one_of("country_id", "ISO 3166 code.")
    date_from_from = day_from("date_from", "Began on this day or later.")
    date_from_to = day_to("date_from", "Began on this day or earlier.")
    search = Searched("code", "name", "catastrophe_code")
    updated_since = changed_since("updated_at")


class LossEventDoor(ListDoor):
    """Events that cause many claims."""

    queryset = LossEvent.objects.all()
    serializer_class = LossEventSerializer
    filterset_class = LossEventFilters
    orderings: ClassVar = ("id", "code")
    called = "loss-events"
