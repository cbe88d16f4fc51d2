"""How long requests take, by route: counted where they are answered.

With several web processes each writes its counts to a file of its own
(:mod:`backoffice.gunicorn`), and any of them tells the sum.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge, Histogram

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

SECONDS = Histogram(
    "backoffice_http_request_seconds",
    "Seconds until a request was answered, by name of its address.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
IN_FLIGHT = Gauge(
    "backoffice_http_requests_in_flight",
    "Requests that are being answered.",
    multiprocess_mode="livesum",
)


def known_method(method: str) -> str:
    """The method, or ``OTHER``: whoever asks does not make up our labels."""
    return method if method in _METHODS else "OTHER"


def observe(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answered request; of its status the class (``2xx``)."""
    SECONDS.labels(route, method, f"{status // 100}xx").observe(seconds)


@contextmanager
def in_flight() -> Iterator[None]:
    """Count a request while it is answered."""
    IN_FLIGHT.inc()
    try:
        yield
    finally:
        IN_FLIGHT.dec()
