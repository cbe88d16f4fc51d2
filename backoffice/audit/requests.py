"""Middleware: the current request is known, and who sees personal data is noted."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from backoffice.audit.current import CURRENT
from backoffice.audit.looks import note_look


class Audited:
    """Who looks at personal data leaves an entry, or does not get the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The site's answer, once it is noted who gets it."""
        before = CURRENT.set(request)
        try:
            answer: Any = self.get_response(request)
            note_look(request, answer)
            return answer
        finally:
            CURRENT.reset(before)
