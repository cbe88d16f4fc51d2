"""Webhooks: who is told of moves, the secret shown once, the buttons."""

from typing import Any

from django.contrib import admin
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString

from importers.admin import webhook_moves, webhook_page
from importers.admin.buttons import press
from importers.admin.kept import KeptAdmin
from importers.admin.own_pages import OwnPages
from importers.admin.page import user_of
from importers.admin.webhook_forms import WebhookForm
from importers.admin.words import badge, moment
from importers.models import Webhook
from importers.services import permissions, webhooks
from importers.values import DeliveryStatus
from importers.webservices.hosts import shown
from reinsurance.admin.seen import SeenFilter
from reinsurance.visibility import cedants_of


@admin.register(Webhook)
class WebhookAdmin(OwnPages, KeptAdmin):
    """The addresses that are told of moves."""

    form = WebhookForm
    fields = ("name", "url", "source", "statuses")
    list_display = ("name", "address", "told", "sender", "state", "last_delivered")
    list_filter = ("is_active", ("source", SeenFilter))
    list_select_related = ("source",)
    search_fields = ("name__istartswith",)
    search_help_text = "Name begins with"

    # ---------------------------------------------------------------------- list
    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        """Webhooks with when they took something last."""
        took = Q(deliveries__status=DeliveryStatus.DELIVERED)
        rows = super().get_queryset(request)
        return rows.annotate(took_at=Max("deliveries__last_at", filter=took))

    @admin.display(description="address", ordering="url")
    def address(self, webhook: Webhook) -> str:
        """Without parameters, which may hold what is nobody's business."""
        return shown(webhook.url)

    @admin.display(description="told of")
    def told(self, webhook: Webhook) -> str:
        """The statuses in words."""
        return webhook_page.told_of(webhook)

    @admin.display(description="files of", ordering="source__name")
    def sender(self, webhook: Webhook) -> str:
        """Whose files it is told of."""
        return webhook.source.name if webhook.source else "Every sender"

    @admin.display(description="state", ordering="is_active")
    def state(self, webhook: Webhook) -> SafeString:
        """Where it stands, as a coloured badge."""
        return badge(*webhook_page.state_of(webhook))

    @admin.display(description="last delivered", ordering="took_at")
    def last_delivered(self, webhook: Any) -> str:
        """When it took something last."""
        return moment(webhook.took_at) or "Nothing lately"

    # ----------------------------------------------------------------- addresses
    def get_urls(self) -> list[URLPattern]:
        """Our pages before the admin's own."""
        return [
            self.at("<int:pk>/do/<slug:move>/", self.move_view, "move"),
            *super().get_urls(),
        ]

    def move_view(self, request: HttpRequest, pk: int, move: str) -> HttpResponse:
        """Test, renew the secret, switch on or off."""
        webhook = self.found(request, self.get_queryset(request), pk)
        return press(request, webhook, move, webhook_moves.BUTTONS)

    # ---------------------------------------------------------------------- form
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """In words for who may only look."""
        return () if self._may_edit(request, obj) else ("told",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """In words for who may only look."""
        if self._may_edit(request, obj):
            return self.fields
        return ("name", "url", "source", "told")

    def _may_edit(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Who sees certain cedants only hears of one sender's files only."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is None or db_field.name != "source":
            return field
        field.empty_label = "Every sender"
        if cedants_of(request.user) is not None:
            field.required = True
        return field

    def head(self, request: HttpRequest, webhook: Webhook) -> dict[str, Any]:
        """Where the webhook stands; the secret, when it is new."""
        user = user_of(request)
        label, colour = webhook_page.state_of(webhook)
        return {
            "webhook": webhook,
            "state_label": label,
            "colour": colour,
            "next": webhook_page.what_next(webhook),
            "facts": webhook_page.facts(webhook),
            "may_send": permissions.may_send(user),
            "may_keep": permissions.may_keep_webhooks(user),
            "new_secret": webhook_moves.new_secret_of(request, webhook),
        }

    def save_model(
        self, request: HttpRequest, obj: Webhook, form: Any, change: bool
    ) -> None:
        """A new one gets its secret, which its page then shows once."""
        if change:
            super().save_model(request, obj, form, change)
            return
        secret = webhooks.register(webhook=obj, user=user_of(request))
        webhook_moves.show_once(request, obj, secret)
