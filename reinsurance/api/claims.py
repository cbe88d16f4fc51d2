"""Claims and loss events in the API."""

from typing import Any, ClassVar

import django_filters
from django.db import models
from django.db.models import Exists, F, OuterRef

from reinsurance.api.base import (
    Fields,
    ListDoor,
    cedant_of,
    inception_of,
    moment_of,
    number_of,
    text_of,
)
from reinsurance.api.filters import (
    ListFilters,
    Searched,
    changed_since,
    day_from,
    day_to,
    one_of,
    yes_no,
)
from reinsurance.api.streams import MadeField
from reinsurance.api.treaties import TREATY
from reinsurance.models import Claim, ClaimPosition, LossEvent

EVENT = "Code of the loss event."
SUMMED = (
    "paid_indemnity", "paid_fees", "reserve_indemnity", "reserve_fees", "recovered",
    "incurred",
)  # fmt: skip


class _Totals(models.Func):
    """The totals of a claim's positions that stand, a JSON object a currency."""

    output_field = models.JSONField()
    sums = ", ".join(
        f"round(sum(p.{name}), greatest(2, scale(trim_scale(sum(p.{name})))))::text "
        f"AS {name}"
        for name in SUMMED
    )
    template = (
        "(SELECT coalesce(array_to_json(array_agg(row_to_json(t) ORDER BY t.currency)),"  # noqa: S608 names are ours
        " '[]') FROM (SELECT p.currency_id AS currency, "
        + sums
        + " FROM reinsurance_claimposition p "
        "LEFT JOIN reinsurance_load l ON l.id = p.load_id "
        "LEFT JOIN reinsurance_load g ON g.id = p.lacked_by_id "
        "WHERE p.claim_id = %(expressions)s AND l.undone_at IS NULL "
        "AND (p.lacked_by_id IS NULL OR g.undone_at IS NOT NULL) "
        "GROUP BY p.currency_id) t)"
    )


def _amount(about: str = "") -> dict[str, Any]:
    return {"type": "string", "format": "decimal", "description": about}


TOTALS: dict[str, Any] = {
    "type": "array",
    "description": "What it comes to, currency by currency; never added across them.",
    "items": {
        "type": "object",
        "required": ["currency", *SUMMED],
        "properties": {
            "currency": {"type": "string", "description": "ISO 4217 code."},
            **{name: _amount() for name in SUMMED},
        },
    },
}


class ClaimSerializer(Fields):
    """A claim as it stands; its money is in its positions, and in total here."""

    treaty = text_of("treaty.reference", TREATY)
    treaty_cedant = cedant_of("treaty")
    treaty_inception = inception_of("treaty")
    year_of_account = number_of("treaty.year_of_account", "The treaty's.")
    loss_event = text_of("loss_event.code", EVENT)
    totals = MadeField(_Totals(F("pk")), TOTALS)
    updated_at = moment_of("change.changed_at", "When it, or its money, was changed.")

    class Meta:
        model = Claim
        fields = (
            "id", "treaty", "treaty_cedant",
            "treaty_inception", "year_of_account", "reference",
            "policy_reference", "certificate_reference", "insured_name", "loss_event",
            "cause", "description", "country", "date_of_loss", "date_of_loss_to",
            "date_notified", "date_opened", "date_closed", "policy_inception",
            "policy_expiry", "status", "totals", "details", "created_at",
            "updated_at",
        )  # fmt: skip


class InCurrency(django_filters.CharFilter):
    """Claims with a position in the currency."""

    def filter(self, qs: models.QuerySet, value: str) -> models.QuerySet:
        """Narrow by the code."""
        if not value:
            return qs
        positions = ClaimPosition.objects.filter(claim=OuterRef("pk"), currency=value)
        return qs.filter(Exists(positions))


class ClaimFilters(ListFilters):
    """How the list of claims is narrowed."""

    treaty = one_of("treaty__reference", TREATY)
    cedant = one_of("treaty__cedant__code", "Code of the cedant.")
    reference = one_of("reference", "Reference of the claim.")
    policy_reference = one_of("policy_reference", "Reference of the policy.")
    loss_event = one_of("loss_event__code", EVENT)
    status = one_of("status_id", "Code of the status.")
    currency = InCurrency(label="With money in this currency (ISO 4217 code).")
    is_open = yes_no("status__is_open", "Whether more may be paid or reserved.")
    date_of_loss_from = day_from("date_of_loss", "Lost on this day or later.")
    date_of_loss_to = day_to("date_of_loss", "Lost on this day or earlier.")
    search = Searched("reference", "policy_reference", "insured_name")
    updated_since = changed_since("change__changed_at")


class ClaimDoor(ListDoor):
    """Claims as they stand now."""

    queryset = Claim.objects.select_related("treaty__cedant", "loss_event").filter(
        change__isnull=False
    )
    paths: ClassVar = {
        "updated_at": ("change__changed_at", "change__claim_id"),
        "id": ("change__claim_id",),
    }
    serializer_class = ClaimSerializer
    filterset_class = ClaimFilters
    orderings: ClassVar = ("-id", "date_of_loss")
    called = "claims"


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
