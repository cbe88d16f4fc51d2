"""What Django itself has to refuse: problems for programs, pages for people."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from reinsurance.api.problems import MEDIA_TYPE, members

API = "/api/"


def _problem(code: str, detail: str) -> HttpResponse:
    data = members(code, detail)
    return JsonResponse(data, status=data["status"], content_type=MEDIA_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    if request.path.startswith(API):
        return _problem("unreadable_body", "The request cannot be read.")
    return defaults.bad_request(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    if request.path.startswith(API):
        return _problem("not_allowed", "You may not do this.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if request.path.startswith(API):
        return _problem("not_found", "There is no such address.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """500."""
    if request.path.startswith(API):
        return _problem(
            "server_error", "The program failed. Nothing was done; try again later."
        )
    return defaults.server_error(request)
