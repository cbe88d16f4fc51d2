"""The OAuth2 endpoints: token, revoke, introspect and the page that asks for consent.

Nothing else of django-oauth-toolkit is reachable: clients are registered by operators
in the admin.
"""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider import views

from backoffice.audit.entries import Door, Kind
from backoffice.audit.writing import record
from backoffice.signin import lockout, second_factor
from backoffice.signin.form_targets import may_lead_back
from backoffice.signin.pages import led_back

OK = 200
REFUSED = (401, 403)


def client_named(request: HttpRequest) -> tuple[str, bool]:
    """The client that the request names, and whether it brings a secret."""
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(given).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", False
        return unquote_plus(name), bool(secret)
    return (
        str(request.POST.get("client_id", "")),
        bool(request.POST.get("client_secret")),
    )


class LocksOut:
    """An endpoint that clients prove themselves at: wrong secrets lock out."""

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """The answer, or 429 with Retry-After after too many wrong secrets."""
        name, has_secret = client_named(request)
        if not (name and has_secret):
            return self._answer(request, *args, **kwargs)
        if lockout.is_locked_out(request, name):
            return lockout.client_locked_out(request, name)
        answer = self._answer(request, *args, **kwargs)
        if answer.status_code in REFUSED:
            if lockout.failed(request, name):
                return lockout.client_locked_out(request, name)
        else:
            lockout.succeeded(request, name)
        return answer

    def _answer(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        answer: HttpResponseBase = super().dispatch(  # type: ignore[misc]
            request, *args, **kwargs
        )
        return answer


_for_programs = method_decorator(
    [csrf_exempt, never_cache, sensitive_post_parameters()], name="dispatch"
)


@_for_programs
class Token(LocksOut, views.TokenView):
    """A token for a client that proves itself, or for the code an app was given."""


@_for_programs
class RevokeToken(LocksOut, views.RevokeTokenView):
    """A client gives a token back."""

    def _answer(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        answer = super()._answer(request, *args, **kwargs)
        if answer.status_code == OK:
            name, _ = client_named(request)
            record(Kind.TOKEN_REVOKED, name="", door=Door.CLIENT, client=name[:255])
        return answer


@_for_programs
class Introspect(LocksOut, views.IntrospectTokenView):
    """Whether a token is good, for a client that proves itself."""


@method_decorator(never_cache, name="dispatch")
class Authorize(views.AuthorizationView):
    """Asks the person who is signed in whether an app may act in their name."""

    template_name = "account/authorize.html"
    extra_context = {"title": "Allow access?"}

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Only for a session that is proved well enough."""
        if request.user.is_authenticated and not second_factor.has_second_factor(
            request
        ):
            return led_back(request)
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        may_lead_back(request, answer)
        return answer


app_name = "oauth2_provider"

urlpatterns = [
    path("token/", Token.as_view(), name="token"),
    path("revoke_token/", RevokeToken.as_view(), name="revoke-token"),
    path("introspect/", Introspect.as_view(), name="introspect"),
    path("authorize/", Authorize.as_view(), name="authorize"),
]
