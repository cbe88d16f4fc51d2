"""Headers of every answer, and what may be kept of it on its way."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class EveryAnswer:
    """Middleware, the outermost: static files, redirects and errors have them too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The site's answer; nobody keeps it unless it says how long it is good."""
        answer = self.get_response(request)
        for name, value in settings.EVERY_ANSWER.items():
            answer.headers.setdefault(name, value)
        if not answer.has_header("Cache-Control"):
            answer["Cache-Control"] = "private, no-store"
        return answer
