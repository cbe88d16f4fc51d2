"""Passwords chosen and links answered: what pages, API and admin do alike."""

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode
from oauth2_provider.models import AccessToken, Grant, RefreshToken
from rest_framework.authtoken.models import Token

from backoffice.audit.entries import Kind
from backoffice.audit.writing import record
from backoffice.models import Invitation
from backoffice.signin import mails

MAIL_PAUSE_SECONDS = 60


def user_of(uid: str, token: str) -> User | None:
    """The user whom a mailed link is for, as long as it is good."""
    try:
        key = force_str(urlsafe_base64_decode(uid))
        user = User.objects.select_related("invitation").get(pk=key)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if default_token_generator.check_token(user, token) else None


def is_invited(user: User) -> bool:
    """Whether the user was invited and has not answered yet."""
    return Invitation.objects.filter(user=user).exists()


@transaction.atomic
def choose(*, user: User, password: str) -> None:
    """Give the user this password; all tokens made before are good no more."""
    user.set_password(password)
    user.save(update_fields=["password"])
    forget_tokens(user)
    record(Kind.PASSWORD, about=user)


@transaction.atomic
def accept(*, user: User, password: str) -> None:
    """An invited person chooses the first password, and the account is switched on."""
    user.is_active = True
    user.save(update_fields=["is_active"])
    record(Kind.CHANGED, about=user, details={"is_active": [False, True]})
    choose(user=user, password=password)
    Invitation.objects.filter(user=user).delete()


@transaction.atomic
def forget_tokens(user: User) -> None:
    """End what the user's login token and apps could do in their name."""
    Token.objects.filter(user=user).delete()
    Grant.objects.filter(user=user).delete()
    for refresh in RefreshToken.objects.filter(user=user, revoked__isnull=True):
        refresh.revoke()
    AccessToken.objects.filter(user=user).delete()


@transaction.atomic
def invite(*, user: User, by: User, request: HttpRequest | None) -> None:
    """Mail an invitation, again if need be."""
    Invitation.objects.update_or_create(user=user, defaults={"invited_by": by})
    record(Kind.CHANGED, about=user, details={"said": "Invited."})
    mails.ask_for_invitation(request, user)


def forgotten(*, email: str, request: HttpRequest) -> None:
    """Mail a link to whoever has this address and a password; nobody learns whether."""
    for user in _with_address(email).filter(is_active=True):
        if user.has_usable_password() and _is_first_for_a_while(user):
            mails.ask_for_reset(request, user)


def remind(*, email: str, request: HttpRequest) -> None:
    """Mail the invitation once more to who has not answered it."""
    for user in _with_address(email).filter(is_active=False, invitation__isnull=False):
        if _is_first_for_a_while(user):
            mails.ask_for_invitation(request, user)


def _with_address(email: str) -> QuerySet[User]:
    return User.objects.filter(email__iexact=email).exclude(email="")


def _is_first_for_a_while(user: User) -> bool:
    """Whether this mail would not be one of many that somebody has sent to annoy."""
    return cache.add(f"signin-mail-{user.pk}", True, MAIL_PAUSE_SECONDS)
