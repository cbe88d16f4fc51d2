"""The page of the second factor: set up an app, replace it, do without."""

import io
from typing import Any, cast

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as prove_session
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from backoffice.signin import lockout, second_factor
from backoffice.signin.forms import CODE_TOO_SOON, CODE_WRONG, CodeForm
from backoffice.signin.pages import led_back

PAGE = "account/second_factor.html"
REPLACING = "_second_factor_replaced"


@never_cache
@login_required
@sensitive_post_parameters()
def second_factor_page(request: HttpRequest) -> HttpResponseBase:
    """What there is to do: set up where there is none, else replace or give up."""
    user = cast(User, request.user)
    if not _may(request, user):
        return led_back(request)
    if away := lockout.turned_away(request, user):
        return away
    if request.session.get(REPLACING) or not second_factor.device_of(user):
        return _set_up(request, user)
    move = request.POST.get("move", "")
    if move == "replace" or (move == "give_up" and not second_factor.is_bound(request)):
        return _change(request, user, move)
    return render(request, PAGE, _kept(request, user, CodeForm()))


def _may(request: HttpRequest, user: User) -> bool:
    """Whoever has an app proves it first; whoever has none may set one up."""
    if second_factor.device_of(user):
        return second_factor.has_second_factor(request)
    return True


def _kept(request: HttpRequest, user: User, form: CodeForm) -> dict[str, Any]:
    left = StaticToken.objects.filter(device__user=user, device__confirmed=True)
    return {
        "title": "Second factor",
        "form": form,
        "codes_left": left.count(),
        "is_required": second_factor.is_bound(request),
    }


def _change(request: HttpRequest, user: User, move: str) -> HttpResponse:
    form = CodeForm(request.POST)
    if not (form.is_valid() and _is_right(request, user, form)):
        return render(request, PAGE, _kept(request, user, form))
    if move == "replace":
        request.session[REPLACING] = True
        return redirect("account:second_factor")
    second_factor.take_away(user)
    messages.success(request, "You sign in without a second factor from now on.")
    return redirect("account:home")


def _is_right(request: HttpRequest, user: User, form: CodeForm) -> bool:
    slow = second_factor.is_slowed_down(user)
    if second_factor.prove(user, form.cleaned_data["code"]):
        return True
    lockout.failed(request, user.get_username())
    form.add_error("code", CODE_TOO_SOON if slow else CODE_WRONG)
    return False


def _set_up(request: HttpRequest, user: User) -> HttpResponse:
    device = second_factor.begun(user) if request.method == "POST" else None
    form = CodeForm(request.POST if device else None)
    device = device or second_factor.begin(user)
    if form.is_valid():
        if verify_token(user, device.persistent_id, form.cleaned_data["code"]):
            device.refresh_from_db()
            codes = second_factor.confirm(user, device)
            request.session.pop(REPLACING, None)
            prove_session(request, device)
            request.session.cycle_key()
            return render(request, "account/recovery_codes.html", _done(request, codes))
        form.add_error("code", CODE_WRONG)
    context = {
        "title": "Set up a second factor",
        "form": form,
        "qr": picture(device),
        "secret": second_factor.secret_of(device),
        "is_required": second_factor.must_enrol(request),
    }
    return render(request, "account/set_up.html", context)


def _done(request: HttpRequest, codes: list[str]) -> dict[str, Any]:
    after = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        after, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return {
        "title": "Keep these codes",
        "codes": codes,
        "after": after if is_ours else reverse("account:home"),
    }


def picture(device: TOTPDevice) -> SafeString:
    """The QR code of the device's address, as SVG to stand in a page."""
    drawn = io.BytesIO()
    segno.make(device.config_url, error="m").save(
        drawn, kind="svg", scale=5, xmldecl=False, svgns=True, omitsize=True,
        title="QR code to scan with an authenticator app",
    )  # fmt: skip
    return mark_safe(drawn.getvalue().decode())  # noqa: S308 # drawn here
