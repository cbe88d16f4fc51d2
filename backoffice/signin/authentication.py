"""How a request to the API says whom it comes from: a client, a token, a session.

In this order; the first also names the challenge, so that a request without
credentials is answered 401.
"""

import hashlib
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from oauth2_provider.models import AccessToken
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from backoffice.models import Client
from backoffice.signin import second_factor
from reinsurance.models import CedantLimit
from reinsurance.visibility import limit_to

NOT_GOOD = "This access token is not known, or has run out. Ask for a new one."
CLIENT_OFF = "This client is switched off. Ask an operator."
ACCOUNT_OFF = "The account that this client acts as is switched off. Ask an operator."
ACCOUNT_STAFF = (
    "The account that this client acts as has become one of the back office. Ask an "
    "operator for another."
)
STAFF = (
    "Login tokens are not for staff of the back office: they would by-pass the second "
    "factor. Use an app with OAuth2, or the pages."
)
NOT_PROVED = "Sign in with your second factor first."


class ClientAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer …``: an OAuth2 access token, in one query.

    ``request.user`` is the person who let the app in, or the system's service account,
    limited to the cedants of both user and client; ``request.auth`` is the token, its
    ``scope`` what the client may still ask for.
    """

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        """Whom the token stands for; None without one.

        Raises AuthenticationFailed.
        """
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != self.keyword.lower():
            return None
        token = _tokens().filter(token_checksum=_checksum(given)).first()
        if token is None or not self._is_good(token, request):
            raise AuthenticationFailed(NOT_GOOD)
        client: Client = token.application
        user = _user_of(token, client)
        allowed = [scope for scope in token.scope.split() if scope in client.scopes]
        token.scope = " ".join(allowed)
        limit_to(user, _both(token.user_cedants, token.client_cedants))
        return user, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return f'{self.keyword} realm="api"'

    def _is_good(self, token: Any, request: Request) -> bool:
        address = request.build_absolute_uri(request.path)
        return (
            token.application is not None
            and not token.is_expired()
            and token.allows_audience(address)
        )


def _checksum(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()


USER = ("username", "is_active", "is_staff", "is_superuser")
CLIENT = ("user_id", "is_active", "scopes", "name", "client_id")


@cache
def _tokens() -> QuerySet[Any]:
    """Access tokens with all that is asked about them, and no more."""
    user = Coalesce(OuterRef("user_id"), OuterRef("application__user_id"))
    limits = CedantLimit.objects.filter(user_id=user).order_by()
    clients = Client.cedants.through.objects.filter(
        client_id=OuterRef("application_id")
    )
    tokens: QuerySet[Any] = AccessToken.objects.select_related(
        "user", "application", "application__user"
    ).annotate(
        user_cedants=ArraySubquery(limits.values("cedant_id")),
        client_cedants=ArraySubquery(clients.values("party_id")),
    ).only(
        "user_id", "application_id", "expires", "scope", "resource",
        *(f"user__{name}" for name in USER),
        *(f"application__{name}" for name in CLIENT),
        *(f"application__user__{name}" for name in USER),
    )  # fmt: skip
    return tokens


def _user_of(token: Any, client: Client) -> User:
    """The person, or the service account. Raises AuthenticationFailed."""
    if not client.is_active:
        raise AuthenticationFailed(CLIENT_OFF)
    user: User | None = token.user or client.user
    if user is None or not user.is_active:
        raise AuthenticationFailed(ACCOUNT_OFF)
    if token.user is None and (user.is_staff or user.is_superuser):
        raise AuthenticationFailed(ACCOUNT_STAFF)
    return user


def _both(first: list[int], second: list[int]) -> frozenset[int] | None:
    """What both limits allow; a limit without cedants is none."""
    if first and second:
        return frozenset(first) & frozenset(second)
    return frozenset(first or second) or None


class TokenAuthentication(authentication.TokenAuthentication):
    """``Authorization: Token …``: the login token of a person who is not staff."""

    def authenticate_credentials(self, key: str) -> Any:
        """The user of the token. Raises AuthenticationFailed."""
        user, token = super().authenticate_credentials(key)
        if user.is_staff or user.is_superuser:
            raise AuthenticationFailed(STAFF)
        if is_too_old(token):
            raise AuthenticationFailed(
                f"This login token is older than {settings.API_TOKEN_DAYS} days. Sign "
                "in anew."
            )
        return user, token


def is_too_old(token: Any) -> bool:
    """Whether a login token has run out."""
    age: timedelta = timezone.now() - token.created
    return age > timedelta(days=settings.API_TOKEN_DAYS)


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of a browser, once its second factor is proved; CSRF is checked."""

    def authenticate(self, request: Request) -> Any:
        """The user of the session. Raises AuthenticationFailed, PermissionDenied."""
        found = super().authenticate(request)
        if found and not second_factor.has_second_factor(request._request):
            raise AuthenticationFailed(NOT_PROVED)
        return found
