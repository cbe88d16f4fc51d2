"""Connections to servers of partners, at addresses that were looked at first."""

import ipaddress
import socket

from importers.exceptions import PlaceProblem

CONNECT_SECONDS = 10


def connected(host: str, port: int, may_be_private: bool) -> socket.socket:
    """A connection to the host, at an address that was looked at first."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        said = f"The host “{host}” is not known."
        raise PlaceProblem(said, is_passing=True) from error
    address = str(found[0][4][0])
    if not may_be_private and not ipaddress.ip_address(address).is_global:
        raise PlaceProblem(
            f"“{host}” leads into a private network. Have an operator add it to "
            "WEB_SERVICE_HOSTS by its full name if that is meant."
        )
    return socket.create_connection((address, port), timeout=CONNECT_SECONDS)
