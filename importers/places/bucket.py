"""A prefix of an S3 bucket: moved by copying that very version, then deleting it."""

import contextlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from importers.exceptions import FileMoved, PlaceProblem, StoreProblem
from importers.pipeline.bucket import TRANSFER, asking, client_config, code_of
from importers.places.values import BLOCK, MOST_SEEN, Found, Whereabouts

OTHER = {"PreconditionFailed", "ConditionalRequestConflict", "412"}
TRIES = 2
"""The next look is the patience that an inbox has."""
NOT_KNOWN = {"NotImplemented", "501"}


class BucketPlace:
    """The objects directly below a prefix; those below a further "/" are elsewhere.

    Without keys of its own the program's credentials are used; whether they may be is
    for whoever makes the place to know.
    """

    def __init__(self, where: Whereabouts) -> None:
        keys = {
            "access_key": where.user_name,
            "secret_key": where.secret.reveal(),
            "security_token": None,
            "session_profile": None,
        }
        self._bucket = where.bucket
        self._prefix = f"{where.path.strip('/')}/" if where.path.strip("/") else ""
        store = S3Storage(
            bucket_name=where.bucket,
            region_name=where.region or None,
            endpoint_url=where.endpoint_url or None,
            client_config=client_config(TRIES),
            **(keys if where.user_name else {}),
        )
        try:
            self._client: Any = store.connection.meta.client
        except (BotoCoreError, ValueError) as error:
            said = f"The bucket's settings are not good: {error}"
            raise PlaceProblem(said) from error

    def look(self) -> Iterator[Found]:
        """The objects directly below the prefix."""
        with _telling(self._bucket):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            told = (entry for page in pages for entry in page.get("Contents", ()))
            for entry in islice(told, MOST_SEEN):
                name = entry["Key"].removeprefix(self._prefix)
                if name:
                    yield Found(name, entry["Size"], entry["ETag"].strip('"'))

    def read(self, found: Found) -> Iterator[bytes]:
        """The bytes of that very object."""
        with _telling(found.name):
            told = self._client.get_object(
                **self._address(found.name), IfMatch=found.etag
            )
            with contextlib.closing(told["Body"]) as body:
                yield from body.iter_chunks(BLOCK)

    def move(self, source: str, target: str, etag: str = "") -> None:
        """Copy the object, make sure that the copy is there, delete the object."""
        with _telling(source):
            try:
                told = self._client.head_object(**self._address(source))
            except ClientError as error:
                if code_of(error) not in {"404", "NoSuchKey"}:
                    raise
                self._client.head_object(**self._address(target))
                return
            if etag and told["ETag"].strip('"') != etag:
                raise FileMoved("The file is another by now.", is_passing=True)
            self._client.copy(
                self._address(source),
                Bucket=self._bucket,
                Key=self._prefix + target,
                ExtraArgs={"CopySourceIfMatch": told["ETag"]},
                Config=TRANSFER,
            )
            self._delete(source, told["ETag"])

    def _delete(self, name: str, etag: str) -> None:
        try:
            self._client.delete_object(**self._address(name), IfMatch=etag)
        except ClientError as error:
            if code_of(error) not in NOT_KNOWN:
                raise
            self._client.delete_object(**self._address(name))

    def write(self, target: str, text: str) -> None:
        """Put a small text object."""
        with _telling(target):
            self._client.put_object(
                **self._address(target),
                Body=text.encode(),
                ContentType="text/plain; charset=utf-8",
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _address(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}


@contextlib.contextmanager
def _telling(what: str) -> Iterator[None]:
    """Say what the store's answers mean for an inbox."""
    try:
        with asking(what):
            try:
                yield
            except ClientError as error:
                if code_of(error) in OTHER:
                    said = "The file is another by now."
                    raise FileMoved(said, is_passing=True) from error
                raise
    except FileNotFoundError as error:
        raise FileMoved(f"“{what}” is gone.", is_passing=True) from error
    except StoreProblem as problem:
        code = problem.answer
        if problem.is_passing:
            said = f"The bucket does not answer just now ({code})."
            raise PlaceProblem(said, is_passing=True) from problem
        raise PlaceProblem(
            f"The bucket refuses us ({code}). Check its name and region, the keys, and "
            "that they may list, read, write and delete."
        ) from problem
