"""Bordereaux in the admin: what is due, what came, what is loaded."""

from django.contrib import admin

from reinsurance.admin.base import PlainAdmin, year_filter
from reinsurance.admin.editing import EditedAdmin
from reinsurance.models import Bordereau


@admin.register(Bordereau)
class BordereauAdmin(EditedAdmin, PlainAdmin):
    """Periodic lists of a sender."""

    list_display = (
        "kind",
        "sender",
        "treaty",
        "period_start",
        "period_end",
        "due_date",
        "received_date",
        "status",
    )
    list_display_links = ("kind", "sender")
    list_filter = ("kind", "status", "is_nil", year_filter("period_end", "period"))
    list_select_related = ("party", "treaty")
    search_fields = (
        "party__code__startswith",
        "party__name__istartswith",
        "treaty__reference__startswith",
    )
    search_help_text = "Sender or treaty begins with"
    autocomplete_fields = ("party", "treaty")

    @admin.display(description="sender", ordering="party__name")
    def sender(self, bordereau: Bordereau) -> str:
        """The sending party's name."""
        return bordereau.party.name if bordereau.party else "Not recorded"
