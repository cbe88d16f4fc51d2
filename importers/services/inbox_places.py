"""From an inbox's row to the place it means, with the rules of who may be asked."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from importers.exceptions import PlaceProblem
from importers.models import Inbox
from importers.models.secrets import UnreadableSecret
from importers.places.network import connected
from importers.places.values import Place, Whereabouts
from importers.services import inbox_rules
from importers.services.connections import allowed_hosts
from importers.values import InboxKind
from importers.webservices import hosts

# Named, not imported: boto3 and paramiko are loaded by whoever looks into such a place.
PLACES = {
    InboxKind.FOLDER: "importers.places.folder.Folder",
    InboxKind.BUCKET: "importers.places.bucket.BucketPlace",
    InboxKind.SFTP: "importers.places.sftp.SftpPlace",
}


@contextlib.contextmanager
def opened(inbox: Inbox) -> Iterator[Place]:
    """The inbox's place, until the block ends.

    Raises PlaceProblem and ServiceProblem where it may not or cannot be asked: the
    settings and the operator's allow-lists may have changed since it was saved.
    """
    try:
        found = inbox_rules.problems_of_inbox(inbox)
        if found:
            said = next(iter(found.values()))
            raise PlaceProblem(f"The settings of the inbox are not good: {said}")
        place = _place(inbox)
    except UnreadableSecret as error:
        raise PlaceProblem(str(error)) from error
    try:
        yield place
    finally:
        place.close()


def _place(inbox: Inbox) -> Place:
    where = Whereabouts(
        kind=InboxKind(inbox.kind),
        path=inbox.path,
        bucket=inbox.bucket,
        region=inbox.region,
        endpoint_url=inbox.endpoint_url,
        host=inbox.host,
        port=inbox.port,
        host_key=inbox.host_key,
        user_name=inbox.user_name,
        secret=inbox.secret,
        private_key=inbox.private_key,
    )
    options: dict[str, Any] = {}
    if where.kind == InboxKind.FOLDER:
        options = {"root": Path(settings.INBOX_ROOT)}
    elif where.kind == InboxKind.SFTP:
        may = allowed_hosts().may_be_private(inbox_rules.address_of(inbox))
        options = {"may_be_private": may}
    else:
        where = _with_store(where)
    place: Place = import_string(PLACES[where.kind])(where, **options)
    return place


def _with_store(where: Whereabouts) -> Whereabouts:
    """The bucket at its store; with our own credentials only at our own store."""
    if not where.user_name:
        return replace(
            where,
            region=where.region or settings.AWS_S3_REGION_NAME,
            endpoint_url=settings.AWS_S3_ENDPOINT_URL,
        )
    if where.endpoint_url:
        _require_public(where.endpoint_url)
    return where


def _require_public(url: str) -> None:
    """Raise PlaceProblem where the store's address leads into a private network."""
    if allowed_hosts().may_be_private(url):
        return
    parts = hosts.address(url)
    connected(str(parts.hostname), hosts.port_of(parts), may_be_private=False).close()
