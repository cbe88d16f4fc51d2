"""The wiring as an app, so that its commands and templates are found."""

from importlib import import_module

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from oauth2_provider.apps import DOTConfig


class BackofficeAdminConfig(AdminConfig):
    """Django's admin, signed in to by our rules."""

    default_site = "backoffice.signin.site.BackOfficeSite"


class SignInsConfig(AxesConfig):
    """django-axes, called what operators call it."""

    verbose_name = "Sign-ins"


class TokensConfig(DOTConfig):
    """django-oauth-toolkit, called what operators call it."""

    verbose_name = "Access of programs"


class BackofficeConfig(AppConfig):
    """Settings, roles, the embedded database and the commands around them."""

    name = "backoffice"
    verbose_name = "Back office"

    def ready(self) -> None:
        """Register the system checks, and what listens for the audit log."""
        for name in ("checks", "audit.sign_ins", "audit.changes"):
            import_module(f"backoffice.{name}")
