"""``manage.py check``: single sign-on is set up so that somebody can get in by it."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from backoffice.roles import ROLES


@register(Tags.security)
def single_sign_on_is_complete(**_: Any) -> list[CheckMessage]:
    """One error for each setting that keeps people out, or the connection open."""
    if not settings.OIDC_ISSUER:
        return []
    wrong: list[str] = []
    if not (settings.SOCIAL_AUTH_OIDC_KEY and settings.SOCIAL_AUTH_OIDC_SECRET):
        wrong.append("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.")
    if settings.HTTPS and not settings.OIDC_ISSUER.startswith("https://"):
        wrong.append("OIDC_ISSUER must begin with https://.")
    if not settings.OIDC_ROLES:
        wrong.append("Without OIDC_ROLES nobody gets in by single sign-on.")
    known = {role.name for role in ROLES}
    wrong += [
        f"OIDC_ROLES names {role}, which is no role. There are: "
        f"{', '.join(sorted(known))}."
        for role in sorted(set(settings.OIDC_ROLES.values()) - known)
    ]
    return [Error(said, id="backoffice.E001") for said in wrong]
