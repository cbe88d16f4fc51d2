"""Single sign-on: the company's OpenID Connect provider says who somebody is.

Who comes is found by the provider's own key for them, or else is an invited person
whose verified e-mail address the provider names.  Nobody else gets in, unless
OIDC_CREATE_USERS says so.  What they may do follows the groups of the provider at each
sign-in, for the roles named in OIDC_ROLES and no others.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET
from social_core.backends.open_id_connect import OpenIdConnectAuth
from social_django import views

from backoffice.audit.changes import differences, state_of
from backoffice.audit.entries import Kind
from backoffice.audit.writing import record
from backoffice.models import Invitation
from backoffice.roles import INTEGRATOR, ROLES
from backoffice.signin.sso_errors import Refused

NOT_INVITED = (
    "Nobody has given you access yet. Ask an administrator of the back office to "
    "invite you with the e-mail address of your company account."
)
NO_ROLE = (
    "Your company account is in none of the groups that may use the back office. Ask "
    "whoever looks after those groups."
)
SWITCHED_OFF = "Your access is switched off. Ask an administrator."
ADMINISTRATOR = (
    "Administrators sign in with their password and code, so that they can get in when "
    "the company's sign-in does not work."
)


class CompanySignIn(OpenIdConnectAuth):
    """The provider named by OIDC_ISSUER; of its answer nothing is kept but the key."""

    EXTRA_DATA: list[Any] = []

    def extra_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Nothing: no tokens of the provider in our database."""
        return {}


def begin(request: HttpRequest, backend: str) -> HttpResponseBase:
    """Lead to the provider; who is signed in already stays."""
    _only_where_set()
    if request.user.is_authenticated:
        return redirect("account:home")
    answer: HttpResponseBase = views.auth(request, backend)
    return answer


@require_GET
def complete(request: HttpRequest, backend: str) -> HttpResponseBase:
    """Come back from the provider: a new session, whoever was signed in before."""
    _only_where_set()
    request.user = AnonymousUser()
    answer: HttpResponseBase = views.complete(request, backend)
    return answer


def _only_where_set() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404("There is no single sign-on here.")


def admit(
    backend: CompanySignIn,
    uid: str,
    response: dict[str, Any],
    user: User | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Find who it is (a step of the pipeline).

    Raises Refused.
    """
    claims = {**response, **(backend.id_token or {})}
    roles = roles_of(claims)
    is_new = False
    if user is None:
        user = _invited(claims)
    if user is None and roles and settings.OIDC_CREATE_USERS:
        user, is_new = _created(claims, uid), True
    if user is None:
        raise Refused(backend, NOT_INVITED)
    if user.is_superuser:
        raise Refused(backend, ADMINISTRATOR)
    if not user.is_active and not Invitation.objects.filter(user=user).exists():
        raise Refused(backend, SWITCHED_OFF)
    if not roles:
        raise Refused(backend, NO_ROLE)
    return {"user": user, "is_new": is_new, "roles": roles}


def roles_of(claims: dict[str, Any]) -> frozenset[str]:
    """The roles that the provider's groups stand for."""
    groups = claims.get(settings.OIDC_GROUPS_CLAIM) or []
    if isinstance(groups, str):
        groups = [groups]
    mapped = {settings.OIDC_ROLES.get(str(group)) for group in groups}
    return frozenset(role.name for role in ROLES if role.name in mapped)


def _verified_address(claims: dict[str, Any]) -> str:
    address = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(address, str):
        return ""
    return address.strip()


def _invited(claims: dict[str, Any]) -> User | None:
    """The one invited person with that address whom no company account belongs to."""
    address = _verified_address(claims)
    if not address:
        return None
    found = User.objects.filter(
        email__iexact=address, invitation__isnull=False, social_auth__isnull=True
    )[:2]
    return found[0] if len(found) == 1 else None


def _created(claims: dict[str, Any], uid: str) -> User | None:
    """A new user, if the provider vouches for an address that is nobody's yet."""
    address = _verified_address(claims)
    if not address or User.objects.filter(email__iexact=address).exists():
        return None
    wanted = str(claims.get("preferred_username") or address)[:150]
    is_taken = User.objects.filter(username__iexact=wanted).exists()
    return User.objects.create_user(
        address[:150] if is_taken else wanted,
        email=address,
        first_name=str(claims.get("given_name") or "")[:150],
        last_name=str(claims.get("family_name") or "")[:150],
    )


@transaction.atomic
def give_roles(user: User, roles: frozenset[str], **kwargs: Any) -> None:
    """Set the mapped roles exactly, and switch an invited account on (a step)."""
    before = state_of(User, user.pk)
    managed = Group.objects.filter(name__in=set(settings.OIDC_ROLES.values()))
    user.groups.remove(*managed.exclude(name__in=roles))
    user.groups.add(*managed.filter(name__in=roles))
    user.is_staff = bool(roles - {INTEGRATOR.name})
    user.is_active = True
    user.save(update_fields=["is_staff", "is_active"])
    Invitation.objects.filter(user=user).delete()
    if changed := differences(before, state_of(User, user.pk)):
        record(Kind.CHANGED, about=user, details=changed)
