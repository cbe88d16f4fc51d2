"""The pages people sign in with: /account/login/, out, and what they see next."""

from typing import Any

from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from backoffice.signin import second_factor
from backoffice.signin.form_targets import may_lead_back
from backoffice.signin.forms import SignInForm


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SignIn(views.LoginView):
    """User name, password and code; then where one wanted to go."""

    authentication_form = SignInForm
    template_name = "account/login.html"

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """The page; its form may lead on to an app that asked for access."""
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        may_lead_back(request, answer)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page needs, with the company's sign-in where there is one."""
        return super().get_context_data(
            title="Sign in",
            company=settings.OIDC_NAME if settings.OIDC_ISSUER else "",
            **kwargs,
        )

    def get_success_url(self) -> str:
        """Where one wanted to go; the set-up of a second factor where it is missing."""
        wanted = super().get_success_url()
        if second_factor.must_enrol(self.request):
            return enrolment(wanted)
        return wanted


def enrolment(after: str) -> str:
    """The address of the set-up page that leads on to ``after``."""
    return f"{reverse('account:second_factor')}?{urlencode({'next': after})}"


def led_back(request: HttpRequest) -> HttpResponse:
    """Where a session goes that is not proved well enough: set-up, or sign-in anew."""
    after = request.get_full_path()
    if second_factor.must_enrol(request):
        return redirect(enrolment(after))
    return redirect(f"{reverse('account:login')}?{urlencode({'next': after})}")


class SignOut(views.LogoutView):
    """Ends the session."""

    template_name = "account/signed_out.html"
    extra_context = {"title": "Signed out"}


@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponseBase:
    """Staff go to work; others see what they can do with their account."""
    if request.user.is_staff:
        return redirect("admin:index")
    return render(request, "account/home.html", {"title": "Your account"})
