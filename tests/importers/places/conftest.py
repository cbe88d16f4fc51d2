"""Each kind of place, with the same files in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from importers.places.bucket import BucketPlace
from importers.places.folder import Folder
from importers.places.sftp import SftpPlace, print_of
from importers.places.values import Place, Whereabouts
from importers.values import InboxKind, Secret
from tests import sftp
from tests.s3 import KEYS, REGION, Store


@dataclass
class Corner:
    """A place as we see it, and as its owner does."""

    place: Place
    put: Callable[[str, bytes], None]
    get: Callable[[str], bytes]
    names: Callable[[], list[str]]


def of_folder(folder: Path) -> tuple[Callable, Callable, Callable]:
    """How the owner of a folder puts, gets and lists."""

    def put(name: str, content: bytes) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def names() -> list[str]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(folder).as_posix() for path in files)

    return put, lambda name: (folder / name).read_bytes(), names


def bucket_place(s3: Store, bucket: str, path: str = "in") -> BucketPlace:
    """The prefix of a bucket, with keys of its own."""
    return BucketPlace(
        Whereabouts(
            kind=InboxKind.BUCKET,
            path=path,
            bucket=bucket,
            region=REGION,
            endpoint_url=s3.url,
            user_name=KEYS["aws_access_key_id"],
            secret=Secret(KEYS["aws_secret_access_key"]),
        )
    )


def sftp_where(server: sftp.Server, **changes: object) -> Whereabouts:
    """A folder of the server, as user and with the password that it knows."""
    values = {
        "kind": InboxKind.SFTP,
        "host": "127.0.0.1",
        "port": server.port,
        "host_key": print_of(server.host_key),
        "user_name": sftp.USER,
        "secret": Secret(sftp.PASSWORD),
        "path": "in",
    }
    return Whereabouts(**{**values, **changes})


@pytest.fixture
def sftp_server(tmp_path: Path) -> Iterator[sftp.Server]:
    """A server with one empty folder, "in"."""
    root = tmp_path / "sftp"
    (root / "in").mkdir(parents=True)
    with sftp.running(root) as server:
        yield server


@pytest.fixture(params=["folder", "bucket", "sftp"])
def corner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Corner]:
    """Each kind of place in turn, empty."""
    if request.param == "folder":
        where = Whereabouts(kind=InboxKind.FOLDER, path="andes/in")
        place: Place = Folder(where, root=tmp_path / "root")
        corner = Corner(place, *of_folder(tmp_path / "root" / "andes" / "in"))
    elif request.param == "sftp":
        server = request.getfixturevalue("sftp_server")
        place = SftpPlace(sftp_where(server), may_be_private=True)
        corner = Corner(place, *of_folder(server.root / "in"))
    else:
        s3: Store = request.getfixturevalue("s3")
        bucket: str = request.getfixturevalue("bucket")
        corner = Corner(
            bucket_place(s3, bucket),
            lambda name, content: s3.put(bucket, f"in/{name}", content),
            lambda name: s3.get(bucket, f"in/{name}"),
            lambda: sorted(key.removeprefix("in/") for key in s3.keys(bucket)),
        )
    yield corner
    corner.place.close()
