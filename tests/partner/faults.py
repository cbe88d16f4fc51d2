"""Faults to put before an endpoint with `partner.fail`: statuses, contents, redirects.

Those of the connection itself are in :mod:`tests.partner.wire_faults`, and here too.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from tests.partner.limits import wait_headers
from tests.partner.records import Book, EndlessClaims
from tests.partner.values import Answer, Endpoint, Layer, Request, problem
from tests.partner.wire_faults import chunked as chunked
from tests.partner.wire_faults import close as close
from tests.partner.wire_faults import cut as cut
from tests.partner.wire_faults import cut_chunked as cut_chunked
from tests.partner.wire_faults import drip as drip
from tests.partner.wire_faults import flood as flood
from tests.partner.wire_faults import gzip_bomb as gzip_bomb
from tests.partner.wire_faults import gzipped as gzipped
from tests.partner.wire_faults import silence as silence

LOGIN_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>"
    '<form method="post"><input name="password" type="password"></form></body></html>'
)
METADATA = "http://169.254.169.254/latest/meta-data/"
"""Where clouds keep the credentials of a machine."""

# -- statuses -------------------------------------------------------------------------


def status(code: int, *headers: tuple[str, str]) -> Layer:
    """An answer of that status; 401 comes with a Bearer challenge."""
    if code == 401 and not headers:
        headers = (("WWW-Authenticate", 'Bearer error="invalid_token"'),)
    return lambda request, proceed: problem(code, f"Status {code}", *headers)


def too_many(
    seconds: float | None = None, tell: str = "retry-after", *, code: int = 429
) -> Layer:
    """A 429, or another status, that asks to wait; see `wait_headers` for `tell`."""
    if seconds is None:
        tell = "none"

    def layer(request: Request, proceed: Endpoint) -> Answer:
        answer = problem(code, "Too many requests", *wait_headers(tell, seconds or 0.0))
        return replace(answer, wait_seconds=None if tell == "none" else seconds)

    return layer


# -- contents -------------------------------------------------------------------------


def content(body: bytes | str, content_type: str = "application/json") -> Layer:
    """This body instead, with status 200."""
    data = body.encode() if isinstance(body, str) else body
    return lambda request, proceed: Answer(data, content_type=content_type)


def login_page() -> Layer:
    """A web page where one signs in, with status 200."""
    return content(LOGIN_PAGE, "text/html; charset=utf-8")


def invalid_json() -> Layer:
    """The beginning of the good answer, with its length announced as it is."""
    return _changed(lambda a: replace(a, body=a.body[: max(1, len(a.body) // 2)]))


def content_type(name: str) -> Layer:
    """The good answer under another Content-Type; none if it is empty."""
    return _changed(lambda answer: replace(answer, content_type=name))


def latin1() -> Layer:
    """The good answer in latin-1, announced as UTF-8."""
    return _recoded("latin-1", "utf-8")


def utf16(*, is_announced: bool = False) -> Layer:
    """The good answer in UTF-16 with a byte order mark."""
    return _recoded("utf-16", "utf-16" if is_announced else "")


def utf8_mark() -> Layer:
    """The good answer with a byte order mark."""
    return _recoded("utf-8-sig", "")


def _recoded(encoding: str, announced: str) -> Layer:
    def recode(answer: Answer) -> Answer:
        name = answer.content_type.partition(";")[0]
        return replace(
            answer,
            body=answer.body.decode().encode(encoding, "replace"),
            content_type=f"{name}; charset={announced}" if announced else name,
        )

    return _changed(recode)


def _changed(change: Callable[[Answer], Answer]) -> Layer:
    return lambda request, proceed: change(proceed(request))


# -- pages without end ----------------------------------------------------------------


def repeats() -> Layer:
    """The first page that it sees, for ever."""
    kept: dict[str, Answer] = {}
    return lambda request, proceed: kept.setdefault("page", proceed(request))


def endless() -> Layer:
    """Ever new records: pages never end, and filters are not honoured."""
    book = Book(EndlessClaims())
    return lambda request, proceed: proceed(replace(request, book=book))


# -- redirects ------------------------------------------------------------------------


def redirect(to: str | Callable[[Request], str], code: int = 302) -> Layer:
    """To an address, a path, or what a function of the request gives."""

    def layer(request: Request, proceed: Endpoint) -> Answer:
        target = to if isinstance(to, str) else to(request)
        return Answer(b"", code, "", (("Location", target),))

    return layer


def itself(request: Request) -> str:
    """The same address again: a loop, unless it is for some times only."""
    return request.target


def other_name(request: Request) -> str:
    """The same server under its other name: localhost or 127.0.0.1."""
    parts = urlsplit(request.base)
    host = "localhost" if parts.hostname == "127.0.0.1" else "127.0.0.1"
    return f"{parts.scheme}://{host}:{parts.port}{request.target}"


def plain_http(request: Request) -> str:
    """The same address without TLS, where nobody answers."""
    return request.base.replace("https:", "http:") + request.target


# -- a storm --------------------------------------------------------------------------


def storm(
    seed: int,
    *,
    too_many_share: float = 0.5,
    fault_share: float = 0.1,
    cut_share: float = 0.05,
    waits: tuple[int, ...] = (0, 1),
) -> Layer:
    """429s that ask for one of `waits`, then 5xx, then cut bodies, then good answers.

    Each share is of the requests that the one before it left over, so that good are
    (1 - .5) * (1 - .1) * (1 - .05) = 43 % and a page takes 2.34 requests on average.
    What happens to the n-th request of a target depends on the seed, not on the order.
    """
    tries: Counter[str] = Counter()
    lock = threading.Lock()
    cut_body = cut()

    def layer(request: Request, proceed: Endpoint) -> Answer:
        with lock:
            tries[request.target] += 1
            attempt = tries[request.target]
        chance = random.Random(f"{seed} {attempt} {request.target}")
        if chance.random() < too_many_share:
            return too_many(chance.choice(waits))(request, proceed)
        if chance.random() < fault_share:
            return status(chance.choice((500, 502, 503, 504)))(request, proceed)
        if chance.random() < cut_share:
            return cut_body(request, proceed)
        return proceed(request)

    return layer
