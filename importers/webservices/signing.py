"""Signatures of what we send, after the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks, version 1: HMAC-SHA256 over
``{id}.{timestamp}.{body}`` with the bytes of the secret, base64, behind ``v1,``; the
secret is written as ``whsec_`` and the base64 of its bytes.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

SECRET_BYTES = 32
_PREFIX = "whsec_"


def new_secret() -> str:
    """A random secret as it is handed to the receiver."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(
    identifier: str, timestamp: int, body: bytes, keys: Iterable[str]
) -> dict[str, str]:
    """The headers of a message, signed with each of the secrets.

    ``timestamp``: Unix time of this try.
    """
    signed = f"{identifier}.{timestamp}.".encode() + body
    return {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(signed, key) for key in keys),
    }


def _signature(signed: bytes, key: str) -> str:
    secret = base64.b64decode(key.removeprefix(_PREFIX))
    digest = hmac.digest(secret, signed, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
