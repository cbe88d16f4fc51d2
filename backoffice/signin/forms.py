"""Forms of the pages that people sign in and keep their access with."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User

from backoffice.signin import lockout, second_factor

CODE_WANTED = (
    "Enter the code that your authenticator app shows, or one of your recovery codes."
)
CODE_WRONG = "That code is not right, or was used before. Enter the next one."
CODE_TOO_SOON = "After a wrong code the next has to wait a little. Try again soon."


def code_field(**options: Any) -> forms.CharField:
    """An input for a code, which phones and password managers recognise."""
    return forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code", "class": "code"}),
        **options,
    )


class SignInForm(AuthenticationForm):
    """User name, password, and the code of who has a second factor."""

    code = code_field(
        required=False,
        help_text="Only if you have set up a second factor.",
    )
    error_messages = {
        "invalid_login": "User name and password do not belong together. Both "
        "distinguish capital and small letters.",
        "inactive": "This account is switched off. Ask an administrator.",
        "not_staff": "This account is not for the back office.",
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "User name"

    def clean(self) -> dict[str, Any]:
        """Check the password, then the code."""
        cleaned = super().clean()
        user = self.get_user()
        if user is not None and second_factor.device_of(user):
            self.check_code(user, str(cleaned.get("code") or ""))
        return cleaned

    def check_code(self, user: User, code: str) -> None:
        """Raises ValidationError unless the code is the user's; counts a wrong one."""
        if not code:
            raise forms.ValidationError({"code": CODE_WANTED})
        slow = second_factor.is_slowed_down(user)
        device = second_factor.prove(user, code)
        if device is None:
            if self.request is not None:
                lockout.failed(self.request, user.get_username())
            message = CODE_TOO_SOON if slow else CODE_WRONG
            raise forms.ValidationError({"code": message})
        user.otp_device = device  # type: ignore[attr-defined] # django-otp keeps it


class AdminSignInForm(SignInForm):
    """The same, for the back office: its staff only."""

    required_css_class = "required"

    def confirm_login_allowed(self, user: Any) -> None:
        """Raises ValidationError for who does not work here."""
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise forms.ValidationError(
                self.error_messages["not_staff"], code="not_staff"
            )


class CodeForm(forms.Form):
    """A code alone: to confirm a new authenticator app, or to give one up."""

    code = code_field()
