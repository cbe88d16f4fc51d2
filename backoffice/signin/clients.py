"""Clients in the admin: registered by operators, their secret shown once."""

from typing import Any

import oauth2_provider.admin  # noqa: F401 its pages are there before ours are
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import add_never_cache_headers
from oauth2_provider.models import AccessToken, RefreshToken

from backoffice.audit.changes import AuditedAdmin
from backoffice.audit.entries import Kind
from backoffice.audit.writing import record
from backoffice.models import Client
from backoffice.signin.client_forms import KEEPING, ClientForm, new_secret
from reinsurance.admin.base import PlainAdmin

admin.site.unregister([Client, AccessToken])


@admin.register(Client)
class ClientAdmin(AuditedAdmin, PlainAdmin):
    """Outside systems, and apps that people sign in to."""

    form = ClientForm
    change_form_template = "admin/backoffice/client/change_form.html"
    list_display = ("name", "kind", "account", "may", "is_active", "created")
    list_filter = ("is_active", "authorization_grant_type")
    list_select_related = ("user",)
    search_fields = ("name__istartswith", "client_id__startswith")
    search_help_text = "Name or client id begins with"
    autocomplete_fields = ("cedants", "user")
    view_on_site = False
    fieldsets = (
        ("Client", {"fields": ("name", "client_id", "is_active")}),
        (
            "What it is",
            {
                "fields": (
                    "authorization_grant_type", "user", "client_type", "redirect_uris",
                )
            },
        ),
        ("What it may", {"fields": ("scopes", "cedants")}),
    )  # fmt: skip

    # ---------------------------------------------------------------------- list
    @admin.display(description="what it is", ordering="authorization_grant_type")
    def kind(self, client: Client) -> str:
        """A system or an app."""
        return "Outside system" if client.is_system else "App"

    @admin.display(description="can it keep a secret?")
    def keeping(self, client: Client) -> str:
        """Whether it has a secret."""
        return KEEPING[client.client_type]

    @admin.display(description="acts as", ordering="user")
    def account(self, client: Client) -> str:
        """Whom it acts as."""
        return str(client.user) if client.user else "Whoever signs in"

    @admin.display(description="may")
    def may(self, client: Client) -> str:
        """Its scopes."""
        return ", ".join(client.scopes)

    # ---------------------------------------------------------------------- form
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The id is ours; what it is stays what it was."""
        return ("client_id", "kind", "keeping") if obj else ("client_id",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """All to choose from for a new one; later what concerns its kind."""
        first, second, third = super().get_fieldsets(request, obj)
        if obj is None:
            return [("Client", {"fields": ("name", "is_active")}), second, third]
        concerns = ("user",) if obj.is_system else ("redirect_uris",)
        of_kind = {"fields": ("kind", *concerns, "keeping")}
        return [first, ("What it is", of_kind), third]

    def save_model(
        self, request: HttpRequest, obj: Client, form: Any, change: bool
    ) -> None:
        """A new client gets its secret."""
        if not change:
            obj.shown_secret = new_secret(obj)
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The page that shows the secret, this once: it is kept nowhere."""
        return self._secret_page(request, obj, obj.shown_secret)

    # -------------------------------------------------------------------- secret
    def get_urls(self) -> list[URLPattern]:
        """With the button for a new secret."""
        view = self.admin_site.admin_view(self.new_secret)
        return [
            path("<path:pk>/secret/", view, name="backoffice_client_secret"),
            *super().get_urls(),
        ]

    def new_secret(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Another secret in the place of the old one; its tokens end.

        Raises PermissionDenied, Http404.
        """
        client: Client | None = self.get_object(request, unquote(pk))
        if client is None or request.method != "POST":
            raise Http404("There is no such client.")
        if not self.has_change_permission(request, client):
            raise PermissionDenied
        secret = new_secret(client)
        client.save(update_fields=["client_secret", "updated"])
        end_tokens(client)
        record(Kind.SECRET, about=client)
        self.log_change(request, client, "Gave it a new secret.")
        return self._secret_page(request, client, secret)

    def _secret_page(
        self, request: HttpRequest, client: Client, secret: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": client.name,
            "opts": self.opts,
            "client": client,
            "secret": secret,
        }
        page = TemplateResponse(request, "admin/backoffice/client/secret.html", context)
        add_never_cache_headers(page)
        return page


def end_tokens(client: Client) -> None:
    """All tokens of the client are good no more."""
    for refresh in RefreshToken.objects.filter(
        application=client, revoked__isnull=True
    ):
        refresh.revoke()
    AccessToken.objects.filter(application=client).delete()


def end_token(token: AccessToken) -> None:
    """This token, and the one that would renew it, are good no more."""
    refresh = RefreshToken.objects.filter(access_token=token).first()
    if refresh:
        refresh.revoke()
    AccessToken.objects.filter(pk=token.pk).delete()
    if token.application:
        record(Kind.TOKEN_REVOKED, about=token.application)


@admin.action(description="Revoke the chosen tokens", permissions=["revoke"])
def revoke(
    page: "AccessTokenAdmin", request: HttpRequest, chosen: QuerySet[Any]
) -> None:
    """End the tokens; a client that may asks for a new one."""
    count = 0
    for token in chosen:
        end_token(token)
        count += 1
    page.message_user(request, f"{count} token{'s' if count != 1 else ''} revoked.")


@admin.register(AccessToken)
class AccessTokenAdmin(PlainAdmin):
    """Who may get in at the moment, by which client, until when."""

    list_display = ("client", "acts_as", "scope", "created", "expires")
    list_display_links = None
    list_filter = ("application",)
    list_select_related = ("application", "application__user", "user")
    search_fields = ("application__name__istartswith", "user__username__istartswith")
    search_help_text = "Name of client or user begins with"
    ordering = ("-created",)
    actions = (revoke,)

    @admin.display(description="client", ordering="application")
    def client(self, token: Any) -> str:
        """By which client."""
        return str(token.application)

    @admin.display(description="acts as", ordering="user")
    def acts_as(self, token: Any) -> str:
        """In whose name."""
        return str(token.user or token.application.user)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Who keeps the clients ends their tokens."""
        return request.user.has_perm("backoffice.change_client")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tokens are issued by the endpoints."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tokens are not changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tokens are revoked, together with what renews them."""
        return False
