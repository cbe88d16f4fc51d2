"""Partners' web services: where they are, how we sign in, how much we may ask."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from importers.admin.kept import KeptAdmin
from importers.admin.service_forms import SECRETS, WebServiceForm
from importers.admin.words import SIGN_INS
from importers.models import Feed, WebService
from importers.values import AuthKind
from reinsurance.admin.values import amount_heading
from reinsurance.visibility import seen_by

SHOWN = {
    "auth": "sign_in",
    "secret": "secret_kept",
    "refresh_token": "refresh_token_kept",
}
"""What who may only look sees in the place of a field."""


@admin.register(WebService)
class WebServiceAdmin(KeptAdmin):
    """The services that feeds are fetched from."""

    form = WebServiceForm
    in_words = SHOWN
    list_display = ("name", "host", "sign_in", "feed_count", "budget", "is_active")
    list_filter = ("is_active", "auth")
    search_fields = ("code__istartswith", "name__istartswith")
    search_help_text = "Code or name begins with"
    fieldsets = (
        ("Service", {"fields": ("name", "code", "base_url", "is_active")}),
        (
            "Sign-in",
            {
                "fields": (
                    "auth", "key_name", "user_name", "token_url", "client_id",
                    "secret", "refresh_token", "client_in_body", "scopes", "audience",
                    "leeway_seconds",
                )
            },
        ),
        (
            "How much we may ask",
            {"fields": (("rate_count", "rate_per"), "attempts", "most_mb")},
        ),
        (
            "Patience and headers",
            {"fields": ("connect_seconds", "read_seconds", "headers")},
        ),
    )  # fmt: skip

    class Media:
        js = ("backoffice/fields.js",)

    # ---------------------------------------------------------------------- list
    def get_queryset(self, request: HttpRequest) -> QuerySet[WebService]:
        """Services with the number of their feeds."""
        feeds = seen_by(Feed.objects.order_by(), request.user).values("pk")
        number = Count("feeds", filter=Q(feeds__in=feeds), distinct=True)
        return super().get_queryset(request).annotate(feed_number=number)

    @admin.display(description="host", ordering="base_url")
    def host(self, service: WebService) -> str:
        """The host of the address."""
        return urlsplit(service.base_url).netloc.rpartition("@")[2]

    @admin.display(description="sign-in", ordering="auth")
    def sign_in(self, service: WebService) -> str:
        """How we prove who we are."""
        return SIGN_INS[AuthKind(service.auth)]

    @admin.display(description=amount_heading("feeds"), ordering="feed_number")
    def feed_count(self, service: Any) -> SafeString:
        """How many feeds come from it."""
        return format_html('<span class="amount">{}</span>', service.feed_number)

    @admin.display(description="budget", ordering="rate_count")
    def budget(self, service: WebService) -> str:
        """How many requests it allows."""
        if not service.rate_count:
            return "No limit"
        return f"{service.rate_count:,} per {service.get_rate_per_display()}"

    # ---------------------------------------------------------------------- form
    @admin.display(description="secret")
    def secret_kept(self, service: WebService) -> str:
        """Whether there is one."""
        return "Kept" if service.secret else "None"

    @admin.display(description="refresh token")
    def refresh_token_kept(self, service: WebService) -> str:
        """Whether there is one."""
        return "Kept" if service.refresh_token else "None"

    @method_decorator(sensitive_post_parameters(*SECRETS))
    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; what was typed as a secret is in no report of an error."""
        return super().changeform_view(*args, **kwargs)
