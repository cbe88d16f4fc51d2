"""The wiring as an app, so that its commands and templates are found."""

from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    """Settings, roles, the embedded database and the commands around them."""

    name = "backoffice"
    verbose_name = "Back office"
