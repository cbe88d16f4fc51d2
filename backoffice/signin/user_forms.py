"""The forms a superuser adds and changes people with."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password

from backoffice.audit.entries import Kind
from backoffice.audit.writing import record
from backoffice.signin import passwords

INVITE = "invite"
PASSWORD = "password"  # noqa: S105
HOW = (
    (INVITE, "Send an invitation by mail: they choose a password themselves"),
    (PASSWORD, "I choose a password for them"),
    ("none", "Without a password: a service account, or single sign-on only"),
)


class PersonForm(forms.ModelForm):
    """What is known of a person; an address is one person's."""

    class Meta:
        model = User
        fields = (
            "username", "first_name", "last_name", "email", "is_active", "is_staff",
            "is_superuser", "groups",
        )  # fmt: skip
        labels = {"is_staff": "Works in the back office", "groups": "Roles"}
        help_texts = {
            "username": "Up to 150 letters, digits and @ . + - _",
            "is_active": "Take this away instead of deleting the account.",
            "is_staff": "May sign in to these pages.",
            "is_superuser": "May do everything, without any role.",
            "groups": "What the roles may do adds up.",
        }

    def clean_email(self) -> str:
        """Raises ValidationError when somebody else has the address."""
        address = str(self.cleaned_data.get("email") or "")
        others = User.objects.filter(email__iexact=address).exclude(pk=self.instance.pk)
        if address and others.exists():
            raise forms.ValidationError("Somebody else has this address.")
        return address


class NewPersonForm(PersonForm):
    """The same, with how they come to a password."""

    how = forms.ChoiceField(
        label="Password", choices=HOW, initial=INVITE, widget=forms.RadioSelect
    )
    password = forms.CharField(
        label="The password",
        required=False,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="Only if you choose it; at least 12 characters.",
    )

    class Meta(PersonForm.Meta):
        fields = (  # type: ignore[assignment]
            "username", "first_name", "last_name", "email", "is_staff", "groups",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """An invitation needs an address, a password of ours has to be good."""
        cleaned: dict[str, Any] = super().clean() or {}
        how = cleaned.get("how")
        if how == INVITE and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", "An invitation needs an e-mail address.")
        if how == PASSWORD:
            try:
                validate_password(cleaned.get("password") or "", self.instance)
            except forms.ValidationError as wrong:
                self.add_error("password", wrong)
        return cleaned


class PasswordForm(AdminPasswordChangeForm):
    """A superuser chooses a password for somebody; tokens end with the old one."""

    def save(self, commit: bool = True) -> User:
        """Keep it."""
        user: User = super().save(commit)
        passwords.forget_tokens(user)
        record(Kind.PASSWORD, about=user)
        return user
