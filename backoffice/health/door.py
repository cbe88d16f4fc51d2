"""Middleware: those who watch are answered before anything else is looked at.

They ask each process by its address on the inside, without encryption and by whatever
name; no session, sign-in or host is of any use to them.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from backoffice.health.pages import urlpatterns

_PAGES = {f"/{pattern.pattern}": pattern.callback for pattern in urlpatterns}


class Watchers:
    """Answers the addresses of :mod:`backoffice.health.pages`, and no others."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The watcher's answer, or the site's."""
        page = _PAGES.get(request.path_info)
        return page(request) if page else self.get_response(request)
