"""Inboxes: where they are, what waits in them, what is wrong, and the buttons."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from importers.admin import inbox_moves, inbox_page
from importers.admin.buttons import press
from importers.admin.filters import KindFilter
from importers.admin.inbox_forms import FIELDSETS, SECRETS, InboxForm
from importers.admin.kept import KeptAdmin
from importers.admin.own_pages import OwnPages
from importers.admin.page import label_of, user_of
from importers.admin.words import INBOX_KINDS, badge, moment, shown
from importers.models import Inbox
from importers.services import permissions
from importers.values import ArrivalStatus
from reinsurance.admin.seen import SeenFilter
from reinsurance.admin.values import amount_heading

READ = {
    "record_type": "kind_of_record",
    "kind": "kind_shown",
    "secret": "secret_kept",
    "private_key": "private_key_kept",
}
"""What who may only look reads in the place of a field."""


@admin.register(Inbox)
class InboxAdmin(OwnPages, KeptAdmin):
    """The places that partners put files into."""

    form = InboxForm
    fieldsets = FIELDSETS
    in_words = READ
    list_display = (
        "name", "place", "kind_of_record", "sender", "state", "waiting", "last_look",
        "wrong",
    )  # fmt: skip
    list_filter = ("is_active", "kind", KindFilter, ("source", SeenFilter))
    list_select_related = ("source",)
    search_fields = ("code__istartswith", "name__istartswith")
    search_help_text = "Code or name begins with"

    kind_shown = shown("kind", INBOX_KINDS, "where")

    class Media:
        js = ("backoffice/fields.js",)

    # ---------------------------------------------------------------------- list
    def get_queryset(self, request: HttpRequest) -> QuerySet[Inbox]:
        """Inboxes with how many files wait in them."""
        waits = Q(arrivals__status=ArrivalStatus.WAITING)
        rows = super().get_queryset(request).select_related("source")
        return rows.annotate(waiting_number=Count("arrivals", filter=waits))

    @admin.display(description="where")
    def place(self, inbox: Inbox) -> str:
        """The place, as people name it."""
        return inbox_page.where(inbox)

    @admin.display(description="kind of record", ordering="record_type")
    def kind_of_record(self, inbox: Inbox) -> str:
        """The record type's label."""
        return label_of(inbox.record_type)

    @admin.display(description="sender", ordering="source__name")
    def sender(self, inbox: Inbox) -> str:
        """Whose files these are."""
        return inbox.source.name

    @admin.display(description="state")
    def state(self, inbox: Inbox) -> SafeString:
        """Where it stands, as a coloured badge."""
        return badge(*inbox_page.state_of(inbox))

    @admin.display(description=amount_heading("waiting"), ordering="waiting_number")
    def waiting(self, inbox: Any) -> SafeString:
        """How many files wait to be taken."""
        return format_html('<span class="amount">{}</span>', inbox.waiting_number)

    @admin.display(description="last look", ordering="last_look_at")
    def last_look(self, inbox: Inbox) -> str:
        """When it was looked into."""
        return moment(inbox.last_look_at) or "Never"

    @admin.display(description="what is wrong")
    def wrong(self, inbox: Inbox) -> str:
        """What came of the last look, where it was nothing good."""
        return inbox.problem

    # ----------------------------------------------------------------- addresses
    def get_urls(self) -> list[URLPattern]:
        """Our pages before the admin's own."""
        move = self.at("<int:pk>/do/<slug:move>/", self.move_view, "move")
        return [move, *super().get_urls()]

    def move_view(self, request: HttpRequest, pk: int, move: str) -> HttpResponse:
        """Look, pause, resume."""
        inbox = self.found(request, self.get_queryset(request), pk)
        return press(request, inbox, move, inbox_moves.BUTTONS, permissions.may_look)

    # ---------------------------------------------------------------------- form
    @method_decorator(sensitive_post_parameters(*SECRETS))
    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; what was typed as a secret is in no report of an error."""
        return super().changeform_view(*args, **kwargs)

    def head(self, request: HttpRequest, inbox: Inbox) -> dict[str, Any]:
        """Where the inbox stands, and its last files."""
        label, colour = inbox_page.state_of(inbox)
        return {
            "inbox": inbox,
            "state_label": label,
            "colour": colour,
            "next": inbox_page.what_next(inbox),
            "facts": inbox_page.facts(inbox),
            "lines": inbox_page.arrivals_of(inbox),
            "may_look": permissions.may_look(user_of(request)),
        }

    @admin.display(description="password or secret key")
    def secret_kept(self, inbox: Inbox) -> str:
        """Whether there is one."""
        return "Kept" if inbox.secret else "None"

    @admin.display(description="private key")
    def private_key_kept(self, inbox: Inbox) -> str:
        """Whether there is one."""
        return "Kept" if inbox.private_key else "None"
