"""What goes wrong, said in the form of RFC 9457 (problem details)."""

import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions
from rest_framework.response import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: its HTTP status, its name, and what to do about it."""

    status: int
    title: str
    advice: str


PROBLEMS: dict[str, Problem] = {
    "invalid": Problem(
        400, "The request is not valid", "Correct what “errors” names and send again."
    ),
    "unreadable_body": Problem(
        400, "The body cannot be read", "Send valid JSON, or a valid multipart form."
    ),
    "bad_cursor": Problem(
        400,
        "The cursor does not fit",
        "Take cursors only from “next” and “previous”, or begin without one.",
    ),
    "not_signed_in": Problem(
        401, "Not signed in", "Send a valid token in the header Authorization."
    ),
    "not_allowed": Problem(
        403, "Not allowed", "Ask an administrator for the role that may do this."
    ),
    "missing_scope": Problem(
        403, "The token is for something else", "Ask for a token with the scope named."
    ),
    "not_found": Problem(
        404, "Not found", "Check the address; you may lack the right to see it."
    ),
    "method_not_allowed": Problem(
        405, "This cannot be done here", "Use a method that the header Allow names."
    ),
    "wrong_media_type": Problem(
        415, "The body is of a wrong kind", "Use the media type the description names."
    ),
    "too_many_requests": Problem(
        429, "Too many requests", "Wait as many seconds as Retry-After says."
    ),
    "server_error": Problem(
        500, "A fault of the program", "Try again later; tell the operator if it stays."
    ),
}
"""Every code the API may answer with; other rooms add their own."""

_CODES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ValidationError, "invalid"),
    (exceptions.ParseError, "unreadable_body"),
    (exceptions.NotAuthenticated, "not_signed_in"),
    (exceptions.AuthenticationFailed, "not_signed_in"),
    (exceptions.PermissionDenied, "not_allowed"),
    (PermissionDenied, "not_allowed"),
    (exceptions.NotFound, "not_found"),
    (Http404, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.UnsupportedMediaType, "wrong_media_type"),
    (exceptions.Throttled, "too_many_requests"),
)


class ApiProblem(exceptions.APIException):
    """A problem by its code; ``more`` are further members of the answer."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = PROBLEMS[code].status
        self.code = code
        self.headers = headers or {}
        self.more = more


def members(code: str, detail: str, **more: Any) -> dict[str, Any]:
    """The answer's members: type, title, status, detail, code and ``more``."""
    problem = PROBLEMS[code]
    return {
        "type": reverse("api:problem", args=[code]),
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "code": code,
        **more,
    }


def answer(
    code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """The problem as an answer."""
    return Response(
        members(code, detail, **more),
        status=PROBLEMS[code].status,
        headers=headers,
        content_type=MEDIA_TYPE,
    )


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler; None: a fault of ours, to be raised."""
    if isinstance(exc, ApiProblem):
        detail = str(exc.detail)
        return answer(exc.code, detail, headers=exc.headers, **exc.more)
    code = next((code for kind, code in _CODES if isinstance(exc, kind)), None)
    if code is None:
        return None
    headers: dict[str, str] = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    if isinstance(exc, exceptions.Throttled):
        seconds = max(1, math.ceil(getattr(exc, "wait", None) or 1))
        headers["Retry-After"] = str(seconds)
        unit = "second" if seconds == 1 else "seconds"
        said = f"Too many requests. Try again in {seconds} {unit}."
        return answer(code, said, headers=headers)
    if isinstance(exc, exceptions.ValidationError):
        errors = flat(exc.get_full_details())
        said = " ".join(dict.fromkeys(error["message"] for error in errors))
        return answer(code, said or PROBLEMS[code].title, errors=errors)
    return answer(code, _said(exc, code), headers=headers)


def _said(exc: Exception, code: str) -> str:
    if isinstance(exc, exceptions.APIException):
        return str(exc.detail)
    if isinstance(exc, Http404) and code == "not_found":
        return "There is nothing here that you may see."
    return str(exc) or PROBLEMS[code].title


def flat(details: Any, path: str = "") -> list[dict[str, str]]:
    """Nested errors of a form as a list of ``field``, ``message`` and ``code``."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        said = {"message": str(details["message"]), "code": str(details["code"])}
        return [{"field": path, **said}]
    if isinstance(details, dict):
        return [
            error
            for name, inner in details.items()
            for error in flat(
                inner,
                path if name == "non_field_errors" else f"{path}.{name}".strip("."),
            )
        ]
    return [
        error
        for number, inner in enumerate(details)
        for error in flat(
            inner,
            path
            if isinstance(inner, dict) and set(inner) == {"message", "code"}
            else f"{path}.{number}".strip("."),
        )
    ]


def phrase(status: int) -> str:
    """The name of an HTTP status, for descriptions."""
    return HTTPStatus(status).phrase
