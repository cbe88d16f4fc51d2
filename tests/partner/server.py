"""The partner: a real HTTP server whose services, limits and faults a test arranges."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from tests.partner import formats, links, protocols, rates, styles, tls
from tests.partner.auth import TokenService
from tests.partner.handler import Server
from tests.partner.limits import Quota
from tests.partner.records import Book, Record, claims
from tests.partner.values import Answer, Endpoint, Layer, Refused, Request, problem

TOKEN_PATH = "/oauth/token"
COUNT = 250
ENDPOINTS = {
    **styles.ENDPOINTS,
    **links.ENDPOINTS,
    **protocols.ENDPOINTS,
    **formats.ENDPOINTS,
    **rates.ENDPOINTS,
}


@dataclass(slots=True)
class Mounted:
    """A layer before all paths that begin with `path`; "" are all but the tokens'.

    It acts `times` times, after the first `after` requests there have passed.
    """

    layer: Layer
    path: str = ""
    times: float = math.inf
    after: int = 0
    seen: int = 0
    used: int = 0

    def covers(self, request: Request) -> bool:
        """Whether the request is for its paths."""
        return _is_at(request, self.path)

    def takes(self, *, is_free: bool) -> bool:
        """Count a request; whether it is due, and the request still free."""
        self.seen += 1
        is_due = is_free and self.seen > self.after and self.used < self.times
        self.used += is_due
        return is_due


def _is_at(request: Request, path: str) -> bool:
    if path:
        return request.path.startswith(path)
    return not request.path.startswith("/oauth/")


class Partner:
    """A partner's web service on a free port of 127.0.0.1; see the package's page.

    ``records``: how many claims, or the records themselves.  ``certificate``: a kind
    of :data:`tests.partner.tls.KINDS`, for HTTPS.
    """

    def __init__(
        self,
        records: int | Sequence[Record] = COUNT,
        *,
        certificate: str | None = None,
        port: int = 0,
    ) -> None:
        self._initial = claims(records) if isinstance(records, int) else records
        self._certificate = certificate
        self._port = port
        self.scheme = "https" if certificate else "http"
        self.lock = threading.Lock()
        self.errors: list[BaseException] = []
        self.stopping = threading.Event()
        self.reset()

    # -- life -------------------------------------------------------------------------

    def __enter__(self) -> Partner:
        self._folder = tempfile.TemporaryDirectory(prefix="partner-")
        self.ca_file = tls.write_ca(Path(self._folder.name) / "ca.pem")
        self._server = Server(self, self._port, self._certificate)
        self.port = self._server.server_address[1]
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"
        self.named_url = f"{self.scheme}://localhost:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="partner"
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop at once, whatever is under way; raises what went wrong in here."""
        self.stopping.set()
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()
        self._folder.cleanup()
        if self.errors and error is None:
            raise self.errors[0]

    def reset(self) -> None:
        """Forget requests, faults, quotas, checks and added paths; records as first."""
        if getattr(self, "book", None) is None or self.records is not self._initial:
            self.records = self._initial
        self.latency = 0.0
        self.requests: list[Request] = []
        self.handshakes_failed = 0
        self.at_once = self.most_at_once = 0
        self._routes: dict[str, Endpoint] = dict(ENDPOINTS)
        self._faults: list[Mounted] = []
        self._quotas: list[Mounted] = []
        self._checks: list[Mounted] = []

    # -- what a test arranges ---------------------------------------------------------

    @property
    def records(self) -> Sequence[Record]:
        """What all endpoints serve, except the rates."""
        return self.book.records

    @records.setter
    def records(self, records: Sequence[Record]) -> None:
        self.book = Book(records)

    def render(self, page_size: int) -> None:
        """Render the pages of all records now, not at their first request."""
        selection = self.book.select()
        for start in range(0, len(selection), page_size):
            selection.json(start, page_size)

    def add(self, path: str, endpoint: Endpoint) -> None:
        """Serve one more path; one that ends with a slash takes all that begin so."""
        self._routes[path] = endpoint

    def fail(
        self,
        *,
        fault: Layer,
        path: str = "",
        times: int | Literal["always"] = 1,
        after: int = 0,
    ) -> None:
        """Put a fault before all paths that begin with `path`, "" for all data.

        The first `after` requests there pass, then it takes `times` requests.  Of
        several faults the first takes the request; the others only count it.
        """
        count = math.inf if times == "always" else times
        self._faults.append(Mounted(fault, path, count, after))

    def quota(
        self,
        *,
        limit: int,
        window_seconds: float,
        style: str = "ietf",
        path: str = "",
        has_retry_after: bool = True,
    ) -> Quota:
        """Count requests against a quota, and refuse those that exceed it."""
        quota = Quota(limit, window_seconds, style, has_retry_after)
        self._quotas.append(Mounted(quota, path))
        return quota

    def protect(self, check: Layer, path: str = "") -> None:
        """Ask for credentials; the checks are in :mod:`tests.partner.auth`."""
        self._checks.append(Mounted(check, path))

    def oauth(self, *, path: str = "", **options: Any) -> TokenService:
        """Protect with tokens that /oauth/token mints; options of `TokenService`."""
        service = TokenService(**options)
        self.add(TOKEN_PATH, service.endpoint)
        self.protect(service, path)
        return service

    # -- what a test asks -------------------------------------------------------------

    def calls(self, path: str = "") -> list[Request]:
        """Requests whose path begins so; "" for all but the tokens'."""
        return [request for request in self.requests if _is_at(request, path)]

    def too_early(self, *, tolerance: float = 0.01) -> list[Request]:
        """Requests that came before the wait was over that their target asked for."""
        until: dict[str, float] = {}
        early = []
        for request in self.requests:
            if request.time < until.pop(request.target, 0.0) - tolerance:
                early.append(request)
            if request.wait_seconds:
                until[request.target] = request.answered + request.wait_seconds
        return early

    # -- answering --------------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Through fault, quotas and checks to the endpoint."""
        if self.latency:
            self.stopping.wait(self.latency)
        layers = self._due_faults(request)
        for mounted in (*self._quotas, *self._checks):
            if mounted.covers(request):
                layers.append(mounted.layer)
        try:
            return _through(layers, self._endpoint, request)
        except Refused as refused:
            return refused.answer

    def _due_faults(self, request: Request) -> list[Layer]:
        due: list[Layer] = []
        with self.lock:
            for fault in self._faults:
                if fault.covers(request) and fault.takes(is_free=not due):
                    due.append(fault.layer)
        return due

    def _endpoint(self, request: Request) -> Answer:
        endpoint = self._routes.get(request.path)
        if endpoint is None:
            fitting = [
                path
                for path in self._routes
                if path.endswith(("/", " ")) and request.path.startswith(path)
            ]
            if not fitting:
                return problem(404, f"Nothing at {request.path}")
            endpoint = self._routes[max(fitting, key=len)]
        return endpoint(request)


def _through(layers: Sequence[Layer], last: Endpoint, request: Request) -> Answer:
    if not layers:
        return last(request)
    return layers[0](request, lambda passed: _through(layers[1:], last, passed))
