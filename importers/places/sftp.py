"""A folder of an SFTP server whose host key is known beforehand."""

import base64
import contextlib
import hashlib
import io
import posixpath
import stat
from collections.abc import Iterator
from itertools import islice
from typing import Any

import paramiko
from storages.backends.sftpstorage import SFTPStorage

from importers.exceptions import FileMoved, PlaceProblem
from importers.places.network import CONNECT_SECONDS, connected
from importers.places.values import BLOCK, MOST_SEEN, Found, Whereabouts
from importers.values import Secret

ANSWER_SECONDS = 60
AHEAD = 64
"""Blocks of 32 KB asked for before they are needed: 2 MB of memory."""


class HostKeyDiffers(PlaceProblem):
    """The server shows another key than the one that was agreed on."""

    code = "host_key_differs"


class _OnlyKnown(paramiko.MissingHostKeyPolicy):
    """Accepts the fingerprints that were agreed on, and no other."""

    def __init__(self, known: str) -> None:
        self.known = {text.rstrip("=") for text in known.split()}

    def missing_host_key(self, client: Any, hostname: str, key: paramiko.PKey) -> None:
        """Ask the fingerprint of the key that the server shows."""
        shown = print_of(key)
        if shown not in self.known:
            raise HostKeyDiffers(
                f"“{hostname}” shows the key {key.get_name()} {shown}, which is not "
                "the one that was agreed on. Nothing was sent. Ask the partner by "
                "phone whether it is theirs, and only then enter it."
            )


def print_of(key: paramiko.PKey) -> str:
    """The fingerprint of a key as OpenSSH writes it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


class _Server(SFTPStorage):
    """django-storages' SFTP, to one address and with a known host key alone."""

    def __init__(self, where: Whereabouts, *, may_be_private: bool) -> None:
        super().__init__(host=where.host, root_path=where.path or ".")
        self._where = where
        self._may_be_private = may_be_private

    def _connect(self) -> None:
        where = self._where
        self._ssh = paramiko.SSHClient()
        self._ssh.set_missing_host_key_policy(_OnlyKnown(where.host_key))
        self._ssh.connect(
            where.host,
            port=where.port,
            username=where.user_name,
            password=where.secret.reveal() or None,
            pkey=read_key(where.private_key),
            look_for_keys=False,
            allow_agent=False,
            sock=connected(where.host, where.port, self._may_be_private),
            timeout=CONNECT_SECONDS,
            banner_timeout=CONNECT_SECONDS,
            auth_timeout=CONNECT_SECONDS,
        )
        self._sftp = self._ssh.open_sftp()
        self._sftp.get_channel().settimeout(ANSWER_SECONDS)


def read_key(text: Secret) -> paramiko.PKey | None:
    """The private key; None where there is none.  Raises PlaceProblem."""
    if not text:
        return None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with contextlib.suppress(paramiko.SSHException, ValueError, IndexError):
            key: paramiko.PKey = kind.from_private_key(io.StringIO(text.reveal()))
            return key
    raise PlaceProblem(
        "The private key cannot be read. Enter an Ed25519, ECDSA or RSA key as OpenSSH "
        "writes it, without a passphrase."
    )


class SftpPlace:
    """A folder of the server; it signs in with a key or password of its own."""

    def __init__(self, where: Whereabouts, *, may_be_private: bool) -> None:
        self._server = _Server(where, may_be_private=may_be_private)
        self._host = where.host

    def look(self) -> Iterator[Found]:
        """The regular files in the folder."""
        with self._telling("the folder"):
            told = self._server.sftp.listdir_attr(self._path(""))
            for entry in islice(told, MOST_SEEN):
                if stat.S_ISREG(entry.st_mode or 0):
                    yield Found(entry.filename, entry.st_size or 0, _etag(entry))

    def read(self, found: Found) -> Iterator[bytes]:
        """The bytes, provided the file is the same before and after."""
        path = self._path(found.name)
        with self._telling(found.name):
            self._require_same(path, found.etag)
            with self._server.sftp.open(path, "rb") as stream:
                stream.prefetch(found.size, max_concurrent_requests=AHEAD)
                while block := stream.read(BLOCK):
                    yield block
            self._require_same(path, found.etag)

    def move(self, source: str, target: str, etag: str = "") -> None:
        """Rename the file on the server."""
        before, after = self._path(source), self._path(target)
        with self._telling(source):
            sftp = self._server.sftp
            try:
                told = sftp.lstat(before)
            except FileNotFoundError:
                sftp.lstat(after)
                return
            if etag:
                _require(told, etag)
            self._make(posixpath.dirname(target))
            try:
                sftp.posix_rename(before, after)
            except OSError:  # a server without OpenSSH's extension
                sftp.rename(before, after)

    def write(self, target: str, text: str) -> None:
        """Write a small file."""
        with self._telling(target):
            self._make(posixpath.dirname(target))
            self._server.sftp.putfo(io.BytesIO(text.encode()), self._path(target))

    def close(self) -> None:
        """Sign out."""
        self._server.close()

    def _path(self, place: str) -> str:
        path: str = self._server._remote_path(place)
        return path

    def _make(self, folder: str) -> None:
        so_far = ""
        for name in folder.split("/"):
            so_far = posixpath.join(so_far, name)
            try:
                told = self._server.sftp.lstat(self._path(so_far))
            except FileNotFoundError:
                self._server.sftp.mkdir(self._path(so_far))
            else:
                if not stat.S_ISDIR(told.st_mode or 0):
                    raise PlaceProblem(f"“{so_far}” of the server is no folder.")

    def _require_same(self, path: str, etag: str) -> None:
        _require(self._server.sftp.lstat(path), etag)

    @contextlib.contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Say in words what the server and the network say in their own."""
        try:
            yield
        except paramiko.AuthenticationException as error:
            raise PlaceProblem(
                f"“{self._host}” does not let us in. Check the user name, and the "
                "password or key."
            ) from error
        except FileNotFoundError as error:
            raise FileMoved(f"“{what}” is not there.", is_passing=True) from error
        except PermissionError as error:
            raise PlaceProblem(
                f"“{self._host}” does not allow it for “{what}”. The user has to be "
                "allowed to list, read, rename and write.",
                is_passing=True,
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise PlaceProblem(
                f"“{self._host}” does not answer as it should "
                f"({type(error).__name__}).",
                is_passing=True,
            ) from error


def _etag(told: paramiko.SFTPAttributes) -> str:
    return f"{told.st_size or 0}-{int(told.st_mtime or 0)}"


def _require(told: paramiko.SFTPAttributes, etag: str) -> None:
    if not stat.S_ISREG(told.st_mode or 0) or _etag(told) != etag:
        raise FileMoved("The file is another by now.", is_passing=True)
