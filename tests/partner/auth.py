"""How the partner checks who asks: keys, Basic, Bearer, and an OAuth2 token service."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote_plus

from tests.partner.records import to_json
from tests.partner.values import Answer, Endpoint, Layer, Request, problem


def _unauthorized(challenge: str, detail: str) -> Answer:
    return problem(401, detail, ("WWW-Authenticate", challenge))


def header_key(name: str, key: str) -> Layer:
    """An API key in a header of that name."""

    def layer(request: Request, proceed: Endpoint) -> Answer:
        if request.headers.get(name) != key:
            return _unauthorized(f'ApiKey header="{name}"', "Missing or wrong key")
        return proceed(request)

    return layer


def query_key(name: str, key: str, *, is_echoed: bool = False) -> Layer:
    """An API key in the query; the links of answers hold it if it `is_echoed`."""

    def layer(request: Request, proceed: Endpoint) -> Answer:
        if [v for n, v in request.query if n == name] != [key]:
            return _unauthorized(f'ApiKey query="{name}"', "Missing or wrong key")
        if is_echoed:
            return proceed(request)
        query = [(n, v) for n, v in request.query if n != name]
        return proceed(replace(request, query=query))

    return layer


def basic(user_name: str, password: str) -> Layer:
    """RFC 7617, in UTF-8."""

    def layer(request: Request, proceed: Endpoint) -> Answer:
        if _basic_pair(request) != (user_name, password):
            challenge = 'Basic realm="partner", charset="UTF-8"'
            return _unauthorized(challenge, "Wrong user name or password")
        return proceed(request)

    return layer


def bearer(token: str) -> Layer:
    """A fixed token (RFC 6750)."""

    def layer(request: Request, proceed: Endpoint) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {token}":
            return _unauthorized('Bearer error="invalid_token"', "Wrong token")
        return proceed(request)

    return layer


def _basic_pair(request: Request) -> tuple[str, str]:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user_name, _, password = (
            base64.b64decode(given, validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user_name, password


@dataclass
class TokenService:
    """Mints tokens at /oauth/token and lets requests pass that bear a living one.

    Client credentials always; a refresh token too if one is set, which is replaced at
    each use if it `is_rotating`: an old one gives invalid_grant.  ``client_in``:
    "header" (Basic), "body" or "either".  ``expires_in``: seconds, sent as it is, a
    string too; None: not said, and the token lives for ever.  ``seconds``: how long
    each answer takes.  A `scope` or `audience` that is set has to be asked for.
    """

    client_id: str = "back-office"
    client_secret: str = "s3cret:/+ é"
    scope: str = ""
    audience: str = ""
    client_in: str = "either"
    expires_in: int | str | None = 3600
    refresh_token: str = ""
    is_rotating: bool = True
    seconds: float = 0.0
    requests: int = 0
    issued: list[str] = field(default_factory=list)
    _ends: dict[str, float] = field(default_factory=dict)
    _left: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expire(self) -> None:
        """End all tokens that were issued."""
        with self._lock:
            self._ends.clear()

    def expire_after(self, requests: int) -> None:
        """End all tokens once that many data requests more were let through."""
        with self._lock:
            self._left = requests

    def __call__(self, request: Request, proceed: Endpoint) -> Answer:
        """Let proceed who bears a living token."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            return _unauthorized('Bearer realm="partner"', "No token")
        with self._lock:
            if self._left == 0:
                self._ends.clear()
                self._left = None
            if self._ends.get(token, 0.0) <= time.monotonic():
                detail = "The access token expired"
                challenge = (
                    'Bearer realm="partner", error="invalid_token", '
                    f'error_description="{detail}"'
                )
                return _unauthorized(challenge, detail)
            if self._left is not None:
                self._left -= 1
        return proceed(request)

    def endpoint(self, request: Request) -> Answer:
        """The token endpoint: RFC 6749, sections 4.4 and 6; errors of section 5.2."""
        time.sleep(self.seconds)
        with self._lock:
            self.requests += 1
            if request.method != "POST":
                return problem(405, "Use POST", ("Allow", "POST"))
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            return self._refusal(request, form) or self._token()

    def _refusal(self, request: Request, form: dict[str, str]) -> Answer | None:
        if not self._is_client(request, form):
            challenge = ("WWW-Authenticate", 'Basic realm="token"')
            return problem(401, "invalid_client", challenge)
        if self.scope and form.get("scope") != self.scope:
            return problem(400, "invalid_scope")
        if self.audience and form.get("audience") != self.audience:
            return problem(400, "invalid_target")
        kind = form.get("grant_type")
        if kind == "refresh_token":
            if not self.refresh_token or form.get(kind) != self.refresh_token:
                return problem(400, "invalid_grant")
            if self.is_rotating:
                self.refresh_token = f"refresh-{len(self.issued) + 2}"
            return None
        return None if kind == "client_credentials" else _unsupported()

    def _is_client(self, request: Request, form: dict[str, str]) -> bool:
        # Section 2.3.1: both are form-encoded before they go into the header.
        user_name, password = _basic_pair(request)
        in_header = (unquote_plus(user_name), unquote_plus(password))
        in_body = (form.get("client_id", ""), form.get("client_secret", ""))
        given = {"header": [in_header], "body": [in_body]}
        pairs = given.get(self.client_in, [in_header, in_body])
        return (self.client_id, self.client_secret) in pairs

    def _token(self) -> Answer:
        token = f"token-{len(self.issued) + 1}"
        self.issued.append(token)
        lives = float("inf") if self.expires_in is None else float(self.expires_in)
        self._ends[token] = time.monotonic() + lives
        body: dict[str, object] = {
            "access_token": token,
            "token_type": "Bearer",
            "scope": self.scope,
        }
        if self.expires_in is not None:
            body["expires_in"] = self.expires_in
        if self.refresh_token:
            body["refresh_token"] = self.refresh_token
        headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
        return Answer(to_json(body), headers=headers)


def _unsupported() -> Answer:
    return problem(400, "unsupported_grant_type")
