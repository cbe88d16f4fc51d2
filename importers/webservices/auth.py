"""Proving who we are: each kind signs a request; the secrets never leave this room."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Protocol

from importers.webservices.values import AuthKind, Login


class Tokens(Protocol):
    """Where access tokens come from; keeps them between syncs."""

    def current(self) -> str:
        """A token that is still good for a while; a new one if need be."""

    def renew(self, refused: str) -> str:
        """Another token than the refused one."""


class Auth:
    """Signs requests for a login.

    ``secret`` gives the key, password or bearer token when it is needed, ``tokens``
    the access tokens of OAuth2.
    """

    def __init__(
        self, login: Login, secret: Callable[[], str], tokens: Tokens | None = None
    ) -> None:
        self._login = login
        self._secret = secret
        self._tokens = tokens
        self._used = ""

    @property
    def hidden_parameter(self) -> str:
        """Name of the query parameter that carries a secret; empty: none does."""
        is_in_query = self._login.kind == AuthKind.QUERY_KEY
        return self._login.key_name if is_in_query else ""

    def sign(self, headers: dict[str, str], parameters: list[tuple[str, str]]) -> None:
        """Add what proves who we are to the headers or parameters."""
        kind = self._login.kind
        if kind == AuthKind.NONE:
            return
        if kind == AuthKind.QUERY_KEY:
            name = self._login.key_name
            parameters[:] = [pair for pair in parameters if pair[0] != name]
            parameters.append((name, self._secret()))
        elif kind == AuthKind.HEADER_KEY:
            headers[self._login.key_name] = self._secret()
        elif kind == AuthKind.BASIC:
            pair = f"{self._login.user_name}:{self._secret()}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        elif kind == AuthKind.BEARER:
            headers["Authorization"] = f"Bearer {self._secret()}"
        elif self._tokens is not None:
            self._used = self._tokens.current()
            headers["Authorization"] = f"Bearer {self._used}"

    def renew(self) -> bool:
        """After a refusal: whether there is another token to try with."""
        if self._tokens is None:
            return False
        self._used = self._tokens.renew(self._used)
        return True
