"""Which settings of an inbox hold together: the rules, for every door.

A rule looks at an inbox that need not be saved yet, and answers with the field and what
to do about it.
"""

import re
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_ssh_private_key,
)
from django.conf import settings

from importers.models import Inbox
from importers.services import hand_in_rules
from importers.services.connections import allowed_hosts
from importers.services.service_rules import Problems
from importers.values import InboxKind
from importers.webservices.problems import ServiceProblem

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9-]*")
_PRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


def problems_of_inbox(inbox: Inbox) -> Problems:
    """What keeps the inbox from being looked into, by field."""
    found: Problems = {}
    place = {
        InboxKind.FOLDER: _folder,
        InboxKind.BUCKET: _bucket,
        InboxKind.SFTP: _sftp,
    }
    lies = place[InboxKind(inbox.kind)]
    for rule in (
        hand_in_rules.kind_of_record,
        hand_in_rules.mapping,
        _path,
        lies,
        _apart,
    ):
        for name, said in rule(inbox).items():
            found.setdefault(name, said)
    return found


def _path(inbox: Inbox) -> Problems:
    parts = inbox.path.split("/")
    if ".." in parts or "." in parts or not inbox.path.isprintable():
        return {"path": "Enter a path without “.” and “..”."}
    return {}


def _apart(inbox: Inbox) -> Problems:
    """Inboxes share a place only for one sender's files, and none lies in another."""
    here = _parts(inbox)
    for other in Inbox.objects.filter(kind=inbox.kind).exclude(pk=inbox.pk):
        there = _parts(other)
        if _where(other) != _where(inbox):
            continue
        is_same = here == there and other.source_id == inbox.source_id
        shorter = min(len(here), len(there))
        if not is_same and here[:shorter] == there[:shorter]:
            said = "Another inbox looks there. Enter a place of its own."
            return {"path": said}
    return {}


def _parts(inbox: Inbox) -> list[str]:
    return [part for part in inbox.path.split("/") if part]


def _where(inbox: Inbox) -> tuple[Any, ...]:
    if inbox.kind == InboxKind.SFTP:
        return inbox.host.lower(), inbox.port, inbox.user_name
    if inbox.kind == InboxKind.BUCKET:
        return inbox.endpoint_url, inbox.bucket
    return ()


def _folder(inbox: Inbox) -> Problems:
    if not inbox.path.strip("/"):
        return {"path": "Enter a folder of its own, such as andes/claims."}
    if inbox.path.startswith("/") or "\\" in inbox.path:
        return {"path": "Enter the path below the folder that the operator has set."}
    return {}


def _bucket(inbox: Inbox) -> Problems:
    found: Problems = {}
    if not _BUCKET.fullmatch(inbox.bucket):
        found["bucket"] = "Enter the name of a bucket: small letters, digits, - and ."
    if not _REGION.fullmatch(inbox.region):
        found["region"] = "Enter a region, such as eu-west-1."
    if inbox.endpoint_url and (said := _host(inbox.endpoint_url)):
        found["endpoint_url"] = said
    if bool(inbox.user_name) != bool(inbox.secret):
        found["secret"] = "A key has two halves: enter both or none."  # noqa: S105
    elif not inbox.user_name:
        found |= _with_our_credentials(inbox)
    return found


def _with_our_credentials(inbox: Inbox) -> Problems:
    if inbox.endpoint_url:
        return {"user_name": "Another store needs a key of its own."}
    if not may_use_our_credentials(inbox.bucket, inbox.path):
        return {
            "user_name": "Enter the key for this bucket, or have an operator add the "
            "bucket to INBOX_BUCKETS."
        }
    return {}


def may_use_our_credentials(bucket: str, path: str) -> bool:
    """Whether the operator lets inboxes read there as the program itself.

    Never the bucket that keeps our own files.
    """
    if bucket == settings.AWS_STORAGE_BUCKET_NAME:
        return False
    asked = f"{bucket}/{path.strip('/')}/"
    return any(
        asked.startswith(f"{entry.strip().strip('/')}/")
        for entry in settings.INBOX_BUCKETS
        if entry.strip()
    )


def _sftp(inbox: Inbox) -> Problems:
    found: Problems = {}
    if not inbox.host:
        found["host"] = "Enter the name of the server."
    elif said := _host(address_of(inbox)):
        found["host"] = said
    prints = inbox.host_key.split()
    if not prints or not all(map(_PRINT.fullmatch, prints)):
        found["host_key"] = (
            "Enter the fingerprint of the server's key as OpenSSH writes it, "
            "SHA256:… and 43 more characters. The partner tells it."
        )
    if not inbox.user_name:
        found["user_name"] = "Enter the user we sign in as."
    if not (inbox.secret or inbox.private_key):
        found["secret"] = "Enter a password or a private key."  # noqa: S105
    elif said := _key(inbox):
        found["private_key"] = said
    return found


def address_of(inbox: Inbox) -> str:
    """The SFTP server as the allow-list of hosts reads it."""
    host = f"[{inbox.host}]" if ":" in inbox.host else inbox.host
    return f"https://{host}:{inbox.port}"


def _key(inbox: Inbox) -> str:
    """What is wrong with the private key."""
    if not inbox.private_key:
        return ""
    text = inbox.private_key.reveal().encode()
    try:
        if b"OPENSSH PRIVATE KEY" in text:
            load_ssh_private_key(text, None)
        else:
            load_pem_private_key(text, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return (
            "This is no private key that can be read. Enter an Ed25519, ECDSA or RSA "
            "key as OpenSSH writes it, without a passphrase."
        )
    return ""


def _host(url: str) -> str:
    try:
        allowed_hosts().may_be_private(url)
    except ServiceProblem as problem:
        return problem.message
    return ""


def leads_elsewhere(before: Inbox, after: Inbox) -> bool:
    """Whether stored secrets could now go to where they were not given for."""
    return _target(before) != _target(after)


def _target(inbox: Inbox) -> tuple[Any, ...]:
    if inbox.kind == InboxKind.SFTP:
        return inbox.kind, inbox.host, inbox.port, inbox.host_key
    return inbox.kind, inbox.endpoint_url, inbox.region
