"""Claims, their ledger and loss events in the admin.

A claim's money is the sum of its ledger, so no page changes either: a corrected
bordereau does.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from reinsurance.admin.base import Panel, ReadOnlyAdmin, RecordAdmin, year_filter
from reinsurance.admin.codes import CodeFilter
from reinsurance.admin.values import currency_column, money_column
from reinsurance.models import Claim, ClaimMovement, LossEvent, Treaty
from reinsurance.resources.claims import ClaimResource
from reinsurance.resources.events import LossEventResource
from reinsurance.resources.movements import ClaimMovementResource
from reinsurance.resources.positions import MONEY

MOST_ENTRIES = 500
POSITION = (
    "paid_indemnity_amount",
    "paid_fees_amount",
    "reserve_indemnity_amount",
    "reserve_fees_amount",
    "incurred_amount",
)
CHANGES = (
    "paid_indemnity_change",
    "paid_fees_change",
    "reserve_indemnity_change",
    "reserve_fees_change",
)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A movement and the claim's incurred amount after it."""

    movement: ClaimMovement
    incurred: Decimal


def ledger_of(claim: Claim) -> list[LedgerLine]:
    """The claim's movements, oldest first, with the running position."""
    movements = claim.movements.select_related(
        "status", "bordereau__party", "bordereau__treaty"
    ).order_by("pk")
    lines: list[LedgerLine] = []
    position = Decimal(0)
    for movement in movements[:MOST_ENTRIES]:
        position += sum((getattr(movement, name) for name in MONEY), Decimal(0))
        lines.append(LedgerLine(movement, position))
    return lines


@admin.register(Claim)
class ClaimAdmin(RecordAdmin):
    """Claims as they stand, with the ledger of how they came there."""

    resource_classes = (ClaimResource,)
    import_slug = "claims"
    list_display = (
        "reference",
        "treaty",
        "insured_name",
        "date_of_loss",
        "status",
        "currency_code",
        "paid",
        "reserve",
        "incurred_amount",
    )
    list_filter = (
        ("status", CodeFilter),
        year_filter("date_of_loss", "year of loss"),
    )
    list_select_related = ("treaty", "status")
    search_fields = (
        "reference__startswith",
        "policy_reference__startswith",
        "insured_name__istartswith",
    )
    search_related = {"treaty_id": (Treaty, "reference__startswith")}
    search_help_text = "Claim, policy, insured or treaty begins with"
    autocomplete_fields = ("treaty", "loss_event", "country", "currency")
    fieldsets = (
        (
            "Claim",
            {
                "fields": (
                    "treaty",
                    "reference",
                    "status",
                    "bordereau",
                    "policy_reference",
                    "certificate_reference",
                    "insured_name",
                )
            },
        ),
        (
            "Loss",
            {
                "fields": (
                    "date_of_loss",
                    "date_notified",
                    "date_closed",
                    "loss_event",
                    "cause",
                    "description",
                    "country",
                    "policy_inception",
                    "policy_expiry",
                )
            },
        ),
        (
            "Position to date",
            {
                "description": "The sum of the ledger below. To correct an amount, "
                "load a corrected bordereau.",
                "fields": ("currency", *POSITION),
            },
        ),
    )
    money = ("bordereau", *POSITION)

    paid_indemnity_amount = money_column("paid_indemnity", "paid, indemnity")
    paid_fees_amount = money_column("paid_fees", "paid, fees")
    reserve_indemnity_amount = money_column("reserve_indemnity", "reserve, indemnity")
    reserve_fees_amount = money_column("reserve_fees", "reserve, fees")
    incurred_amount = money_column("incurred", "incurred")
    paid = money_column("paid_indemnity", "paid, indemnity")
    reserve = money_column("reserve_indemnity", "reserve, indemnity")
    currency_code = currency_column()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Money always; on a claim that exists also what it is known by."""
        return (*self.money, *(("treaty", "reference", "currency") if obj else ()))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A claim and its ledger are never taken out of the books by hand."""
        return False

    def panels(self, record: Claim) -> list[Panel]:
        """The ledger with the running position."""
        context = {"lines": ledger_of(record), "currency": record.currency_id}
        return [Panel("Ledger", "reinsurance/ledger.html", context)]


@admin.register(ClaimMovement)
class ClaimMovementAdmin(ReadOnlyAdmin, RecordAdmin):
    """The claims ledger: read, never written by hand."""

    resource_classes = (ClaimMovementResource,)
    list_display = (
        "claim",
        "treaty",
        "period_end",
        "status",
        *CHANGES,
        "recorded_at",
    )
    list_select_related = ("claim__treaty", "status")
    ordering = ("-pk",)
    search_fields = ("claim__reference__startswith",)
    search_help_text = "Claim reference begins with"

    paid_indemnity_change = money_column("paid_indemnity", "paid, indemnity")
    paid_fees_change = money_column("paid_fees", "paid, fees")
    reserve_indemnity_change = money_column("reserve_indemnity", "reserve, indemnity")
    reserve_fees_change = money_column("reserve_fees", "reserve, fees")
    fields = (
        "claim",
        "treaty",
        "bordereau",
        "period_end",
        "status",
        *CHANGES,
        "recorded_at",
    )
    readonly_fields = fields

    @admin.display(description="treaty", ordering="claim__treaty__reference")
    def treaty(self, movement: ClaimMovement) -> str:
        """The reference of the claim's treaty."""
        return movement.claim.treaty.reference

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClaimMovement]:
        """Movements with what their pages name."""
        return super().get_queryset(request).select_related("claim__treaty", "status")


@admin.register(LossEvent)
class LossEventAdmin(RecordAdmin):
    """Events that cause many claims."""

    resource_classes = (LossEventResource,)
    import_slug = "loss-events"
    list_display = (
        "code",
        "name",
        "peril",
        "date_from",
        "date_to",
        "country",
        "catastrophe_code",
    )
    list_display_links = ("code", "name")
    list_filter = (year_filter("date_from", "year"),)
    list_select_related = ("country",)
    search_fields = (
        "code__startswith",
        "name__istartswith",
        "catastrophe_code__startswith",
    )
    search_help_text = "Code, name or catastrophe code begins with"
    autocomplete_fields = ("country",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code files refer to stays what it was."""
        return ("code",) if obj else ()
