"""A bucket as the store of files: whole files through disk, and links that soon end.

Every file carries its SHA-256: the store checks it on the way in (part by part), and
we check it on the way out.  Large files go in parts, from disk to wire, so that memory
does not follow their size.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)
from django.utils.http import content_disposition_header
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from importers.exceptions import StoreProblem

PART = 8 << 20
OCTETS = "application/octet-stream"
PASSING = {"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException"}
NO_ANSWER = (NoConnection, HTTPClientError, IncompleteReadError, FlexibleChecksumError)
"""No connection, a cut or a garbled answer: what botocore calls a client's error."""
TRANSFER = TransferConfig(
    multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4
)


def client_config(attempts: int = 5) -> Config:
    """Patience with a store: seconds, not minutes, before somebody is told."""
    return Config(
        signature_version="s3v4",
        retries={"mode": "standard", "max_attempts": attempts},
        connect_timeout=3,
        read_timeout=20,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """What a store tells of a file; ``sha256`` is empty where it was not noted."""

    size: int
    sha256: str


@contextlib.contextmanager
def asking(key: str = "") -> Iterator[None]:
    """Raise what the store's errors mean: FileNotFoundError, StoreProblem."""
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        # boto3 wraps what happens to an upload once more.
        cause = error.__context__ if isinstance(error, Boto3Error) else error
        if not isinstance(cause, ClientError):
            name = type(cause or error).__name__
            if isinstance(cause, NO_ANSWER):
                raise StoreProblem.away(name) from error
            raise StoreProblem.refused(name) from error
        code, status = code_of(cause), status_of(cause)
        if status == 404 and code != "NoSuchBucket":
            message = f"There is no {key} in the store."
            raise FileNotFoundError(message) from error
        if status >= 500 or status == 429 or code in PASSING:
            raise StoreProblem.away(code) from error
        raise StoreProblem.refused(code) from error


def code_of(error: ClientError) -> str:
    """The store's word for an error, such as AccessDenied."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of an error."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


class Bucket(S3Storage):
    """Files in a bucket of our own; ``is_direct``: downloads come from the bucket."""

    def get_default_settings(self) -> dict[str, Any]:
        """django-storages' own, with ours."""
        return {
            **super().get_default_settings(),
            "is_direct": True,
            "file_overwrite": False,  # the default silently replaces
            "querystring_auth": True,
            "max_memory_size": 10 << 20,  # the default reads all into RAM
            "client_config": client_config(),
            "transfer_config": TRANSFER,
        }

    @property
    def client(self) -> Any:
        """This thread's client of boto3."""
        return self.connection.meta.client

    def key_of(self, name: str) -> str:
        """The key in the bucket; raises SuspiciousOperation for one outside."""
        key: str = self._normalize_name(clean_name(name))
        return key

    def _address(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self.key_of(name)}

    # ------------------------------------------------------------------ whole files
    def put(self, name: str, path: Path) -> None:
        """Store the file under the name; the store checks what arrives."""
        extra = {
            **self.get_object_parameters(name),
            "ContentType": OCTETS,
            "ChecksumAlgorithm": "SHA256",
            "Metadata": {"sha256": sha256_of(path)},
        }
        if self.default_acl:
            extra["ACL"] = self.default_acl
        with asking(name):
            self.client.upload_file(
                str(path), ExtraArgs=extra, Config=TRANSFER, **self._address(name)
            )

    def fetch(self, name: str, path: Path) -> None:
        """Bring the file to disk, and make sure that it is what was stored.

        Raises FileNotFoundError, StoreProblem.
        """
        noted = self.head(name) or self._say_missing(name)
        with asking(name):
            self.client.download_file(
                Filename=str(path), Config=TRANSFER, **self._address(name)
            )
        is_whole = path.stat().st_size == noted.size and (
            not noted.sha256 or noted.sha256 == sha256_of(path)
        )
        if not is_whole:
            raise StoreProblem(
                "A stored file is not what was stored once. Tell an operator: it has "
                "to be brought back from an earlier version."
            )

    def head(self, name: str) -> Head | None:
        """Size and SHA-256 of a file; None where there is none."""
        try:
            with asking(name):
                told = self.client.head_object(**self._address(name))
        except FileNotFoundError:
            return None
        return Head(told["ContentLength"], told.get("Metadata", {}).get("sha256", ""))

    def _say_missing(self, name: str) -> NoReturn:
        """A file that is not there; a bucket that is not there answers the same."""
        try:
            with asking():
                self.client.head_bucket(Bucket=self.bucket_name)
        except FileNotFoundError as error:
            raise StoreProblem.refused("NoSuchBucket") from error
        message = f"There is no {name} in the store."
        raise FileNotFoundError(message)

    def link(self, name: str, file_name: str) -> str:
        """An address that hands this one file out for a short while, as an attachment.

        It is never rendered: its kind is said to be a row of bytes.  Raises
        FileNotFoundError.
        """
        if not self.exists(name):
            self._say_missing(name)
        said = content_disposition_header(as_attachment=True, filename=file_name)
        asked = {"ResponseContentDisposition": said, "ResponseContentType": OCTETS}
        address: str = self.client.generate_presigned_url(
            "get_object",
            Params={**self._address(name), **asked},
            ExpiresIn=self.querystring_expire,
        )
        return address

    # ------------------------------------------------- Django's own ways to the files
    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return self.head(name) is not None

    def delete(self, name: str) -> None:
        """Take a file away; one that is gone already is fine."""
        with contextlib.suppress(FileNotFoundError), asking(name):
            self.client.delete_object(**self._address(name))

    def _open(self, name: str, mode: str = "rb") -> Any:
        try:
            with asking(name):
                return super()._open(name, mode)
        except FileNotFoundError:
            self._say_missing(name)

    def _save(self, name: str, content: Any) -> str:
        with asking(name):
            saved: str = super()._save(name, content)
        return saved


def sha256_of(path: Path) -> str:
    """SHA-256 of a file on disk, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
