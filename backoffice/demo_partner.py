"""A partner for demonstrations: a claims exchange, made up, on this very machine.

Signs in with OAuth2 client credentials (``/oauth/token``, tokens of one minute), gives
``/claims`` page by page with a cursor in the body, and answers five requests in two
seconds, saying so ahead (``RateLimit``) and refusing more (429, ``Retry-After``).
"""

import base64
import hmac
import json
import math
import secrets
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

CLIENT_ID = "back-office"
CLIENT_SECRET = "demo-partner-secret"  # noqa: S105 published on purpose
TOKEN_SECONDS = 60
BUDGET, BUDGET_SECONDS = 5, 2.0
PAGE, LARGEST_PAGE = 10, 50
Record = dict[str, Any]


class Refused(Exception):  # noqa: N818 an answer, said as an exception
    """The request is answered with this status and these headers instead."""

    def __init__(self, status: HTTPStatus, error: str, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.headers = {n.replace("_", "-"): text for n, text in headers.items()}


class Exchange:
    """What the partner knows: claims, tokens that are good, and who asked how often."""

    def __init__(self, claims: list[Record]) -> None:
        self._claims = claims
        self._tokens: dict[str, float] = {}
        self._asked = 0
        self._budget_ends = 0.0
        self._lock = threading.Lock()

    def token(self, form: Mapping[str, str], authorization: str) -> Record:
        """A new access token for our only client."""
        if form.get("grant_type") != "client_credentials":
            raise Refused(HTTPStatus.BAD_REQUEST, "unsupported_grant_type")
        pair = f"{form.get('client_id', '')}:{form.get('client_secret', '')}"
        if authorization.startswith("Basic "):
            try:
                pair = base64.b64decode(authorization[6:]).decode()
            except ValueError:
                pair = ""
        known = f"{CLIENT_ID}:{CLIENT_SECRET}"
        if not hmac.compare_digest(pair.encode(), known.encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "invalid_client")
        token, now = secrets.token_urlsafe(24), time.monotonic()
        with self._lock:
            good = {t: end for t, end in self._tokens.items() if end > now}
            self._tokens = {**good, token: now + TOKEN_SECONDS}
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
        }

    def require_token(self, authorization: str) -> None:
        """Refuse whoever shows no token, or one whose time is over."""
        end = self._tokens.get(authorization.removeprefix("Bearer "), 0.0)
        if end <= time.monotonic():
            raise Refused(
                HTTPStatus.UNAUTHORIZED, "invalid_token", WWW_Authenticate="Bearer"
            )

    def spend(self) -> dict[str, str]:
        """Count a request; the headers that tell what is left of the budget."""
        now = time.monotonic()
        with self._lock:
            if now >= self._budget_ends:
                self._asked, self._budget_ends = 0, now + BUDGET_SECONDS
            self._asked += 1
            left, seconds = BUDGET - self._asked, math.ceil(self._budget_ends - now)
        policy = f'"default";q={BUDGET};w={BUDGET_SECONDS:.0f}'
        told = {
            "RateLimit-Policy": policy,
            "RateLimit": f'"default";r={max(0, left)};t={seconds}',
        }
        if left < 0:
            raise Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "rate_limit",
                Retry_After=str(seconds),
                **told,
            )
        return told

    def page(self, query: Mapping[str, str]) -> Record:
        """Claims changed after ``updated_since``, from the cursor on."""
        try:
            told = base64.b64decode(
                query.get("cursor", ""), altchars="-_", validate=True
            )
            start = int(told or b"0")
            size = min(int(query.get("limit", PAGE)), LARGEST_PAGE)
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "invalid_request") from None
        since = query.get("updated_since", "")
        claims = [claim for claim in self._claims if claim["updatedAt"] > since]
        end = start + size
        cursor = base64.urlsafe_b64encode(str(end).encode()).decode()
        return {
            "claims": claims[start:end],
            "paging": {"next": cursor if end < len(claims) else None},
            "total": len(claims),
        }


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for the exchange."""

    protocol_version = "HTTP/1.1"
    server_version = "ClaimsExchange"
    timeout = 60
    exchange: ClassVar[Exchange]

    def do_POST(self) -> None:
        """Hand out a token."""
        length = int(self.headers.get("Content-Length") or 0)
        form = _single(self.rfile.read(min(length, 10_000)).decode("latin-1"))
        authorization = self.headers.get("Authorization", "")
        self._answer("/oauth/token", lambda: self.exchange.token(form, authorization))

    def do_GET(self) -> None:
        """Hand out a page of claims."""
        query = _single(urlsplit(self.path).query)
        self._answer("/claims", lambda: self.exchange.page(query), is_guarded=True)

    def _answer(self, path: str, content: Any, *, is_guarded: bool = False) -> None:
        headers: dict[str, str] = {}
        status, body = HTTPStatus.OK, {}
        try:
            if urlsplit(self.path).path != path:
                raise Refused(HTTPStatus.NOT_FOUND, "not_found")
            if is_guarded:
                headers = self.exchange.spend()
                self.exchange.require_token(self.headers.get("Authorization", ""))
            body = content()
        except Refused as refused:
            status, body = refused.status, {"error": str(refused)}
            headers = {**headers, **refused.headers}
        sent = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(sent)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the log belongs to the back office."""


def _single(query: str) -> dict[str, str]:
    return {name: texts[0] for name, texts in parse_qs(query).items()}


def server(port: int, claims: Path) -> ThreadingHTTPServer:
    """The partner at a port of this machine (0: any), ready to ``serve_forever``."""
    exchange = Exchange(json.loads(claims.read_text("utf-8")))
    handler = type("Handler", (Handler,), {"exchange": exchange})
    ready = ThreadingHTTPServer(("127.0.0.1", port), handler)
    ready.daemon_threads = True
    return ready
