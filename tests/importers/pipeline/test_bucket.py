"""The bucket as the store of files, against a real S3 server."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import default_storage
from django.core.management import call_command
from pytest_django import Settings

from importers.exceptions import StoreProblem
from importers.pipeline import storage
from importers.pipeline.receive import receive
from tests.s3 import Store

PART = 8 << 20


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: bytes = b"a,b\n1,2\n", name: str = "file") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def command(*args: str) -> tuple[int, str]:
    """Exit code and what is printed."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("storage", *args, stdout=out, stderr=out)
    return int(ended.value.code or 0), out.getvalue()


# ------------------------------------------------------------------- in and out
def test_a_file_comes_back_as_it_was(
    s3: Store, in_bucket: str, file: Callable[..., Path]
) -> None:
    path = file()
    storage.put("originals/ab", path)
    with storage.local("originals/ab") as found:
        assert found.read_bytes() == path.read_bytes()
    assert not found.exists()
    told = s3.client.head_object(Bucket=in_bucket, Key="originals/ab")
    assert told["ServerSideEncryption"] == "AES256"
    assert told["ContentType"] == "application/octet-stream"
    assert told["Metadata"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    (upload,) = [asked for asked in s3.asked if asked["method"] == "PUT"][-1:]
    assert (upload["checksum"], upload["acl"]) == ("SHA256", "")


def test_a_large_file_goes_in_parts(
    s3: Store, in_bucket: str, file: Callable[..., Path]
) -> None:
    path = file(os.urandom(2 * PART + 5))
    storage.put("large", path)
    parts = [a for a in s3.asked if a["method"] == "PUT" and "partNumber" in a["query"]]
    assert len(parts) == 3
    assert all(part["checksum"] == "SHA256" for part in parts)
    with storage.local("large") as found:
        assert found.read_bytes() == path.read_bytes()


def test_the_same_bytes_are_stored_once(s3: Store, in_bucket: str) -> None:
    first, second = receive([b"a,b\n"]), receive([b"a,", b"b\n"])
    assert first == second
    assert s3.keys(in_bucket) == [first.key]
    puts = [asked["path"] for asked in s3.asked if asked["method"] == "PUT"]
    assert puts == [f"/{in_bucket}", f"/{in_bucket}/{first.key}"]


def test_damage_is_found(s3: Store, in_bucket: str, file: Callable[..., Path]) -> None:
    storage.put("x", file(b"good"))
    noted = s3.client.head_object(Bucket=in_bucket, Key="x")["Metadata"]
    s3.client.put_object(Bucket=in_bucket, Key="x", Body=b"evil", Metadata=noted)
    with (
        pytest.raises(StoreProblem, match="not what was stored once") as problem,
        storage.local("x"),
    ):
        pass
    assert not problem.value.is_passing


def test_what_is_not_there(in_bucket: str) -> None:
    with pytest.raises(FileNotFoundError), storage.local("nothing"):
        pass
    with pytest.raises(FileNotFoundError):
        storage.link("nothing", "x.csv")
    storage.remove(["nothing"])
    assert not default_storage.exists("nothing")


def test_nothing_leads_out_of_the_location(
    s3: Store, bucket: str, settings: Settings, file: Callable[..., Path]
) -> None:
    stores = {**settings.STORAGES, "default": s3.storage(bucket, location="ours")}
    settings.STORAGES = stores
    storage.put("a", file())
    assert s3.keys(bucket) == ["ours/a"]
    with pytest.raises(SuspiciousOperation):
        storage.put("../a", file())


# --------------------------------------------------------------------- failures
def test_a_store_that_fails_for_a_moment(
    s3: Store, in_bucket: str, file: Callable[..., Path]
) -> None:
    s3.failing = 3
    storage.put("x", file())
    s3.failing = 3
    with storage.local("x") as found:
        assert found.read_bytes() == file().read_bytes()


def test_a_store_that_is_down_is_said_in_words(
    s3: Store, in_bucket: str, file: Callable[..., Path]
) -> None:
    s3.is_down = True
    with pytest.raises(StoreProblem, match="does not answer just now") as problem:
        storage.put("x", file())
    assert problem.value.is_passing
    s3.is_down = False
    assert s3.keys(in_bucket) == []


def test_a_store_nobody_listens_at(
    s3: Store, settings: Settings, file: Callable[..., Path]
) -> None:
    away = s3.storage("files", endpoint_url="http://127.0.0.1:9")
    settings.STORAGES = {**settings.STORAGES, "default": away}
    with pytest.raises(StoreProblem, match=r"EndpointConnectionError") as problem:
        storage.put("x", file())
    assert problem.value.is_passing


def test_a_bucket_that_is_not_there(
    s3: Store, settings: Settings, file: Callable[..., Path]
) -> None:
    stores = {**settings.STORAGES, "default": s3.storage("not-there-at-all")}
    settings.STORAGES = stores
    with pytest.raises(StoreProblem, match="refuses what we ask") as problem:
        storage.put("x", file())
    assert not problem.value.is_passing


# ------------------------------------------------------------------------ links
def test_a_link_hands_one_file_out_for_a_while(
    s3: Store, in_bucket: str, file: Callable[..., Path]
) -> None:
    storage.put("page", file(b"<script>alert(1)</script>"))
    address = storage.link("page", "Schäden “Q2”.html")
    answer = requests.get(address, timeout=5)
    assert (answer.status_code, answer.content) == (200, b"<script>alert(1)</script>")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''Sch%C3%A4den%20%E2%80%9CQ2%E2%80%9D.html"
    )
    assert "X-Amz-Expires=120" in address
    s3.later = s3.seconds(100)
    assert requests.get(address, timeout=5).status_code == 200
    s3.later = s3.seconds(121)
    assert requests.get(address, timeout=5).status_code == 403
    assert requests.get(address.partition("?")[0], timeout=5).status_code == 403


def test_no_link_where_the_bucket_is_out_of_reach(
    s3: Store, bucket: str, settings: Settings, file: Callable[..., Path]
) -> None:
    indirect = s3.storage(bucket, is_direct=False)
    settings.STORAGES = {**settings.STORAGES, "default": indirect}
    storage.put("x", file())
    assert storage.link("x", "x.csv") == ""


# -------------------------------------------------------------------- the command
def test_a_bucket_as_it_should_be_is_made(
    s3: Store, bucket: str, settings: Settings
) -> None:
    fresh = f"{bucket}-fresh"
    settings.STORAGES = {**settings.STORAGES, "default": s3.storage(fresh)}
    code, said = command("check")
    assert code == 1
    assert said.startswith("NOT  The file store refuses what we ask of it")
    code, said = command("check", "--create")
    assert (code, said.splitlines()) == (
        0,
        [
            "ok   A file was written, read and deleted.",
            "ok   Private: public access is blocked altogether.",
            "ok   Private: its policy lets nobody in from outside.",
            "ok   Encrypted by default (AES256).",
            "ok   Versioned: what is overwritten or deleted is kept.",
        ],
    )
    assert command("check", "--create")[0] == 0
    (rule,) = s3.client.get_bucket_lifecycle_configuration(Bucket=fresh)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_a_bucket_that_is_open_is_told(s3: Store, in_bucket: str) -> None:
    code, said = command("check")
    assert code == 1
    assert "NOT  Public access is not blocked." in said
    assert "NOT  Earlier versions are not kept. Switch versioning on." in said


def test_a_folder_is_for_one_machine(storage_dir: Path) -> None:
    code, said = command("check")
    assert (code, said.splitlines()[1]) == (
        0,
        f"ok   A folder of this machine, {storage_dir}: for one machine alone.",
    )
    assert [path for path in storage_dir.rglob("*") if path.is_file()] == []
    assert command("check", "--create")[0] == 1


def test_files_move_into_a_bucket(
    s3: Store, in_bucket: str, tmp_path: Path, settings: Settings
) -> None:
    folder = tmp_path / "old"
    for key in ("originals/ab/abc", "staged/1/x/part-00000.parquet", "syncs/1/a/p"):
        (folder / key).parent.mkdir(parents=True)
        (folder / key).write_bytes(key.encode() * 3)
    (folder / "originals" / ".abc.part").write_bytes(b"half")
    s3.is_down = True
    assert command("move", "--from", str(folder))[0] == 1
    s3.is_down = False
    s3.put(in_bucket, "syncs/1/a/p", b"something else")
    code, said = command("move", "--from", str(folder))
    assert (code, said.split(" (")[0]) == (0, "3 files copied")
    assert s3.get(in_bucket, "syncs/1/a/p") == b"syncs/1/a/p" * 3
    code, said = command("move", "--from", str(folder), "--delete")
    assert "0 files copied (0 bytes), 3 were there already." in said
    assert [p.name for p in folder.rglob("*") if p.is_file()] == [".abc.part"]


# ------------------------------------------------------------------------ memory
UPLOAD = """
import resource, sys
from pathlib import Path
import django
django.setup()
from importers.pipeline import storage
small, large = Path(sys.argv[1]), Path(sys.argv[2])
storage.put("small", small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
storage.put("large", large)
with storage.local("large") as found:
    assert found.stat().st_size == large.stat().st_size
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_memory_does_not_follow_the_size(
    s3: Store, bucket: str, tmp_path: Path, file: Callable[..., Path]
) -> None:
    large = tmp_path / "large"
    with large.open("wb") as out:
        for _ in range(25):
            out.write(os.urandom(PART))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", UPLOAD, str(file()), str(large)],
        env={**environment(s3, bucket), "VAR_DIR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 40, f"{done.stdout} MB for 200 MB"


def environment(s3: Store, bucket: str) -> dict[str, Any]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "AWS_STORAGE_BUCKET_NAME": bucket,
        **s3.environment,
    }
