"""A real SFTP server on this machine: a folder, one user, a password or a key."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

USER, PASSWORD = "andes", "andes-password"


class _Door(paramiko.ServerInterface):
    def __init__(self, key: paramiko.PKey | None) -> None:
        self.key = key

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        good = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == USER and self.key is not None and key == self.key
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    root: Path
    more: list[str]

    def _path(self, path: str) -> str:
        return str(self.root / self.canonicalize(path).lstrip("/"))

    def list_folder(self, path: str) -> Any:
        try:
            return [
                paramiko.SFTPAttributes.from_stat(
                    entry.stat(follow_symlinks=False), entry.name
                )
                for entry in os.scandir(self._path(path))
            ] + [self._invented(name) for name in self.more]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def _invented(self, name: str) -> paramiko.SFTPAttributes:
        told = paramiko.SFTPAttributes()
        told.filename, told.st_size, told.st_mode, told.st_mtime = name, 5, 0o100644, 1
        told.st_atime = 1
        return told

    def stat(self, path: str) -> Any:
        return self._told(os.stat, path)

    def lstat(self, path: str) -> Any:
        return self._told(os.lstat, path)

    def _told(self, ask: Any, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(ask(self._path(path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def open(self, path: str, flags: int, attr: Any) -> Any:
        try:
            handle = os.open(self._path(path), flags, 0o644)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        found = _Handle(flags)
        stream = os.fdopen(handle, "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb")
        found.filename = path
        found.readfile = found.writefile = stream
        return found

    def rename(self, oldpath: str, newpath: str) -> int:
        return self._done(os.rename, self._path(oldpath), self._path(newpath))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return self._done(os.replace, self._path(oldpath), self._path(newpath))

    def mkdir(self, path: str, attr: Any) -> int:
        return self._done(os.mkdir, self._path(path))

    def _done(self, act: Any, *args: str) -> int:
        try:
            act(*args)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return paramiko.SFTP_OK


@dataclass
class Server:
    """A running server; ``more``: names that it tells of and does not have."""

    root: Path
    port: int = 0
    host_key: paramiko.PKey = field(
        default_factory=lambda: paramiko.ECDSAKey.generate()
    )
    user_key: paramiko.PKey | None = None
    more: list[str] = field(default_factory=list)


@contextmanager
def running(root: Path) -> Iterator[Server]:
    """A server of the folder, until the block ends."""
    server = Server(root)
    files = type("Files", (_Files,), {"root": root, "more": server.more})
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transports.append(transport)
            transport.add_server_key(server.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, files)
            with suppress(paramiko.SSHException, EOFError, OSError):  # they hung up
                transport.start_server(server=_Door(server.user_key))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for transport in transports:
            transport.close()
