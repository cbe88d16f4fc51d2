"""Sign-in by name and password, with what each user may do remembered."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django_otp.plugins.otp_totp.models import TOTPDevice

from reinsurance import visibility
from reinsurance.caching import Topic, remembered
from reinsurance.visibility import Cedants


@dataclass(frozen=True, slots=True)
class Access:
    """What a user may do, as "app.codename", and what bounds it.

    ``cedants``: those they are limited to.  ``has_app``: whether they have set up an
    authenticator app, and so have to prove it.
    """

    permissions: set[str]
    cedants: Cedants
    has_app: bool


def access_of(user: Any) -> Access:
    """The user's access, asked once in the life of ``user``; one small query.

    The answer is asked for by the user's key alone: what an older copy of the user in
    memory says must not be remembered for others.
    """
    if not hasattr(user, "_access"):
        key = user.pk
        every = "all of " if user.is_superuser else ""
        user._access = remembered(
            Topic.ACCESS,
            f"{every}user {key}",
            lambda: Access(
                _every() if every else _given_to(key),
                visibility.limits_of(key),
                TOTPDevice.objects.filter(user_id=key, confirmed=True).exists(),
            ),
        )
        visibility.know_limit(user, user._access.cedants)
    access: Access = user._access
    return access


class RememberedBackend(ModelBackend):
    """Django's own backend; the permissions and limits of a user cost one small query.

    An inactive user may do nothing and a superuser everything, as in Django.
    """

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """The user's permissions."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        return access_of(user_obj).permissions


def _given_to(user: int) -> set[str]:
    """Permissions given to the user, directly or by a role."""
    names = "content_type__app_label", "codename"
    own = Permission.objects.filter(user=user).order_by().values_list(*names)
    by_role = Permission.objects.filter(group__user=user).order_by().values_list(*names)
    return {f"{app}.{codename}" for app, codename in own.union(by_role)}


def _every() -> set[str]:
    """All the permissions there are."""
    names = Permission.objects.order_by().values_list(
        "content_type__app_label", "codename"
    )
    return {f"{app}.{codename}" for app, codename in names}
