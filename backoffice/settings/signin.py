"""Who gets in and how: lock-out, second factor, OAuth2, single sign-on, mail."""

from datetime import timedelta
from typing import Any

from backoffice.access.scopes import SCOPES
from backoffice.settings.environment import DEBUG, IS_LOCAL, env
from backoffice.settings.security import HTTPS

# -- passwords ------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: it turns away who is locked out
    "backoffice.permission_sets.RememberedBackend",
]
# A login token of the API (djoser) is good for so many days.
API_TOKEN_DAYS = env.int("API_TOKEN_DAYS", default=30)

# -- lock-out after repeated failures -------------------------------------------------
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.int("LOCKOUT_FAILURES", default=5)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOCKOUT_MINUTES", default=15))
# Whatever the names: so many failures of one address in that time are too many.
LOCKOUT_ADDRESS_FAILURES = env.int("LOCKOUT_ADDRESS_FAILURES", default=50)
AXES_HANDLER = "backoffice.signin.spraying.AddressHandler"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "backoffice.signin.lockout.locked_out"
AXES_ENABLE_ADMIN = False  # pages of our own: backoffice/signin/attempts.py
AXES_VERBOSE = False
# What a form sends is kept with a failed attempt, without these.
AXES_SENSITIVE_PARAMETERS = [
    "username", "ip_address", "client_secret", "code", "code_verifier", "token",
    "refresh_token", "assertion", "csrfmiddlewaretoken",
]  # fmt: skip
# Behind so many proxies of our own, each of which appends to X-Forwarded-For, the
# sender's address is the one that the outermost of them saw.
PROXY_COUNT = env.int("PROXY_COUNT", default=0)
AXES_CLIENT_IP_CALLABLE = "backoffice.signin.addresses.address_of"

# -- audit log (docs/security.md) -----------------------------------------------------
# Entries, and the record of sign-ins, are kept for so many days.
AUDIT_KEEP_DAYS = env.int("AUDIT_KEEP_DAYS", default=730)
# An invitation that nobody has answered for so many days is taken back.
INVITATION_DAYS = env.int("INVITATION_DAYS", default=30)

# -- second factor --------------------------------------------------------------------
SECOND_FACTOR_REQUIRED = env.bool(
    "SECOND_FACTOR_REQUIRED", default=not (IS_LOCAL or DEBUG)
)
OTP_TOTP_ISSUER = "Reinsurance back office"

# -- OAuth2 for outside systems and apps ----------------------------------------------
OAUTH2_PROVIDER_APPLICATION_MODEL = "backoffice.Client"
OAUTH2_PROVIDER: dict[str, Any] = {
    "SCOPES": SCOPES,
    "SCOPES_BACKEND_CLASS": "backoffice.signin.scopes.ClientScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 24 * 3600,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    # http for an app under development on the same machine: backoffice/models.py.
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if HTTPS else ["https", "http"],
    # RFC 9700, Best Current Practice for OAuth 2.0 Security: all of it.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}

# -- single sign-on: only where OIDC_ISSUER is set ------------------------------------
OIDC_ISSUER = env.str("OIDC_ISSUER", default="").rstrip("/")
OIDC_NAME = env.str("OIDC_NAME", default="your company account")
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
OIDC_ROLES: dict[str, str] = env.dict("OIDC_ROLES", default={})  # their group: our role
OIDC_CREATE_USERS = env.bool("OIDC_CREATE_USERS", default=False)
SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = OIDC_ISSUER
SOCIAL_AUTH_OIDC_KEY = env.str("OIDC_CLIENT_ID", default="")
SOCIAL_AUTH_OIDC_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
SOCIAL_AUTH_OIDC_USE_PKCE = True
# Beside openid, profile and email.
SOCIAL_AUTH_OIDC_SCOPE = env.list("OIDC_SCOPES", default=[])
SOCIAL_AUTH_RAISE_EXCEPTIONS = False
SOCIAL_AUTH_REDIRECT_IS_HTTPS = HTTPS
SOCIAL_AUTH_LOGIN_REDIRECT_URL = "account:home"
SOCIAL_AUTH_PIPELINE = [
    "social_core.pipeline.social_auth.social_details",
    "social_core.pipeline.social_auth.social_uid",
    "social_core.pipeline.social_auth.auth_allowed",
    "social_core.pipeline.social_auth.social_user",
    "backoffice.signin.single_sign_on.admit",
    "social_core.pipeline.social_auth.associate_user",
    "backoffice.signin.single_sign_on.give_roles",
]
if OIDC_ISSUER:
    AUTHENTICATION_BACKENDS.append("backoffice.signin.single_sign_on.CompanySignIn")

# -- mail -----------------------------------------------------------------------------
globals().update(
    env.email_url(
        "EMAIL_URL", default="consolemail://" if IS_LOCAL else "smtp://localhost:25"
    )
)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="backoffice@localhost")
# Where links in mails lead; without it, the host of the request.
SITE_URL = env.str("SITE_URL", default="").rstrip("/")

# -- djoser: explicit routes to its views, see backoffice/signin/api.py ---------------
_NOBODY = ["rest_framework.permissions.IsAdminUser"]
DJOSER: dict[str, Any] = {
    "SERIALIZERS": {
        "user": "backoffice.signin.serializers.PersonSerializer",
        "current_user": "backoffice.signin.serializers.PersonSerializer",
        "token_create": "backoffice.signin.serializers.LoginSerializer",
        "password_reset": "backoffice.signin.serializers.AddressSerializer",
        "password_reset_confirm": "backoffice.signin.serializers.ResetSerializer",
        "activation": "backoffice.signin.serializers.ActivationSerializer",
    },
    "PERMISSIONS": {
        "user": ["rest_framework.permissions.IsAuthenticated"],
        "set_password": ["rest_framework.permissions.IsAuthenticated"],
        **dict.fromkeys(
            (
                "user_create", "user_delete", "user_list", "set_username",
                "username_reset", "username_reset_confirm",
            ),
            _NOBODY,
        ),
    },
}  # fmt: skip
