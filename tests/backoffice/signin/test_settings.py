"""The settings of a machine that is not one's own: nothing to complain about."""

import os
import subprocess
import sys

from pytest_django import Settings

from backoffice.checks import single_sign_on_is_complete
from tests.conftest import REPOSITORY

PRODUCTION = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "SECRET_KEY": "kJ8-a-key-for-this-test-only-0123456789-abcdefghijklmnop",
    "ALLOWED_HOSTS": "backoffice.example.com",
    "PYTHONPATH": str(REPOSITORY),
    "DJANGO_SETTINGS_MODULE": "backoffice.settings",
}


def said(*command: str, **environment: str) -> str:
    """What a process says that has this environment alone."""
    done = subprocess.run(
        [sys.executable, *command],
        env={"PATH": os.environ["PATH"], **PRODUCTION, **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_check_for_deployment_finds_nothing(tmp_path: os.PathLike[str]) -> None:
    command = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    text = said(*command, VAR_DIR=str(tmp_path))
    assert "System check identified no issues (0 silenced)." in text


def test_the_environment_chooses(tmp_path: os.PathLike[str]) -> None:
    text = said(
        "-c",
        "from backoffice.settings import *\n"
        "print(SECOND_FACTOR_REQUIRED, OIDC_ROLES, AUTHENTICATION_BACKENDS[-1],"
        " SESSION_COOKIE_NAME, CSRF_COOKIE_NAME,"
        " EMAIL_HOST, EMAIL_USE_TLS, AXES_FAILURE_LIMIT,"
        " OAUTH2_PROVIDER['ALLOWED_REDIRECT_URI_SCHEMES'])",
        VAR_DIR=str(tmp_path),
        OIDC_ISSUER="https://sso.example.com/",
        OIDC_ROLES="re-clerks=Clerk,re-managers=Manager",
        EMAIL_URL="smtp+tls://user:secret@mail.example.com:587",
        LOCKOUT_FAILURES="3",
    )
    assert text == (
        "True {'re-clerks': 'Clerk', 're-managers': 'Manager'} "
        "backoffice.signin.single_sign_on.CompanySignIn "
        "__Host-sessionid __Host-csrftoken "
        "mail.example.com True 3 "
        "['https']\n"
    )


def test_single_sign_on_that_lets_nobody_in_is_an_error(settings: Settings) -> None:
    assert single_sign_on_is_complete() == []
    settings.OIDC_ISSUER = "http://sso.example.com"
    settings.HTTPS = True
    settings.OIDC_ROLES = {}
    assert [error.msg for error in single_sign_on_is_complete()] == [
        "OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET.",
        "OIDC_ISSUER must begin with https://.",
        "Without OIDC_ROLES nobody gets in by single sign-on.",
    ]
    settings.OIDC_ISSUER = "https://sso.example.com"
    settings.SOCIAL_AUTH_OIDC_KEY = settings.SOCIAL_AUTH_OIDC_SECRET = "x"
    settings.OIDC_ROLES = {"a": "Clerk", "b": "Boss"}
    assert [error.msg for error in single_sign_on_is_complete()] == [
        "OIDC_ROLES names Boss, which is no role. There are: Auditor, Clerk, "
        "Integrator, Manager, Operator."
    ]
