"""After repeated failures: nobody tries further from there for a while.

One policy (django-axes, in the database, so that it holds across processes) for
passwords, codes and the secrets of clients.
"""

from datetime import timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import user_logged_in, user_login_failed
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from backoffice.signin.addresses import address_of

TOO_MANY = 429


def name_of(text: str) -> str:
    """The name as attempts are filed under it: no longer than the column, no NUL."""
    return text.replace("\0", "")[:255]


def is_locked_out(request: HttpRequest, name: str) -> bool:
    """Whether this name may not be tried from this address now."""
    return not AxesProxyHandler.is_allowed(request, {"username": name_of(name)})


def failed(request: HttpRequest, name: str) -> bool:
    """Count a failure; whether it was one too many."""
    credentials = {"username": name_of(name)}
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return bool(getattr(request, "axes_locked_out", False))


def succeeded(request: HttpRequest, name: str) -> None:
    """Forget the failures of this name at this address."""
    AxesProxyHandler.reset_attempts(
        username=name_of(name), ip_address=address_of(request)
    )


def signed_in(request: HttpRequest, user: User) -> None:
    """Note a sign-in that opens no session."""
    user_logged_in.send(sender=User, request=request, user=user)


def seconds_left(request: HttpRequest, name: str) -> int:
    """For how long the name is locked out at this address."""
    attempts = AccessAttempt.objects.filter(
        username=name_of(name), ip_address=address_of(request)
    )
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True)
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    latest = last.first()
    left = latest + cool_off - timezone.now() if latest else cool_off
    return max(1, int(left.total_seconds()) + 1)


def in_words(seconds: int) -> str:
    """A waiting time as one says it."""
    minutes = -(-seconds // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def locked_out(
    request: HttpRequest,
    response: HttpResponseBase | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponseBase:
    """What somebody who is locked out reads; django-axes asks for it."""
    if response is not None and response.status_code == TOO_MANY:
        return response
    name = str((credentials or {}).get("username") or "")
    seconds = seconds_left(request, name)
    page = TemplateResponse(
        request,
        "account/locked_out.html",
        {"title": "Please wait", "wait": in_words(seconds)},
        status=TOO_MANY,
        headers={"Retry-After": str(seconds)},
    )
    return page.render()


def turned_away(request: HttpRequest, user: User) -> HttpResponseBase | None:
    """The same page for who is signed in and guesses there; None: go on."""
    name = user.get_username()
    if not is_locked_out(request, name):
        return None
    return locked_out(request, credentials={"username": name})


def client_locked_out(request: HttpRequest, name: str) -> HttpResponse:
    """The same for a program that asked for a token."""
    seconds = seconds_left(request, name)
    answer = {
        "error": "invalid_client",
        "error_description": "Too many wrong secrets. Try again in "
        f"{in_words(seconds)}.",
    }
    return JsonResponse(answer, status=TOO_MANY, headers={"Retry-After": str(seconds)})
