"""Views that do something: their POST with an Idempotency-Key is acted upon once."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from importers.services import answers
from importers.services.answers import Given
from reinsurance.api.base import Door
from reinsurance.api.pages import wrong
from reinsurance.api.problems import ApiProblem

KEY = re.compile(r"[!-~]{1,200}")
KEPT_HEADERS = ("Location", "Content-Type", "Retry-After")
Handler = Callable[..., HttpResponseBase]


class Doing(Door):
    """A view with POST: every such request may carry an Idempotency-Key."""

    is_idempotent = True
    posting_problems = ("key_reused", "still_working", "upload_too_large")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look at the size first; then who may; then whether the key came before."""
        self.require_size(request)
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and "Idempotency-Key" in request.headers:
            handler: Handler = getattr(self, "post")  # noqa: B009 set by as_view
            self.post = self._once(handler, request)

    def require_size(self, request: Request) -> None:
        """Refuse a body that is too large before any of it is read."""
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        if content_length(request) > most:
            raise ApiProblem(
                "upload_too_large", f"The body may have at most {most:,} bytes."
            )

    def _once(self, handler: Handler, request: Request) -> Handler:
        key = request.headers["Idempotency-Key"]
        if not KEY.fullmatch(key):
            said = "An Idempotency-Key has 1 to 200 visible ASCII characters."
            raise ApiProblem("invalid", said, errors=[wrong("Idempotency-Key", said)])

        def keyed(*args: Any, **kwargs: Any) -> HttpResponseBase:
            fingerprint = self.fingerprint(request)
            given = answers.once(
                caller=caller_of(request),
                key=key,
                fingerprint=fingerprint,
                act=lambda: self._given(handler, *args, **kwargs),
            )
            return _response(given)

        return keyed

    def _given(self, handler: Handler, *args: Any, **kwargs: Any) -> Given:
        """The handler's answer; a problem of its own is an answer too."""
        try:
            with answers.undone_if_it_fails():
                response: Any = handler(*args, **kwargs)
        except Exception as problem:  # noqa: BLE001 - faults of ours are raised again
            response = self.handle_exception(problem)
        body = JSONRenderer().render(response.data).decode()
        kind = response.content_type or "application/json"
        headers = {n: response[n] for n in KEPT_HEADERS if response.has_header(n)}
        return Given(response.status_code, body, {**headers, "Content-Type": kind})

    def fingerprint(self, request: Request) -> str:
        """What tells two requests apart: address and content."""
        data = request.data
        files = {name: self.file_print(file) for name, file in request.FILES.items()}
        pairs = data.lists() if hasattr(data, "lists") else None
        plain = [(n, v) for n, v in sorted(pairs) if n not in files] if pairs else data
        asked = [request.method, request.get_full_path(), plain, files]
        text = json.dumps(asked, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def file_print(self, file: Any) -> str:
        """What tells two files apart."""
        return f"{file.name}:{file.size}"


def content_length(request: Request) -> int:
    """The length of the body that the caller announces; 0 where they do not."""
    text = request.headers.get("Content-Length") or "0"
    return int(text) if text.isdecimal() else 0


def user_of(request: Request) -> User:
    """Who asks; the table of access lets nobody else in."""
    return cast(User, request.user)


def caller_of(request: Request) -> str:
    """Whose key it is: a client's or a user's."""
    application = getattr(request.auth, "application_id", None)
    return f"client {application}" if application else f"user {request.user.pk}"


def _response(given: Given) -> HttpResponse:
    response = HttpResponse(given.body, status=given.status)
    for name, value in given.headers.items():
        response[name] = value
    if given.is_repeated:
        response["Idempotency-Replayed"] = "true"
    return response


def accepted(data: Any, location: str = "") -> Response:
    """202: the cluster does it next; ``location`` tells where to follow it."""
    headers = {"Location": location} if location else None
    return Response(data, status=202, headers=headers)
