"""The admin site: signed in to by our form, entered with the second factor."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from backoffice.access.doors import by_table
from backoffice.signin import second_factor
from backoffice.signin.forms import AdminSignInForm
from backoffice.signin.pages import SignIn, enrolment


class BackOfficeSite(AdminSite):
    """Django's admin site, with the rules of this package at its door."""

    login_form = AdminSignInForm
    logout_template = "account/signed_out.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff, with the second factor where it is due."""
        return super().has_permission(request) and second_factor.has_second_factor(
            request
        )

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """A page of the site, open to those whom the table of access admits."""
        return super().admin_view(by_table(view), cacheable)

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The sign-in page of the back office."""
        home = reverse("admin:index", current_app=self.name)
        if request.method == "GET" and self.has_permission(request):
            return redirect(home)
        if second_factor.must_enrol(request):
            return redirect(enrolment(request.GET.get("next", home)))
        view = SignIn.as_view(
            authentication_form=self.login_form,
            next_page=home,
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The page of passwords is one for everybody."""
        return redirect("account:password")
