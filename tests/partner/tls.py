"""Certificates of the partner: good ones, and each kind that must be refused."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1")
KINDS = ("good", "expired", "wrong host", "untrusted", "self-signed")


@cache
def _authority(number: int) -> trustme.CA:
    return trustme.CA(organization_name=f"Partner tests {number}")


def context(kind: str) -> ssl.SSLContext:
    """The server's side.

    "expired", "wrong host" (partner.example), "untrusted": issued by an authority that
    is not in the client's file; "self-signed": the certificate of such an authority.
    """
    if kind not in KINDS:
        raise ValueError(kind)
    authority = _authority(2 if kind in ("untrusted", "self-signed") else 1)
    names = ("partner.example",) if kind == "wrong host" else NAMES
    ends = datetime(2020, 1, 1, tzinfo=UTC) if kind == "expired" else None
    begins = datetime(2019, 1, 1, tzinfo=UTC) if ends else None
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if kind == "self-signed":
        with authority.private_key_pem.tempfile() as key:
            pem = key + ".chain"
            Path(pem).write_bytes(
                authority.private_key_pem.bytes() + authority.cert_pem.bytes()
            )
            server.load_cert_chain(pem)
            Path(pem).unlink()
        return server
    issued = authority.issue_cert(*names, not_before=begins, not_after=ends)
    issued.configure_cert(server)
    return server


def write_ca(path: Path) -> Path:
    """Write the certificate of the authority that clients trust."""
    _authority(1).cert_pem.write_to_path(str(path))
    return path
