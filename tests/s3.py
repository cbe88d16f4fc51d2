"""A real S3 server on this machine: moto behind a gate that is as strict as S3.

The gate lets nobody in unsigned, ends links when their time is over, remembers what
was asked, and fails when it is told to.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import boto3
from botocore.config import Config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test-secret"}
REGION = "eu-west-1"


class _Quiet(WSGIRequestHandler):
    def log(self, *args: Any, **kwargs: Any) -> None:
        """Nothing on the terminal."""


@dataclass
class Store:
    """A running server; ``failing``: how many of the next requests get a 503."""

    failing: int = 0
    is_down: bool = False
    later: timedelta = timedelta()
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    before: Callable[[str, str], None] | None = None

    def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
        """A request through the gate."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path.startswith("/moto-api"):
            return self._moto(environ, start)
        self.asked.append(
            {
                "method": method,
                "path": path,
                "encryption": environ.get("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION", ""),
                "checksum": environ.get("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM", "")
                or environ.get("HTTP_X_AMZ_CHECKSUM_ALGORITHM", ""),
                "acl": environ.get("HTTP_X_AMZ_ACL", ""),
                "query": environ.get("QUERY_STRING", ""),
            }
        )
        if self.before is not None:
            self.before(method, path)
        if self.is_down or self.failing > 0:
            self.failing -= 1
            return _error(start, "503 Slow Down", "SlowDown")
        if "X-Amz-Signature" in query:
            signed = datetime.strptime(
                query["X-Amz-Date"][0] + "+0000", "%Y%m%dT%H%M%SZ%z"
            )
            life = timedelta(seconds=int(query["X-Amz-Expires"][0]))
            if datetime.now(UTC) + self.later > signed + life:
                return _error(start, "403 Forbidden", "AccessDenied")
        elif "HTTP_AUTHORIZATION" not in environ:
            return _error(start, "403 Forbidden", "AccessDenied")
        return self._moto(environ, start)

    def _moto(self, environ: Any, start: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = _APP(environ, start)
        return answer

    @property
    def client(self) -> Any:
        """A client with all rights."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            **KEYS,
            config=Config(retries={"max_attempts": 1}),
        )

    def bucket(self, name: str) -> str:
        """Another bucket, empty."""
        self.client.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        return name

    def recover(self) -> None:
        """As it was at first, whatever a test has told it to do."""
        self.failing, self.is_down, self.later, self.before = (
            0,
            False,
            timedelta(),
            None,
        )
        self.asked.clear()

    @staticmethod
    def seconds(count: float) -> timedelta:
        """So long, for ``later``."""
        return timedelta(seconds=count)

    def storage(self, bucket: str, **options: Any) -> dict[str, Any]:
        """What STORAGES says of a bucket here."""
        return {
            "BACKEND": "importers.pipeline.bucket.Bucket",
            "OPTIONS": {
                "bucket_name": bucket,
                "endpoint_url": self.url,
                "region_name": REGION,
                "access_key": KEYS["aws_access_key_id"],
                "secret_key": KEYS["aws_secret_access_key"],
                "object_parameters": {"ServerSideEncryption": "AES256"},
                "querystring_expire": 120,
                **options,
            },
        }

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Somebody else's file."""
        self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def get(self, bucket: str, key: str) -> bytes:
        """What a file holds."""
        content: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def keys(self, bucket: str) -> list[str]:
        """Everything in a bucket."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use the server."""
        return {
            "AWS_S3_ENDPOINT_URL": self.url,
            "AWS_S3_REGION_NAME": REGION,
            "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        }


def _error(start: Any, status: str, code: str) -> list[bytes]:
    start(status, [("Content-Type", "application/xml")])
    root = ElementTree.Element("Error")
    ElementTree.SubElement(root, "Code").text = code
    return [ElementTree.tostring(root)]


_APP = DomainDispatcherApplication(create_backend_app)


@contextmanager
def running() -> Iterator[Store]:
    """A server with nothing in it, until the block ends."""
    store = Store()
    server = make_server("127.0.0.1", 0, store, threaded=True, request_handler=_Quiet)
    store.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
