"""Backups in a bucket: a dump is streamed into it, and is there whole or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from backoffice.backups import making, restoring, shelf
from backoffice.backups.databases import Database
from backoffice.backups.models import Backup
from backoffice.backups.problems import DumpFailed, NoStorage

pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """A bucket of a local server that speaks S3, as the environment would name it."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_S3_REGION_NAME": "eu-west-1", "AWS_S3_ENDPOINT_URL": address,
        "AWS_BACKUP_SSE": "AES256",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    from backoffice.settings import backups  # noqa: PLC0415 the function reads these

    monkeypatch.setattr(backups, "AWS_BACKUP_BUCKET_NAME", "safe")
    settings.STORAGES = {**settings.STORAGES, "backups": backups._backup_storage()}
    client = boto3.client("s3", endpoint_url=address, region_name="eu-west-1")
    client.create_bucket(
        Bucket="safe", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    yield client
    requests.post(f"{address}/moto-api/reset", timeout=10)
    server.stop()


def objects(client: object) -> dict[str, int]:
    found = client.list_objects_v2(Bucket="safe")  # type: ignore[attr-defined]
    return {item["Key"]: item["Size"] for item in found.get("Contents", [])}


def test_into_a_bucket_and_back(
    bucket: object, new_database: Callable[[], Database], program: Callable[..., Path]
) -> None:
    made = making.make()
    assert objects(bucket)[f"backups/{made.key}.dump"] == made.size
    head = bucket.head_object(  # type: ignore[attr-defined]
        Bucket="safe", Key=f"backups/{made.key}.dump"
    )
    assert head["ServerSideEncryption"] == "AES256"
    assert shelf.kept() == [made.key]
    restoring.restore("latest", new_database())

    # Longer than a part of an upload, and broken off: nothing of it stays.
    program("head -c 80000000 /dev/zero; echo 'cut off' >&2; exit 1")
    with pytest.raises(DumpFailed, match="pg_dump gave up: cut off"):
        making.make()
    assert len(objects(bucket)) == 2
    uploads = bucket.list_multipart_uploads(Bucket="safe")  # type: ignore[attr-defined]
    assert "Uploads" not in uploads


def test_a_bucket_that_is_not_there(bucket: object, settings: Settings) -> None:
    bucket.delete_bucket(Bucket="safe")  # type: ignore[attr-defined]
    with pytest.raises(NoStorage, match="The backup storage could not list its files"):
        making.make()
    assert "could not list its files" in Backup.objects.get().problem
