"""The second factor: who needs one, who has one, and the codes that prove it.

:func:`has_second_factor` is the one rule that admin, pages and API go by.
"""

from base64 import b32encode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY, verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from backoffice.audit.entries import Kind
from backoffice.audit.writing import record
from backoffice.permission_sets import access_of

SINGLE_SIGN_ON = "backoffice.signin.single_sign_on.CompanySignIn"
RECOVERY_CODES = 10
DEVICE_NAME = "Authenticator app"
DIGITS = 6
_PROVED = "_second_factor_proved"


def device_of(user: User | AnonymousUser) -> TOTPDevice | None:
    """The user's authenticator app, once its set-up was confirmed."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(
        user_id=user.pk, confirmed=True
    ).first()
    return found


def came_by_single_sign_on(request: HttpRequest) -> bool:
    """Whether the session was opened by the company's sign-in, which asks itself."""
    return request.session.get(BACKEND_SESSION_KEY) == SINGLE_SIGN_ON


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the session is proved well enough for who it belongs to.

    It is when a code was given, when the company's sign-in opened it, or when the user
    has no authenticator app and needs none.  Found out once in a request.
    """
    if not hasattr(request, _PROVED):
        setattr(request, _PROVED, _is_proved(request))
    proved: bool = getattr(request, _PROVED)
    return proved


def _is_proved(request: HttpRequest) -> bool:
    user = request.user
    if not user.is_authenticated:
        return False
    if came_by_single_sign_on(request):
        return True
    if request.session.get(DEVICE_ID_SESSION_KEY):
        return bool(user.is_verified())  # type: ignore[attr-defined] # by django-otp
    if settings.SECOND_FACTOR_REQUIRED and user.is_staff:
        return False
    return not access_of(user).has_app


def is_bound(request: HttpRequest) -> bool:
    """Whether the user may not do without: staff, where it is required."""
    return bool(
        settings.SECOND_FACTOR_REQUIRED
        and request.user.is_staff
        and not came_by_single_sign_on(request)
    )


def must_enrol(request: HttpRequest) -> bool:
    """Whether the user has to set up an authenticator app before anything else."""
    user = request.user
    return user.is_authenticated and is_bound(request) and device_of(user) is None


def prove(user: User, code: str) -> TOTPDevice | StaticDevice | None:
    """The device that the code proves: the app, or the list of recovery codes.

    Codes are good once; django-otp makes guessing slower with every failure.
    """
    code = "".join(code.split()).lower()
    if len(code) == DIGITS and code.isdecimal():
        device = device_of(user)
    else:
        device = StaticDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        return None
    proved: TOTPDevice | StaticDevice | None = verify_token(
        user, device.persistent_id, code
    )
    return proved


def is_slowed_down(user: User) -> bool:
    """Whether the next code has to wait because of wrong ones before."""
    device = device_of(user)
    return device is not None and not device.verify_is_allowed()[0]


def begin(user: User) -> TOTPDevice:
    """An app to set up, with a new secret: good for nothing before it is confirmed."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    new: TOTPDevice = TOTPDevice.objects.create(
        user=user, name=DEVICE_NAME, confirmed=False
    )
    return new


def begun(user: User) -> TOTPDevice | None:
    """The app whose set-up the user has begun."""
    waiting: TOTPDevice | None = TOTPDevice.objects.filter(
        user=user, confirmed=False
    ).first()
    return waiting


def secret_of(device: TOTPDevice) -> str:
    """The secret to type in where no camera is at hand, in groups of four."""
    text = b32encode(device.bin_key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@transaction.atomic
def confirm(user: User, device: TOTPDevice) -> list[str]:
    """Put the app in the place of any other; returns the recovery codes, once."""
    take_away(user, but=device)
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    sheet = StaticDevice.objects.create(user=user, name="Recovery codes")
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=sheet, token=code) for code in codes
    )
    record(Kind.FACTOR_SET, about=user)
    return codes


@transaction.atomic
def take_away(user: User, but: TOTPDevice | None = None) -> None:
    """Forget the user's app and recovery codes; sessions they proved end."""
    gone, _ = (
        TOTPDevice.objects.filter(user=user)
        .exclude(pk=but.pk if but else None)
        .delete()
    )
    StaticDevice.objects.filter(user=user).delete()
    if gone:
        record(Kind.FACTOR_REMOVED, about=user)
