"""The wiring as an app, so that its commands and templates are found."""

from importlib import import_module
from typing import Any

from axes.apps import AppConfig as AxesConfig
from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from oauth2_provider.apps import DOTConfig


class BackofficeAdminConfig(SimpleAdminConfig):
    """Django's admin, signed in to by our rules.

    Its pages are imported with the addresses (:mod:`backoffice.urls`), not by every
    command and worker, of whose start they would be a quarter.
    """

    default_site = "backoffice.signin.site.BackOfficeSite"

    def ready(self) -> None:
        """Register Django's checks of the admin, which need the pages."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    admin.autodiscover()
    return list(check_admin_app(app_configs, **options))


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
        for name in ("checks", "audit.sign_ins", "audit.commands"):
            import_module(f"backoffice.{name}")
