"""Asking a token service for an access token (RFC 6749 sections 4.4 and 6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote_plus

from importers.webservices.answers import problem_of
from importers.webservices.client import Client, Reply
from importers.webservices.hosts import shown
from importers.webservices.problems import CredentialsRefused, NotReadable
from importers.webservices.values import AuthKind, Login


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; ``seconds``: how long it is good for (None: not said)."""

    access: str
    seconds: float | None
    refresh: str = ""

    def __repr__(self) -> str:
        return f"Token(seconds={self.seconds})"


def request_token(
    client: Client, login: Login, *, secret: str, refresh_token: str = ""
) -> Token:
    """A new token by client credentials or by the refresh token.

    Raises CredentialsRefused where the token service does not know us.
    """
    form = {"grant_type": "client_credentials"}
    if login.kind == AuthKind.REFRESH_TOKEN:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    if login.scopes:
        form["scope"] = login.scopes
    if login.audience:
        form["audience"] = login.audience
    basic = None
    if login.client_in_body:
        form |= {"client_id": login.client_id, "client_secret": secret}
    elif secret:
        # RFC 6749 section 2.3.1: both are encoded like a form first.
        basic = (quote_plus(login.client_id), quote_plus(secret))
    else:
        form["client_id"] = login.client_id
    headers = {"Accept": "application/json"}
    reply = client.post(login.token_url, form, headers, basic)
    if reply.status in (400, 401, 403):
        raise CredentialsRefused(
            f"The token service {shown(login.token_url)} refuses our sign-in"
            f"{_reason(reply)}. Enter the client's credentials anew."
        )
    if problem := problem_of(reply):
        problem.payload = b""  # may hold what we sent
        raise problem
    return _token(reply, login)


def _token(reply: Reply, login: Login) -> Token:
    try:
        body = json.loads(reply.body)
        access = str(body["access_token"])
        seconds = body.get("expires_in")
        life = float(seconds) if seconds is not None else None
        refresh = str(body.get("refresh_token") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        access = ""
    if not access or not access.isprintable():
        raise NotReadable(
            f"The token service {shown(login.token_url)} answers without an access "
            "token. Check its address."
        )
    return Token(access, life, refresh)


def _reason(reply: Reply) -> str:
    """The standard's own word for the refusal, which is safe to show."""
    known = (
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_request",
    )
    try:
        word = json.loads(reply.body).get("error")
    except (ValueError, AttributeError):
        return ""
    return f" ({word})" if word in known else ""
