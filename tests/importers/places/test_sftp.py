"""SFTP: no server but the agreed one, no key or password but ours."""

import io
import socket
import threading

import paramiko
import pytest

from importers.exceptions import PlaceProblem
from importers.places.network import connected
from importers.places.sftp import HostKeyDiffers, SftpPlace, print_of, read_key
from importers.places.values import is_plain
from importers.values import Secret
from tests import sftp
from tests.importers.places.conftest import sftp_where


def looked(server: sftp.Server, **changes: object) -> list[str]:
    place = SftpPlace(sftp_where(server, **changes), may_be_private=True)
    try:
        return [found.name for found in place.look()]
    finally:
        place.close()


def test_another_host_key_gets_nothing(sftp_server: sftp.Server) -> None:
    other = print_of(paramiko.ECDSAKey.generate())
    with pytest.raises(HostKeyDiffers) as problem:
        looked(sftp_server, host_key=other)
    assert print_of(sftp_server.host_key) in problem.value.message
    assert not problem.value.is_passing


def test_one_of_several_fingerprints(sftp_server: sftp.Server) -> None:
    (sftp_server.root / "in" / "a.csv").write_text("a")
    prints = f"SHA256:{'A' * 43} {print_of(sftp_server.host_key)}="
    assert looked(sftp_server, host_key=prints) == ["a.csv"]


def test_a_wrong_password_is_no_passing_problem(sftp_server: sftp.Server) -> None:
    with pytest.raises(PlaceProblem, match="does not let us in") as problem:
        looked(sftp_server, secret=Secret("wrong"))
    assert not problem.value.is_passing


def test_signing_in_with_a_key(sftp_server: sftp.Server) -> None:
    key = paramiko.RSAKey.generate(2048)
    sftp_server.user_key = key
    text = io.StringIO()
    key.write_private_key(text)
    secrets = {"secret": Secret(), "private_key": Secret(text.getvalue())}
    assert looked(sftp_server, **secrets) == []
    with pytest.raises(PlaceProblem, match="cannot be read"):
        read_key(Secret("-----BEGIN NOTHING-----"))


def test_a_folder_that_is_not_there(sftp_server: sftp.Server) -> None:
    with pytest.raises(PlaceProblem, match="is not there") as problem:
        looked(sftp_server, path="nowhere")
    assert problem.value.is_passing


def test_names_that_a_hostile_server_invents(sftp_server: sftp.Server) -> None:
    sftp_server.more += ["../../etc/passwd", "/etc/passwd", "a\0b", "x" * 2000]
    names = looked(sftp_server)
    assert len(names) == 4
    assert not any(map(is_plain, names))


def test_links_are_no_files(sftp_server: sftp.Server) -> None:
    (sftp_server.root / "in" / "link.csv").symlink_to("/etc/passwd")
    assert looked(sftp_server) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.1.2.3", "::1"])
def test_no_way_into_a_private_network(host: str) -> None:
    with pytest.raises(PlaceProblem, match="leads into a private network"):
        connected(host, 22, may_be_private=False)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = sftp.Server(root=None, port=port)  # type: ignore[arg-type]
    with pytest.raises(PlaceProblem, match="does not answer as it should") as problem:
        looked(server)
    assert problem.value.is_passing


def test_somebody_who_speaks_another_language() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        server = sftp.Server(root=None, port=listener.getsockname()[1])  # type: ignore[arg-type]
        with pytest.raises(PlaceProblem, match="does not answer as it should"):
            looked(server)
        thread.join()
