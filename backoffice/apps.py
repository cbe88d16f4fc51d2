"""The wiring as an app, so that its commands and templates are found."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BackofficeAdminConfig(AdminConfig):
    """Django's admin, signed in to by our rules."""

    default_site = "backoffice.signin.site.BackOfficeSite"


class BackofficeConfig(AppConfig):
    """Settings, roles, the embedded database and the commands around them."""

    name = "backoffice"
    verbose_name = "Back office"
