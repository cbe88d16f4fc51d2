"""The pages about passwords: changed, forgotten, chosen by a mailed link."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import (
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
)
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from backoffice.signin import lockout, passwords, second_factor
from backoffice.signin.pages import led_back

TOKEN = "_password_link"  # noqa: S105 # where the session keeps a link's token
HIDDEN = "choose"


@method_decorator(
    [sensitive_post_parameters(), never_cache, login_required], name="dispatch"
)
class ChangePassword(FormView):
    """Who is signed in chooses another password."""

    form_class = PasswordChangeForm
    template_name = "account/form.html"
    extra_context = {
        "title": "Change your password",
        "button": "Change password",
        "lead": "Other sessions, login tokens and apps of yours end with the old one.",
    }

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Only for a session that is proved well enough, and who has a password."""
        if not second_factor.has_second_factor(request):
            return led_back(request)
        if not cast(User, request.user).has_usable_password():
            raise Http404("You sign in without a password.")
        if away := lockout.turned_away(request, cast(User, request.user)):
            return away
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form asks for the old password of this user."""
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it; this session goes on."""
        user = form.user
        passwords.choose(user=user, password=form.cleaned_data["new_password1"])
        update_session_auth_hash(self.request, user)
        messages.success(self.request, "Your password was changed.")
        return redirect("account:home")

    def form_invalid(self, form: Any) -> HttpResponse:
        """A wrong old password counts like one at the sign-in."""
        if "old_password" in form.errors:
            lockout.failed(self.request, form.user.get_username())
        return super().form_invalid(form)


@method_decorator(never_cache, name="dispatch")
class Forgotten(FormView):
    """Asks for an address, and says the same whether it knows it or not."""

    form_class = PasswordResetForm
    template_name = "account/form.html"
    extra_context = {
        "title": "Forgotten your password?",
        "button": "Send the link",
        "lead": "Enter your e-mail address. We send you a link to choose a new one.",
    }

    def form_valid(self, form: Any) -> HttpResponse:
        """Mail the link to who has that address."""
        passwords.forgotten(email=form.cleaned_data["email"], request=self.request)
        context = {
            "title": "Look into your mail",
            "text": "If we know this address, a link to choose a new password is on "
            "its way. Nothing came? Look among the unwanted mail, or ask an "
            "administrator.",
        }
        return render(self.request, "account/said.html", context)


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class ChooseByLink(FormView):
    """A mailed link: choose a new password.

    The token moves from the address to the session at once, so that neither the
    history nor another site's log gets to see it.
    """

    form_class = SetPasswordForm
    template_name = "account/form.html"
    title = "Choose a new password"
    user: User

    def dispatch(
        self, request: HttpRequest, *args: Any, uid: str, token: str, **kwargs: Any
    ) -> Any:
        """Show the form for a good link, and say so of any other."""
        if token == HIDDEN:
            user = passwords.user_of(uid, request.session.get(TOKEN, ""))
            if user and self.is_for(user):
                self.user = user
                return super().dispatch(request, *args, **kwargs)
        else:
            user = passwords.user_of(uid, token)
            if user and self.is_for(user):
                request.session[TOKEN] = token
                return redirect(request.path.replace(token, HIDDEN))
        context = {
            "title": "This link is no longer good",
            "text": "It was used before, is too old, or was not copied whole. Ask for "
            "a new one.",
        }
        return render(request, "account/said.html", context, status=410)

    def is_for(self, user: User) -> bool:
        """Whether this page is for that user."""
        return user.is_active

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form sets the password of the link's user."""
        return {**super().get_form_kwargs(), "user": self.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page says."""
        return super().get_context_data(
            title=self.title,
            button="Choose this password",
            lead=f"For the user name {self.user.get_username()}.",
            **kwargs,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the password; now one can sign in."""
        self.request.session.pop(TOKEN, None)
        self.keep(form.cleaned_data["new_password1"])
        messages.success(self.request, "Your password is set. Sign in with it.")
        return redirect("account:login")

    def keep(self, password: str) -> None:
        """Give the user this password."""
        passwords.choose(user=self.user, password=password)


class AcceptInvitation(ChooseByLink):
    """The link of an invitation: choose the first password, and the account is on."""

    title = "Welcome: choose your password"

    def is_for(self, user: User) -> bool:
        """Only for who was invited and has not answered yet."""
        return passwords.is_invited(user)

    def keep(self, password: str) -> None:
        """Give the user this password and switch the account on."""
        passwords.accept(user=self.user, password=password)
