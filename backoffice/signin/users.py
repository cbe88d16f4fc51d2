"""People in the admin: invited, given roles and cedants, helped with their access."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_otp.plugins.otp_totp.models import TOTPDevice

from backoffice.audit.changes import AuditedAdmin
from backoffice.models import Invitation
from backoffice.signin import mails, passwords, second_factor
from backoffice.signin.user_forms import (
    INVITE,
    PASSWORD,
    NewPersonForm,
    PasswordForm,
    PersonForm,
)
from reinsurance.admin.base import PlainAdmin
from reinsurance.models import CedantLimit

admin.site.unregister([User, Group])


class CedantLimitInline(admin.TabularInline):
    """Whose records the person may see; none: everybody's."""

    model = CedantLimit
    extra = 0
    autocomplete_fields = ("cedant",)
    verbose_name = "cedant"
    verbose_name_plural = "May see only the records of"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may look at people sees their limits too."""
        return request.user.has_perm("auth.view_user")


@admin.action(
    description="Send a link to choose a new password", permissions=["change"]
)
def send_link(
    page: "PersonAdmin", request: HttpRequest, chosen: QuerySet[User]
) -> None:
    """Mail the link to those who have an address and are switched on."""
    able = [user for user in chosen if user.is_active and user.email]
    for user in able:
        mails.ask_for_reset(request, user)
    page.message_user(request, f"{len(able)} mail{'s' if len(able) != 1 else ''} sent.")
    if len(able) < chosen.count():
        page.message_user(
            request,
            "Who has no address or is switched off got none.",
            messages.WARNING,
        )


@admin.action(description="Send an invitation", permissions=["change"])
def invite(page: "PersonAdmin", request: HttpRequest, chosen: QuerySet[User]) -> None:
    """Invite, again if need be; it also opens single sign-on to them."""
    able = [user for user in chosen if user.email and not user.is_superuser]
    for user in able:
        passwords.invite(user=user, by=request.user, request=request)  # type: ignore[arg-type]
    page.message_user(
        request, f"{len(able)} invitation{'s' if len(able) != 1 else ''} sent."
    )


@admin.action(
    description="Take away the second factor", permissions=["take_away_factor"]
)
def take_away_factor(
    page: "PersonAdmin", request: HttpRequest, chosen: QuerySet[User]
) -> None:
    """For who lost both phone and recovery codes."""
    for user in chosen:
        second_factor.take_away(user)
        page.log_change(request, user, "Took away the second factor.")
    page.message_user(request, "They set up a new one when they sign in next.")


@admin.action(
    description="Forget the company account", permissions=["take_away_factor"]
)
def forget_company(
    page: "PersonAdmin", request: HttpRequest, chosen: QuerySet[Any]
) -> None:
    """The person is no longer found by single sign-on, until invited anew."""
    for user in chosen:
        user.social_auth.all().delete()
        page.log_change(request, user, "Forgot the company account.")
    page.message_user(request, "Invite them to let them in by single sign-on again.")


@admin.register(User)
class PersonAdmin(AuditedAdmin, PlainAdmin, DjangoUserAdmin):
    """Everybody who may sign in; only superusers change anything here."""

    form = PersonForm
    add_form = NewPersonForm
    add_form_template = None
    inlines = (CedantLimitInline,)
    list_display = (
        "username", "name", "email", "roles", "is_staff", "is_active", "factor",
    )  # fmt: skip
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = (
        "username__istartswith", "last_name__istartswith", "email__istartswith",
    )  # fmt: skip
    search_help_text = "User name, last name or address begins with"
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    actions = (send_link, invite, take_away_factor, forget_company)
    change_password_form = PasswordForm
    readonly_fields = (
        "password_state", "factor", "invited", "company", "last_login", "date_joined",
    )  # fmt: skip
    fieldsets = (
        ("Person", {"fields": ("username", "first_name", "last_name", "email")}),
        (
            "Access",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups")},
        ),
        (
            "Sign-in",
            {
                "fields": (
                    "password_state", "factor", "company", "invited", "last_login",
                    "date_joined",
                )
            },
        ),
    )  # fmt: skip
    add_fieldsets = (
        ("Person", {"fields": ("username", "first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_staff", "groups")}),
        ("Password", {"fields": ("how", "password")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """People, and whether they have a second factor."""
        devices = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        people = super().get_queryset(request).prefetch_related("groups")
        return people.annotate(has_factor=Exists(devices))

    @admin.display(description="name", ordering="last_name")
    def name(self, user: User) -> str:
        """First and last name."""
        return user.get_full_name()

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        """Their roles by name."""
        if user.is_superuser:
            return "everything"
        return ", ".join(group.name for group in user.groups.all())

    @admin.display(description="password")
    def password_state(self, user: User) -> SafeString:
        """Whether there is one, and where a superuser chooses another."""
        return format_html(
            '{}. <a href="{}">Choose one for them</a>',
            "Set" if user.has_usable_password() else "None",
            reverse("admin:auth_user_password_change", args=[user.pk]),
        )

    @admin.display(description="second factor", boolean=True)
    def factor(self, user: Any) -> bool:
        """Whether an authenticator app is set up."""
        return bool(getattr(user, "has_factor", False))

    @admin.display(description="invited, not answered")
    def invited(self, user: User) -> str:
        """Since when an invitation is open."""
        waiting = Invitation.objects.filter(user=user).first()
        return date_format(waiting.invited_at, "j M Y, H:i") if waiting else "No"

    @admin.display(description="company account", boolean=True)
    def company(self, user: Any) -> bool:
        """Whether single sign-on finds this person."""
        return bool(user.social_auth.exists())

    def has_take_away_factor_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def save_model(
        self, request: HttpRequest, obj: User, form: Any, change: bool
    ) -> None:
        """A new person gets a password, or none yet; who is switched off stays so."""
        if not change:
            how = form.cleaned_data["how"]
            password = form.cleaned_data["password"] if how == PASSWORD else None
            obj.set_password(password)
            obj.is_active = how != INVITE
        super().save_model(request, obj, form, change)
        if change and not obj.is_active and "is_active" in form.changed_data:
            Invitation.objects.filter(user=obj).delete()
            passwords.forget_tokens(obj)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Roles and limits are saved, then the invitation goes out."""
        super().save_related(request, form, formsets, change)
        if not change and form.cleaned_data["how"] == INVITE:
            passwords.invite(user=form.instance, by=request.user, request=request)  # type: ignore[arg-type]


@admin.register(Group)
class RoleAdmin(AuditedAdmin, PlainAdmin, DjangoGroupAdmin):
    """The roles, as the program declares them."""

    search_fields = ("name__istartswith",)
