"""Fixtures of the whole suite: the database, users, files, real processes."""

import gc
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.plugin import blocking_manager_key

from backoffice.postgres import Server
from backoffice.roles import CLERK, MANAGER, Role
from backoffice.settings.caching import cache_of
from tests import s3 as s3_server
from tests.caches import Redis
from tests.database import clear, load_basics, own_database, remember_basics
from tests.flows.webhooks import Receiver

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED_DATA = REPOSITORY.parent / "shared" / "data"
STARTED = pytest.StashKey[bool]()
EMPTIED = pytest.StashKey[bool]()
BUCKETS = itertools.count(1)
LONG = (
    *("tests/flows/", "tests/browser/", "tests/fuzz/", "tests/backoffice/"),
    "tests/reinsurance/ledger/test_histories.py",
    "tests/importers/pipeline/test_equivalence.py",
    "tests/reinsurance/ledger/test_premium_as_at.py",
    "tests/reinsurance/ledger/test_premium_lines.py",
    "tests/reinsurance/ledger/test_premium_lists.py",
    "tests/importers/services/test_sequence.py",
    "tests/importers/services/test_later_words.py",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# As the addresses would: some tests look at pages' classes before they ask for any.
admin.autodiscover()
TransactionTestCase._fixture_teardown = clear


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, saying why; files of long tests come first.

    Shared out by files among processes, they would else be what all wait for.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    reasons = {}
    if not SHARED_DATA.is_dir():
        reasons["shared_data"] = f"no real files in {SHARED_DATA}"
    if not any(map(shutil.which, BROWSERS)):
        reasons["browser"] = f"none of {', '.join(BROWSERS)} is installed"
    if not shutil.which("redis-server"):
        reasons["redis"] = "redis-server is not installed"
    for item in items:
        for marker, reason in reasons.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Modules and tests are there to the end: no garbage is looked for among them."""
    gc.collect()
    gc.freeze()


# -- the database ---------------------------------------------------------------------


def pytest_sessionstart(session: pytest.Session) -> None:
    """With several processes the one that leads them starts the server for all."""
    if settings.IS_LOCAL and session.config.getoption("numprocesses", None):
        session.config.stash[STARTED] = settings.EMBEDDED_SERVER.start()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was started for all ends with the last of them."""
    if session.config.stash.get(STARTED, False):
        settings.EMBEDDED_SERVER.stop()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The test database with reference data and roles, on our own server."""
    server: Server = settings.EMBEDDED_SERVER
    is_ours = settings.IS_LOCAL and server.start()
    is_ours = is_ours and not hasattr(request.config, "workerinput")
    if settings.IS_LOCAL:
        _drop_leftovers(server)
    with ExitStack() as stack:
        with django_db_blocker.unblock():
            stack.enter_context(own_database())
        yield
        with django_db_blocker.unblock():
            stack.close()
    if is_ours and not _others_connected(server):
        server.stop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that empties all tables at its end: fill the basic ones again.

    Before whichever test comes next has any fixture, as the plugin's own fixture
    empties the tables later than any of ours could fill them.
    """
    marker = item.get_closest_marker("django_db")
    asked = {"db", "transactional_db", "live_server"} & set(
        getattr(item, "fixturenames", ())
    )
    if not (marker or asked):
        return
    if item.config.stash.get(EMPTIED, False):
        with item.config.stash[blocking_manager_key].unblock():
            if not Group.objects.exists():
                load_basics()
                remember_basics()
            connection.close()
    is_transactional = (marker and marker.kwargs.get("transaction")) or asked - {"db"}
    item.config.stash[EMPTIED] = bool(is_transactional)


def _query(server: Server, statement: str) -> list[tuple[str, ...]]:
    connection = psycopg2.connect(server.url("postgres"))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def _drop_leftovers(server: Server) -> None:
    """Test databases of runs that were killed; the name ends with the run's pid."""
    names = _query(server, "SELECT datname FROM pg_database WHERE datname ~ '^test_'")
    for (name,) in names:
        pid = name.removeprefix("test_")
        if pid.isdigit() and not _is_alive(int(pid)):
            _query(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _others_connected(server: Server) -> bool:
    return bool(
        _query(
            server,
            "SELECT 1 FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
    )


# -- files ----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def storage_dir(tmp_path: Path, settings: Settings) -> Path:
    """Each test stores its files in a directory of its own."""
    folder = tmp_path / "storage"
    settings.MEDIA_ROOT = folder
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "base_url": None},
        },
    }
    return folder


@pytest.fixture(scope="session")
def s3() -> Iterator[s3_server.Store]:
    """A running S3 server."""
    with s3_server.running() as store:
        yield store


@pytest.fixture
def bucket(s3: s3_server.Store) -> str:
    """A bucket of the test's own, empty."""
    s3.recover()
    return s3.bucket(f"files-{os.getpid()}-{next(BUCKETS)}")


@pytest.fixture
def in_bucket(s3: s3_server.Store, bucket: str, settings: Settings) -> str:
    """The test stores its files in that bucket instead."""
    settings.AWS_STORAGE_BUCKET_NAME = bucket
    settings.STORAGES = {**settings.STORAGES, "default": s3.storage(bucket)}
    return bucket


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real files of the trade; mark the test `shared_data`."""
    return SHARED_DATA


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample files that `make run` ingests."""
    return REPOSITORY / "fixtures" / "samples"


# -- users ----------------------------------------------------------------------------


@pytest.fixture
def user_with() -> Callable[[Role], User]:
    """Make a staff user that has a role."""

    def make(role: Role) -> User:
        user = User.objects.create_user(
            role.name.lower(), password=f"{role.name.lower()}-password", is_staff=True
        )
        user.groups.add(Group.objects.get(name=role.name))
        return user

    return make


@pytest.fixture
def clerk(db: None, user_with: Callable[[Role], User]) -> User:
    """Uploads and maps; approves nothing."""
    return user_with(CLERK)


@pytest.fixture
def manager(db: None, user_with: Callable[[Role], User]) -> User:
    """Approves, rejects and undoes."""
    return user_with(MANAGER)


# -- caches ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A running Redis; mark the test `redis`."""
    server = Redis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.redis)])
def store(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Each kind of cache in turn, empty; its CACHE_URL."""
    url = "locmemcache://tests"
    if request.param == "redis":
        url = request.getfixturevalue("redis_server").url
    settings.CACHES = {"default": cache_of(url, settings.DATABASES["default"])}
    cache.clear()
    return url


# -- real processes -------------------------------------------------------------------


@pytest.fixture
def process_environment(
    transactional_db: None, tmp_path: Path, storage_dir: Path
) -> dict[str, str]:
    """Environment for a `manage.py` process that shares this test's database.

    It has its own VAR_DIR and the storage of the test.
    """
    name = connection.settings_dict["NAME"]
    if settings.IS_LOCAL:
        url = settings.EMBEDDED_SERVER.url(name)
    else:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    return {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": url,
        "SECRET_KEY": settings.SECRET_KEY,
        "VAR_DIR": str(tmp_path),
        "HTTPS": "False",
        "ALLOWED_HOSTS": "*",
    }


# -- webhooks -------------------------------------------------------------------------


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """Somebody on this machine who takes messages at /hooks."""
    settings.WEB_SERVICE_HOSTS = ["*", "http://127.0.0.1"]
    with Receiver() as running:
        yield running
