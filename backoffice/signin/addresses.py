"""Where a request comes from, behind proxies of ours as well."""

import ipaddress
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The sender's address: behind proxies of ours, the one the outermost saw.

    Whatever the sender wrote into X-Forwarded-For stands left of that and is ignored.
    """
    sender: str | None = request.META.get("REMOTE_ADDR")
    if not settings.PROXY_COUNT:
        return sender
    seen = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    if len(seen) < settings.PROXY_COUNT:
        return sender
    with suppress(ValueError):
        return str(ipaddress.ip_address(seen[-settings.PROXY_COUNT].strip()))
    return sender
