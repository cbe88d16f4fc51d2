"""Which scopes a client gets: those that an operator gave it."""

from typing import Any

from oauth2_provider.scopes import SettingsScopes

from backoffice.models import Client


class ClientScopes(SettingsScopes):
    """Every grant asks here, so no client gets more than it was given."""

    def get_available_scopes(
        self, application: Client | None = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """What the client may ask for; nothing without a client."""
        return list(application.scopes) if application else []

    def get_default_scopes(
        self, application: Client | None = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """What the client gets that asks for nothing in particular: all it may."""
        return self.get_available_scopes(application)
