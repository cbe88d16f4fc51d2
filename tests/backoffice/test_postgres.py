"""The embedded server: started, found, healed and stopped."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from backoffice.postgres import Server
from backoffice.postgres_programs import postmasters

REPOSITORY = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.cluster


@pytest.fixture
def server() -> Iterator[Server]:
    """A server in a short path that any user can reach."""
    var_dir = Path(tempfile.mkdtemp(prefix="pg-"))
    var_dir.chmod(0o755)
    server = Server(var_dir, durable=False)
    yield server
    server.destroy()
    shutil.rmtree(var_dir)


def query(server: Server, statement: str) -> object:
    connection = psycopg2.connect(server.url())
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def postmaster_of(server: Server) -> int:
    (pid,) = postmasters(server.data_dir.resolve())
    return pid


def test_start_find_stop(server: Server) -> None:
    assert server.state() == "down"
    assert server.start() is True
    assert server.state() == "running"
    assert server.start() is False
    assert server.stop() is True
    assert server.stop() is False
    assert server.state() == "down"
    assert postmasters(server.data_dir) == []


def test_the_database_is_as_declared(server: Server) -> None:
    server.start()
    assert str(query(server, "SHOW server_version")).startswith("18.")
    assert query(server, "SHOW server_encoding") == "UTF8"
    assert query(server, "SHOW data_checksums") == "on"
    assert query(server, "SHOW listen_addresses") == ""
    assert query(server, "SHOW shared_buffers") == "256MB"
    assert query(server, "SELECT upper('é') || datlocale FROM pg_database LIMIT 1") == (
        "ÉC.UTF-8"
    )
    assert server.socket_dir.stat().st_mode & 0o777 == 0o700


def test_data_survive_a_killed_postmaster(server: Server) -> None:
    server = replace(server, durable=True)
    server.start()
    query(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster_of(server), signal.SIGKILL)
    assert server.start() is True
    assert query(server, "SELECT answer FROM kept") == 42


def test_a_pid_file_that_names_another_process_does_no_harm(server: Server) -> None:
    server.start()
    old = postmaster_of(server)
    os.kill(old, signal.SIGKILL)
    while server.state() != "down":
        time.sleep(0.01)
    other = subprocess.Popen(["sleep", "60"])
    lines = server.pid_file.read_text().splitlines(keepends=True)
    server.pid_file.write_text("".join([f"{other.pid}\n", *lines[1:]]))

    assert server.start() is True

    assert query(server, "SELECT 1") == 1
    assert other.poll() is None
    other.kill()
    other.wait()


def test_an_interrupted_initdb_is_done_again(server: Server) -> None:
    (server.var_dir / "pg").mkdir(parents=True)
    (server.var_dir / "pg" / "base").touch()
    (server.var_dir / "pg.new-1").mkdir()
    assert server.start() is True
    assert query(server, "SELECT 1") == 1
    assert not (server.var_dir / "pg.new-1").exists()


def test_data_deleted_under_the_server_start_it_anew(server: Server) -> None:
    server.start()
    ghost = postmaster_of(server)
    query(server, "CREATE TABLE gone (id int)")
    while server.var_dir.exists():  # it may write one more file while we delete
        shutil.rmtree(server.var_dir, ignore_errors=True)
    server.var_dir.mkdir(mode=0o755)

    assert server.start() is True

    assert postmaster_of(server) != ghost
    assert query(server, "SELECT to_regclass('gone') IS NULL") is True


def test_two_that_start_at_once_get_the_same_server(server: Server) -> None:
    code = (
        "import sys; from pathlib import Path; from backoffice.postgres import Server;"
        "print(Server(Path(sys.argv[1]), durable=False).start())"
    )

    def start() -> str:
        return subprocess.run(
            [sys.executable, "-c", code, str(server.var_dir)],
            cwd=REPOSITORY, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: start(), range(4)))
    assert sorted(answers) == ["False", "False", "False", "True"]
    assert len(postmasters(server.data_dir)) == 1


def test_a_deep_or_private_directory_works_and_keeps_its_permissions() -> None:
    home = Path(tempfile.mkdtemp(prefix="private-"))  # 0700
    server = Server(home / ("deep" * 25) / "it's, var", durable=False)
    try:
        assert server.start() is True
        assert query(server, "SELECT 1") == 1
        assert home.stat().st_mode & 0o777 == 0o700
        assert server.stop() is True
        assert server.start() is True
    finally:
        real = server.data_dir.resolve()
        server.destroy()
        shutil.rmtree(home)
        shutil.rmtree(server.socket_dir, ignore_errors=True)
    assert not real.exists()


def test_a_command_finds_the_server_down_and_starts_it(server: Server) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "VAR_DIR": str(server.var_dir),
        "EMBEDDED_POSTGRES": "pg",
        "DATABASE_URL": "",
    }

    def manage(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert "Type 'manage.py help" in manage("help")
    assert server.state() == "down"
    manage("showmigrations", "--plan")
    assert server.state() == "running"
    os.kill(postmaster_of(server), signal.SIGKILL)
    manage("showmigrations", "--plan")
    assert server.state() == "running"
    assert manage("postgres", "stop") == "stopped\n"
    assert server.state() == "down"
