"""Bordereaux in the API."""

from typing import ClassVar

from reinsurance.api.base import (
    Fields,
    ListDoor,
    cedant_of,
    inception_of,
    number_of,
    text_of,
)
from reinsurance.api.filters import (
    ListFilters,
    changed_since,
    choice,
    day_from,
    day_to,
    one_of,
    yes_no,
)
from reinsurance.api.treaties import TREATY
from reinsurance.choices import BordereauKind, BordereauStatus
from reinsurance.models import Bordereau


class BordereauSerializer(Fields):
    """One sender's list of claims or premiums for one period."""

    party = text_of("party.code", "Code of the sender.")
    treaty = text_of("treaty.reference", TREATY)
    treaty_cedant = cedant_of("treaty")
    treaty_inception = inception_of("treaty")
    ingestion = number_of("load.number", "The file that was loaded last for it.")

    class Meta:
        model = Bordereau
        fields = (
            "id", "kind", "party", "treaty", "treaty_cedant",
            "treaty_inception", "ingestion",
            "period_start", "period_end", "due_date", "received_date", "is_nil",
            "status", "created_at", "updated_at",
        )  # fmt: skip


class BordereauFilters(ListFilters):
    """How the list of bordereaux is narrowed."""

    kind = choice("kind", BordereauKind.choices, "Premiums or claims.")
    party = one_of("party__code", "Code of the sender.")
    treaty = one_of("treaty__reference", TREATY)
    status = choice("status", BordereauStatus.choices, "Where it stands.")
    is_nil = yes_no("is_nil", "Whether the sender had nothing to report.")
    period_end_from = day_from("period_end", "Of a period that ends then or later.")
    period_end_to = day_to("period_end", "Of a period that ends then or earlier.")
    due_from = day_from("due_date", "Due on this day or later.")
    due_to = day_to("due_date", "Due on this day or earlier.")
    updated_since = changed_since("updated_at")


class BordereauDoor(ListDoor):
    """Periodic lists of premiums and claims: due, received, loaded."""

    queryset = Bordereau.objects.select_related("party", "treaty__cedant", "load")
    serializer_class = BordereauSerializer
    filterset_class = BordereauFilters
    orderings: ClassVar = ("-id",)
    called = "bordereaux"
