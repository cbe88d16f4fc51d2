"""Which hosts may be asked: the allow-list that the operator keeps in the environment.

An entry is ``*`` (every public host), ``*.example.com`` (public hosts below it) or a
host by name or address, with or without a port.  A host named in full may lie in a
private network or be this machine itself; with ``http://`` before it, it may be asked
without encryption.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import SplitResult, urlsplit

from importers.webservices.problems import AddressRefused, BadFeed

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[\w.:-]+")


@dataclass(frozen=True, slots=True)
class _Entry:
    pattern: str
    port: int | None
    is_plain: bool

    @property
    def is_in_full(self) -> bool:
        return "*" not in self.pattern

    def fits(self, host: str, port: int, scheme: str) -> bool:
        if self.port not in (None, port):
            return False
        if scheme == "http" and not self.is_plain:
            return False
        return fnmatchcase(host, self.pattern)


def _entry(text: str) -> _Entry:
    is_plain = text.startswith("http://")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    return _Entry((parts.hostname or "").rstrip("."), parts.port, is_plain)


class AllowedHosts:
    """The allow-list; ``entries`` as described above."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = [_entry(text.strip()) for text in entries if text.strip()]

    def may_be_private(self, url: str) -> bool:
        """Whether the URL's host may be in a private network, if it may be asked.

        Raises AddressRefused where it may not, BadFeed for what is no web address.
        """
        parts = address(url)
        host, port = str(parts.hostname).rstrip("."), port_of(parts)
        fitting = [e for e in self._entries if e.fits(host, port, parts.scheme)]
        if fitting:
            return any(entry.is_in_full for entry in fitting)
        if parts.scheme == "http" and any(
            entry.fits(host, port, "https") for entry in self._entries
        ):
            raise AddressRefused(
                f"“{host}” would be asked without encryption (http). Use its https "
                "address, or have an operator allow it in WEB_SERVICE_HOSTS."
            )
        raise AddressRefused(
            f"The host “{host}” is not allowed. Have an operator add it to "
            "WEB_SERVICE_HOSTS if it is a partner's."
        )


def address(url: str) -> SplitResult:
    """The parts of a web address; raises BadFeed for anything else."""
    try:
        parts = urlsplit(url)
        is_host = _HOST.fullmatch(parts.hostname or "")
        good = parts.scheme in _PORTS and is_host and port_of(parts)
    except ValueError:
        good = None
        parts = urlsplit("")
    if not good:
        raise BadFeed("The address is no web address. It begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise BadFeed(
            "The address holds a user name or password. Take it out and choose the "
            "way of signing in instead."
        )
    return parts


def port_of(parts: SplitResult) -> int:
    """The port that the address leads to."""
    return parts.port or _PORTS[parts.scheme]


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses lead to the same scheme, host and port."""
    first, second = address(one), address(other)
    return (first.scheme, first.hostname, port_of(first)) == (
        second.scheme,
        second.hostname,
        port_of(second),
    )


def shown(url: str) -> str:
    """The address without parameters, which may hold secrets: for messages."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"
