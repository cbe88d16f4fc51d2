"""What a rule of the table says: who may, and what a token has to be for."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may: holders of any of the permissions, with a token of the scope.

    No permission: whoever is signed in.  ``is_public``: everybody.  ``is_for_clients``:
    a client of OAuth2 that proves itself, and no user.
    """

    permissions: tuple[str, ...] = ()
    scope: str = ""
    is_public: bool = False
    is_for_clients: bool = False

    def admits(self, user: User | AnonymousUser) -> bool:
        """Whether the user may, whatever the token is for."""
        if self.is_public:
            return True
        if not (user.is_authenticated and user.is_active):
            return False
        return not self.permissions or any(map(user.has_perm, self.permissions))


PUBLIC = Rule(is_public=True)
SIGNED_IN = Rule()
FOR_CLIENTS = Rule(is_public=True, is_for_clients=True)
CLOSED: Mapping[str, Rule] = {}
Rules = Mapping[str, Mapping[str, Rule]]
"""The name of an address, and of each method the rule."""
