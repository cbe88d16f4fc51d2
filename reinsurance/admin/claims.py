"""Claims, their positions and loss events in the admin.

A claim's money follows from what was told of it, so no form changes it: a corrected
bordereau does, or what a person tells (:mod:`reinsurance.admin.claim_actions`).
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from reinsurance.admin.base import Panel, ReadOnlyAdmin, RecordAdmin, year_filter
from reinsurance.admin.claim_actions import ClaimActions
from reinsurance.admin.claim_panels import panels_of, totals_of
from reinsurance.admin.codes import CodeFilter
from reinsurance.admin.days import as_at_panel
from reinsurance.admin.editing import EditedAdmin, MeantForm
from reinsurance.admin.values import (
    amount_heading,
    currency_column,
    inception_column,
    money,
    money_column,
)
from reinsurance.ledger.amounts import POSITION, label_of
from reinsurance.ledger.claims_above import said_of_event
from reinsurance.ledger.hand_dates import issues_of_dates
from reinsurance.models import Claim, ClaimPosition, LossEvent, Treaty
from reinsurance.resources.claims import ClaimResource
from reinsurance.resources.events import LossEventResource
from reinsurance.resources.movements import ClaimPositionResource

TOTALS = "_totals"
POSITION_FIELDS: tuple[str, ...] = (
    "claim",
    "treaty",
    "section",
    "risk_code",
    "currency_code",
    "status",
    "period_end",
    *(f"{name}_amount" for name in POSITION),
    "incurred_amount",
)


def _total_column(name: str) -> Any:
    """A list column of a total in each currency that the claim has."""

    @admin.display(description=amount_heading(name))
    def column(self: Any, claim: Claim) -> SafeString:
        totals = getattr(claim, TOTALS, [])
        return format_html(
            '<span class="amount">{}</span>',
            format_html_join(
                SafeString("<br>"),
                "{} {}",
                ((t.currency, money(getattr(t, name), t.currency)) for t in totals),
            ),
        )

    return column


@admin.register(Claim)
class ClaimAdmin(ClaimActions, EditedAdmin, RecordAdmin):
    """Claims as they stand, with what was told of them."""

    form = MeantForm
    resource_classes = (ClaimResource,)
    import_slug = "claims"
    list_display = (
        "reference",
        "treaty",
        "inception",
        "insured_name",
        "date_of_loss",
        "status",
        "paid",
        "reserve",
        "incurred",
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
    search_details = True
    search_help_text = (
        "Claim, policy, insured or treaty begins with; a further detail as name=value, "
        'in quotes where it has blanks: "Claimant Name=J Doe"'
    )
    autocomplete_fields = ("treaty", "loss_event", "country")
    fieldsets = (
        (
            "Claim",
            {
                "fields": (
                    "treaty",
                    "reference",
                    "status",
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
                    "date_of_loss_to",
                    "date_notified",
                    "date_opened",
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
    )

    inception = inception_column("treaty")
    paid = _total_column("paid")
    reserve = _total_column("reserve")
    incurred = _total_column("incurred")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list; the totals of all its claims are asked for at once."""
        found = super().get_changelist_instance(request)
        totals = totals_of(found.result_list)
        for claim in found.result_list:
            setattr(claim, TOTALS, totals.get(claim.pk, []))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What a claim is known by; its status, where positions say what it is."""
        if obj is None:
            return ()
        known_by = ("treaty", "reference")
        return (*known_by, "status") if obj.positions.exists() else known_by

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A claim and its ledger are never taken out of the books by hand."""
        return False

    def doubts_of(self, record: Claim, was: Claim | None) -> list[str]:
        """What is wrong with its dates, and with an event that it is given."""
        has_other = was is not None and record.loss_event_id != was.loss_event_id
        of_event = said_of_event(record) if has_other else []
        return [*issues_of_dates(record), *of_event]

    def panels(self, record: Claim) -> list[Panel]:
        """Positions, movements, statements and further details."""
        return panels_of(record)

    def panels_asked(self, request: HttpRequest, record: Claim) -> list[Panel]:
        """With the positions as at a day and as known on one, where it is asked for."""
        positions, *others = self.panels(record)
        found = [positions, as_at_panel(record, request.GET), *others]
        return self.panels_with_actions(request, record, found)


@admin.register(ClaimPosition)
class ClaimPositionAdmin(ReadOnlyAdmin, RecordAdmin):
    """The money of claims by section, risk code and currency: read, never written."""

    resource_classes = (ClaimPositionResource,)
    list_display = (
        "claim",
        "treaty",
        "section",
        "risk_code",
        "currency_code",
        "status",
        "period_end",
        "paid_indemnity_amount",
        "paid_fees_amount",
        "reserve_indemnity_amount",
        "reserve_fees_amount",
        "incurred_amount",
    )
    list_select_related = ("claim__treaty", "status")
    ordering = ("-pk",)
    search_fields = ("claim__reference__startswith",)
    search_help_text = "Claim reference begins with"
    vars().update(
        {f"{name}_amount": money_column(name, label_of(name)) for name in POSITION}
    )
    incurred_amount = money_column("incurred", "incurred")
    currency_code = currency_column()
    fields = POSITION_FIELDS
    readonly_fields = POSITION_FIELDS

    @admin.display(description="treaty", ordering="claim__treaty__reference")
    def treaty(self, position: ClaimPosition) -> str:
        """The reference of the claim's treaty."""
        return position.claim.treaty.reference

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClaimPosition]:
        """Positions with what their pages name."""
        return super().get_queryset(request).select_related("claim__treaty", "status")


@admin.register(LossEvent)
class LossEventAdmin(EditedAdmin, RecordAdmin):
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
