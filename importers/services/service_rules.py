"""Which settings of a service hold together: the rules, for every door.

A rule looks at an object that need not be saved yet, and answers with the field and
what to do about it; lengths, choices and numbers are the models' own validators'.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from importers.models import WebService
from importers.models.secrets import SealedSecret, cipher
from importers.services.connections import allowed_hosts
from importers.values import AuthKind, Secret
from importers.webservices import hosts
from importers.webservices.problems import ServiceProblem

Problems = dict[str, str]
"""Name of the field to what is wrong with it; empty: all is well."""

KEPT_OUT = ("authorization", "cookie", "host", "proxy-authorization", "content-length")
NEEDED: Mapping[AuthKind, Mapping[str, str]] = {
    AuthKind.HEADER_KEY: {
        "key_name": "Enter the name of the header that carries the key.",
        "secret": "Enter the key.",
    },
    AuthKind.QUERY_KEY: {
        "key_name": "Enter the name of the parameter that carries the key.",
        "secret": "Enter the key.",
    },
    AuthKind.BASIC: {
        "user_name": "Enter the user name.",
        "secret": "Enter the password.",
    },
    AuthKind.BEARER: {"secret": "Enter the token."},
    AuthKind.CLIENT_CREDENTIALS: {
        "token_url": "Enter the address that hands out tokens.",
        "client_id": "Enter the client's id.",
        "secret": "Enter the client's secret.",
    },
    AuthKind.REFRESH_TOKEN: {
        "token_url": "Enter the address that hands out tokens.",
        "client_id": "Enter the client's id.",
        "refresh_token": "Enter the refresh token.",
    },
}
_KINDS = [kind.value for kind in AuthKind]
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def problems_of_service(service: WebService) -> Problems:
    """What keeps the service from being asked, by field."""
    found: Problems = {}
    if service.base_url and (said := _address(service.base_url)):
        found["base_url"] = said
    kind = AuthKind(service.auth) if service.auth in _KINDS else AuthKind.NONE
    for name, said in NEEDED.get(kind, {}).items():
        if not getattr(service, name):
            found[name] = said
    has_tokens = "token_url" in NEEDED.get(kind, {}) and service.token_url
    if has_tokens and (said := _address(service.token_url)):
        found["token_url"] = said
    is_named = kind == AuthKind.HEADER_KEY and service.key_name
    if is_named and not _HEADER_NAME.fullmatch(service.key_name):
        found["key_name"] = "This is no name of a header, such as X-API-Key."
    for name in ("secret", "refresh_token"):
        if said := _secret(getattr(service, name), kind):
            found[name] = said
    if said := _headers(service.headers):
        found["headers"] = said
    return found


def leads_elsewhere(before: WebService, after: WebService) -> bool:
    """Whether stored secrets could now go to a host that they were not given for.

    Whoever may edit a service may not read its secrets, hence may not send them to a
    host of their own either: they have to be entered anew.
    """
    return not _origins(after) <= _origins(before)


def _origins(service: WebService) -> set[Any]:
    """Where a secret of the service may be sent: scheme, host and port."""
    found: set[Any] = set()
    for url in filter(None, (service.base_url, service.token_url)):
        try:
            parts = hosts.address(url)
        except ServiceProblem:
            found.add(url)
        else:
            found.add((parts.scheme, parts.hostname, hosts.port_of(parts)))
    return found


def _address(url: str) -> str:
    try:
        allowed_hosts().may_be_private(url)
    except ServiceProblem as problem:
        return problem.message
    if "?" in url or "#" in url:
        return "The address ends before “?” and “#”: put parameters into the feed."
    return ""


def _secret(secret: Secret, kind: AuthKind) -> str:
    """What is wrong with a secret that was entered just now."""
    if not secret or isinstance(secret, SealedSecret):
        return ""
    text = secret.reveal()
    is_in_header = kind in {AuthKind.HEADER_KEY, AuthKind.BEARER}
    if not text.isprintable() or (is_in_header and not text.isascii()):
        return "It holds characters that cannot be sent. Copy it once more."
    if is_in_header and text != text.strip():
        return "It begins or ends with a blank. Copy it once more."
    try:
        cipher()
    except (ImproperlyConfigured, ValueError):
        return (
            "Secrets cannot be kept on this server yet. Have an operator set "
            "FIELD_ENCRYPTION_KEYS, then enter it again."
        )
    return ""


def _headers(headers: Any) -> str:
    if not is_flat(headers):
        return 'Write names and texts: {"Accept-Language": "en"}.'
    for name, value in headers.items():
        if name.lower() in KEPT_OUT:
            return (
                f"“{name}” is not sent this way. Choose the way of signing in instead."
            )
        if not _HEADER_NAME.fullmatch(name):
            return f"“{name}” is no name of a header."
        text = str(_text(value))
        if not text.isprintable() or not text.isascii():
            return f"The value of “{name}” holds characters that cannot be sent."
    return ""


def texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are sent: numbers and yes/no become text, the rest stays."""
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def is_flat(values: Any, *, only_texts: bool = False) -> bool:
    """Whether it is an object of names and plain values."""
    plain = str if only_texts else (str, int, float, bool)
    return isinstance(values, dict) and all(
        isinstance(name, str) and name and isinstance(value, plain)
        for name, value in values.items()
    )
