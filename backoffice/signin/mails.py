"""The mails about somebody's access, in plain English, with links that work once."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

RESET = "reset"
INVITATION = "activate"


def absolute(request: HttpRequest | None, path: str) -> str:
    """The full address of a page: on SITE_URL, or else where the request came in."""
    if settings.SITE_URL or request is None:
        return f"{settings.SITE_URL}{path}"
    return request.build_absolute_uri(path)


def link(request: HttpRequest | None, page: str, user: User) -> str:
    """An address that lets this user, and who reads their mail, choose a password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return absolute(request, reverse(f"account:{page}", args=[uid, token]))


def send_reset(request: HttpRequest | None, user: User) -> None:
    """Mail a link to choose a new password."""
    _send(request, RESET, user, "Choose a new password")


def send_invitation(request: HttpRequest | None, user: User) -> None:
    """Mail an invited person the link to choose the first password."""
    _send(request, INVITATION, user, "Your access to the reinsurance back office")


def _send(request: HttpRequest | None, page: str, user: User, subject: str) -> None:
    context: dict[str, Any] = {
        "user": user,
        "name": user.get_short_name() or user.get_username(),
        "link": link(request, page, user),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
    }
    text = render_to_string(f"account/mail/{page}.txt", context)
    send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [user.email])
