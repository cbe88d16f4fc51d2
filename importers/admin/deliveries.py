"""The log of what webhooks were told: read here, and sent again."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from importers.admin import webhook_page
from importers.admin.own_pages import MOST_ID, OwnPages
from importers.admin.page import user_of
from importers.admin.words import badge, moment
from importers.exceptions import ImporterError
from importers.models import Delivery
from importers.services import deliveries, permissions
from importers.values import DeliveryStatus
from reinsurance.admin.base import ReadOnlyAdmin
from reinsurance.admin.seen import SeenFilter
from reinsurance.admin.values import amount_heading


@admin.register(Delivery)
class DeliveryAdmin(OwnPages, ReadOnlyAdmin):
    """Each message to a webhook, and what came of it."""

    actions = ("send_again",)  # type: ignore[assignment]
    list_display = (
        "number", "receiver", "told", "file", "state", "tries", "last", "next_try",
        "problem",
    )  # fmt: skip
    list_display_links = ("number",)
    list_filter = ("status", ("webhook", SeenFilter), "created_at")
    list_select_related = ("webhook",)

    # ---------------------------------------------------------------------- list
    @admin.display(description="No.", ordering="id")
    def number(self, delivery: Delivery) -> int:
        """The delivery's number."""
        return delivery.pk

    @admin.display(description="webhook", ordering="webhook__name")
    def receiver(self, delivery: Delivery) -> str:
        """Who is told."""
        return delivery.webhook.name

    @admin.display(description="told of")
    def told(self, delivery: Delivery) -> str:
        """What the file had become."""
        return webhook_page.happened(delivery)

    @admin.display(description="file", ordering="ingestion")
    def file(self, delivery: Delivery) -> SafeString:
        """The file that moved."""
        key = delivery.ingestion_id
        url = reverse("admin:importers_ingestion_change", args=[key])
        return format_html('<a href="{}">No. {}</a>', url, key)

    @admin.display(description="status", ordering="status")
    def state(self, delivery: Delivery) -> SafeString:
        """The status as a coloured badge."""
        return badge(delivery.get_status_display(), webhook_page.colour_of(delivery))

    @admin.display(description=amount_heading("tries"), ordering="attempts")
    def tries(self, delivery: Delivery) -> SafeString:
        """How often it was sent."""
        return format_html('<span class="amount">{}</span>', delivery.attempts)

    @admin.display(description="last try", ordering="last_at")
    def last(self, delivery: Delivery) -> str:
        """When it was tried last."""
        return moment(delivery.last_at)

    @admin.display(description="next try", ordering="next_try_at")
    def next_try(self, delivery: Delivery) -> str:
        """When it is tried again."""
        return moment(delivery.next_try_at)

    @admin.display(description="what is wrong")
    def problem(self, delivery: Delivery) -> str:
        """What came of the last try, where it was nothing good."""
        return delivery.last_problem

    # -------------------------------------------------------------------- sending
    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether the user may send again."""
        return permissions.may_send(user_of(request))

    @admin.action(description="Send again", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Send the chosen ones once more; what cannot be sent is counted."""
        sent, reasons = 0, set()
        for key in queryset.values_list("pk", flat=True):
            try:
                deliveries.send_again(key, user=user_of(request))
                sent += 1
            except ImporterError as problem:
                reasons.add(problem.message)
        if sent:
            what = "1 message is" if sent == 1 else f"{sent:,} messages are"
            messages.success(request, f"{what} sent again.")
        for reason in sorted(reasons):
            messages.warning(request, reason)

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send one once more."""
        delivery = self.found(request, self.get_queryset(request), pk)
        if not self.has_send_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            deliveries.send_again(delivery.pk, user=user_of(request))
        except ImporterError as problem:
            messages.error(request, problem.message)
        else:
            messages.success(request, "It is sent again.")
        return redirect("admin:importers_delivery_change", delivery.pk)

    # ---------------------------------------------------------------------- pages
    def get_urls(self) -> list[URLPattern]:
        """Our pages before the admin's own."""
        again = self.at("<int:pk>/again/", self.again_view, "again")
        return [again, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one delivery."""
        rows = self.get_queryset(request).select_related("webhook")
        known = int(object_id) if object_id.isdecimal() else MOST_ID + 1
        try:
            delivery = self.found(request, rows, known)
        except Http404:
            messages.warning(request, f"There is no delivery number {object_id}.")
            return redirect("admin:importers_delivery_changelist")
        is_done = delivery.status != DeliveryStatus.WAITING
        context = self.context(
            request,
            title=str(delivery),
            original=delivery,
            delivery=delivery,
            colour=webhook_page.colour_of(delivery),
            told=webhook_page.happened(delivery),
            next=webhook_page.where_it_stands(delivery),
            facts=webhook_page.facts_of(delivery),
            story=webhook_page.story(delivery),
            payload=webhook_page.payload_of(delivery),
            may_send=is_done and self.has_send_permission(request),
        )
        return TemplateResponse(request, "importers/webhook/delivery.html", context)
