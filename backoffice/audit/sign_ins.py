"""Sign-ins as Django, django-axes and django-oauth-toolkit report them: one entry each.

Nothing here lets anybody in or keeps anybody out.
"""

from hashlib import blake2b
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth import user_logged_in, user_logged_out, user_login_failed
from django.core.cache import cache
from django.dispatch import receiver
from django.http import HttpRequest
from oauth2_provider.signals import app_authorized

from backoffice.audit.entries import Door, Kind
from backoffice.audit.writing import record

AGAIN_SECONDS = 60
"""Who is locked out and goes on trying is noted once in so many seconds."""


@receiver(user_logged_in, dispatch_uid="audit")
def _signed_in(sender: Any, request: Any, user: Any, **_: Any) -> None:
    door = Door.SESSION if hasattr(request, "session") else Door.TOKEN
    name = user.get_username()
    record(Kind.SIGNED_IN, name=name, person=user.pk, door=door, request=request)


@receiver(user_logged_out, dispatch_uid="audit")
def _signed_out(sender: Any, request: Any, user: Any, **_: Any) -> None:
    if user is None:
        return
    name = user.get_username()
    record(
        Kind.SIGNED_OUT,
        name=name,
        person=user.pk,
        door=Door.SESSION,
        request=request,
    )


@receiver(user_login_failed, dispatch_uid="audit")
def _failed(
    sender: Any,
    credentials: dict[str, Any],
    request: HttpRequest | None = None,
    **_: Any,
) -> None:
    if getattr(request, "axes_locked_out", False):
        return  # noted as that
    name = str(credentials.get("username") or "")
    record(Kind.FAILED, name=name, door=Door.NONE, request=request)


@receiver(user_locked_out, dispatch_uid="audit")
def _locked_out(
    sender: Any, request: HttpRequest, username: str, ip_address: str, **_: Any
) -> None:
    whom = blake2b(f"{ip_address} {username}".encode(), digest_size=16).hexdigest()
    if cache.add(f"audit-locked-out-{whom}", True, AGAIN_SECONDS):
        record(Kind.LOCKED_OUT, name=username or "", door=Door.NONE, request=request)


@receiver(app_authorized, dispatch_uid="audit")
def _token_issued(sender: Any, request: HttpRequest, token: Any, **_: Any) -> None:
    client = token.application
    user = token.user or (client.user if client else None)
    record(
        Kind.TOKEN_ISSUED,
        name=user.get_username() if user else "",
        person=user.pk if user else None,
        door=Door.CLIENT,
        client=str(client or ""),
        request=request,
        details={"scopes": token.scope.split()},
    )
