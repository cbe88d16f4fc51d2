"""Looking into an inbox: what is at rest is handed in once, and put away."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from importers.models import Arrival, Inbox, Ingestion, Source
from importers.pipeline.storage import blocks_of
from importers.places.sftp import print_of
from importers.services import arrivals, collecting, inboxes, ingestions, work
from importers.services.collecting import Look
from importers.values import Secret
from tests import sftp
from tests.s3 import KEYS, REGION, Store

pytestmark = pytest.mark.django_db
RATES = b"Date,From,To,Rate\n2026-01-31,EUR,USD,1.09\n"
OTHERS = RATES.replace(b"1.09", b"1.17")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
BAD = RATES.replace(b"1.09", b"none")


@pytest.fixture
def root(tmp_path: Path, settings: Settings) -> Path:
    """The folder of inbox "andes"."""
    settings.INBOX_ROOT = tmp_path / "inbox"
    folder = tmp_path / "inbox" / "andes"
    folder.mkdir(parents=True)
    return folder


def an_inbox(**changes: Any) -> Inbox:
    values = {
        "code": "andes-rates",
        "name": "Rates of Andes",
        "source": Source.objects.get_or_create(
            code="andes", defaults={"name": "Andes"}
        )[0],
        "record_type": "exchange-rates",
        "path": "andes",
        "settle_seconds": 30,
    }
    return Inbox.objects.create(**{**values, **changes})


@pytest.fixture
def inbox(root: Path, db: None) -> Inbox:
    return an_inbox()


def look(inbox: Inbox, *, later: float = 0) -> Look:
    """One look, so many seconds after everything that was seen so far."""
    if later:
        for arrival in Arrival.objects.filter(inbox=inbox):
            seen = arrival.seen_at - timedelta(seconds=later)
            Arrival.objects.filter(pk=arrival.pk).update(seen_at=seen)
    found = collecting.collect(inbox.pk)
    inbox.refresh_from_db()
    assert found is not None, inbox.problem
    return found


def files(root: Path) -> dict[str, bytes]:
    """What lies in the inbox: without the day, and the arrival's number as “n”."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file():
            parts = [p for p in path.relative_to(root).parts if not DAY.fullmatch(p)]
            number, dash, rest = parts[-1].partition("-")
            if len(parts) > 1 and number.isdecimal():
                parts[-1] = f"n{dash}{rest}"
            found["/".join(parts)] = path.read_bytes()
    return found


# ------------------------------------------------------------------ the usual way
def test_a_file_at_rest_is_handed_in_and_put_away(inbox: Inbox, root: Path) -> None:
    (root / "rates.csv").write_bytes(RATES)
    assert look(inbox) == Look(seen=1, waiting=1)
    assert look(inbox) == Look(seen=1, waiting=1)  # too soon
    assert look(inbox, later=31) == Look(seen=1, taken=1)
    ingestion = Ingestion.objects.get()
    assert (ingestion.door, ingestion.file_name) == ("inbox", "rates.csv")
    assert (ingestion.source.code, ingestion.submitted_by) == ("andes", None)
    assert files(root) == {"processed/n-rates.csv": RATES}
    arrival = Arrival.objects.get()
    assert (arrival.status, arrival.ingestion) == ("taken", ingestion)
    assert arrival.message == f"Handed in as number {ingestion.pk}."
    work.check(ingestion.pk)
    ingestions.approve(ingestion.pk)
    work.load(ingestion.pk)
    assert look(inbox) == Look()
    arrival.refresh_from_db()
    assert arrival.status == "processed"
    assert inbox.last_collected_at is not None


def test_a_file_that_grows_is_left(inbox: Inbox, root: Path) -> None:
    (root / "rates.csv").write_bytes(RATES[:20])
    look(inbox)
    (root / "rates.csv").write_bytes(RATES)
    assert look(inbox, later=31) == Look(seen=1, waiting=1)
    assert Arrival.objects.get().size == len(RATES)
    assert look(inbox, later=31) == Look(seen=1, taken=1)
    assert Ingestion.objects.get().file_size == len(RATES)


def test_an_empty_file_has_an_hour(inbox: Inbox, root: Path) -> None:
    (root / "rates.csv").touch()
    look(inbox)
    assert look(inbox, later=3000) == Look(seen=1, waiting=1)
    assert look(inbox, later=3000) == Look(seen=1, taken=1)


def test_a_file_that_goes_again_is_forgotten(inbox: Inbox, root: Path) -> None:
    (root / "rates.csv").write_bytes(RATES)
    look(inbox)
    (root / "rates.csv").unlink()
    assert look(inbox, later=31) == Look()
    assert not Arrival.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        ".rates.csv", "~$rates.xlsx", "rates.csv.part", "rates.CSV.TMP",
        "rates.csv.filepart", "rates.csv~", "rates.csv.crdownload",
        "1-rates.csv.reason.txt", "notes.txt",
    ],
)  # fmt: skip
def test_files_that_are_not_meant(inbox: Inbox, root: Path, name: str) -> None:
    Inbox.objects.filter(pk=inbox.pk).update(pattern="*rates*")
    (root / name).write_bytes(RATES)
    assert look(inbox) == Look()
    assert look(inbox, later=31) == Look()


def test_other_bytes_under_the_same_name(inbox: Inbox, root: Path) -> None:
    for content in (RATES, OTHERS):
        (root / "rates.csv").write_bytes(content)
        look(inbox)
        assert look(inbox, later=31).taken == 1
    assert Ingestion.objects.count() == 2
    assert len(list(root.glob("processed/*/*-rates.csv"))) == 2


# --------------------------------------------------------------------- once only
def test_a_file_that_is_on_its_way_is_not_taken_again(inbox: Inbox, root: Path) -> None:
    first = ingestions.submit(
        blocks=[RATES], file_name="x.csv", record_type="exchange-rates",
        source=inbox.source, door="test",
    )  # fmt: skip
    (root / "rates.csv").write_bytes(RATES)
    look(inbox)
    assert look(inbox, later=31) == Look(seen=1, duplicate=1)
    arrival = Arrival.objects.get()
    assert arrival.message == f"The same file is already in, as number {first.pk}."
    assert arrival.ingestion == first
    assert files(root) == {"processed/n-rates.csv": RATES}


def test_a_file_that_was_loaded_is_not_loaded_again(inbox: Inbox, root: Path) -> None:
    for turn in (1, 2, 3):
        (root / "rates.csv").write_bytes(RATES)
        os.utime(root / "rates.csv", (1_700_000_000, 1_700_000_000))
        look(inbox)
        look(inbox, later=31)
        if turn == 1:
            ingestion = Ingestion.objects.get()
            work.check(ingestion.pk)
            ingestions.approve(ingestion.pk)
            work.load(ingestion.pk)
    look(inbox)
    found = Arrival.objects.order_by("pk").values_list("turn", "status", "ingestion")
    assert list(found) == [
        (1, "processed", ingestion.pk),
        (2, "duplicate", ingestion.pk),
        (3, "duplicate", ingestion.pk),
    ]
    assert Ingestion.objects.count() == 1
    assert len(list(root.glob("processed/*/*-rates.csv"))) == 3


@pytest.mark.parametrize("died", ["before the move", "after the move"])
def test_a_move_that_was_interrupted_is_finished(
    inbox: Inbox, root: Path, died: str
) -> None:
    (root / "rates.csv").write_bytes(RATES)
    look(inbox)
    look(inbox, later=31)
    (moved,) = root.glob("processed/*/*")
    Arrival.objects.update(moved_at=None, moved_to="")
    if died == "before the move":
        moved.rename(root / "rates.csv")
    for _ in range(2):
        assert look(inbox, later=31).taken == 0
        assert files(root) == {"processed/n-rates.csv": RATES}
    assert Ingestion.objects.count() == Arrival.objects.count() == 1
    assert Arrival.objects.get().moved_to == moved.relative_to(root).as_posix()


@pytest.mark.django_db(transaction=True)
def test_four_workers_take_each_file_once(root: Path) -> None:
    inbox = an_inbox()
    for number in range(12):
        content = RATES.replace(b"1.09", b"1.%02d" % number)
        (root / f"rates-{number}.csv").write_bytes(content)
    look(inbox)
    Arrival.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
    start = threading.Barrier(4)
    looks: list[Look | None] = []

    def work_on() -> None:
        start.wait()
        try:
            looks.append(collecting.collect(inbox.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found.taken for found in looks if found) == 12
    assert Ingestion.objects.count() == 12
    assert Arrival.objects.filter(status="taken", moved_at__isnull=False).count() == 12
    assert len(files(root)) == 12
    assert all(name.startswith("processed/") for name in files(root))


# ------------------------------------------------------------------------ refused
def test_a_rejected_file_goes_back_with_the_reason(inbox: Inbox, root: Path) -> None:
    (root / "rates.csv").write_bytes(BAD)
    look(inbox)
    look(inbox, later=31)
    ingestion = Ingestion.objects.get()
    assert files(root) == {"processed/n-rates.csv": BAD}
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "rejected"
    look(inbox)
    assert files(root) == {
        "rejected/n-rates.csv": BAD,
        "rejected/n-rates.csv.reason.txt": (
            f"rates.csv was not taken in.\n\n{ingestion.message}\n\n"
            f"It is number {ingestion.pk} in our ingestion log.\n\n"
            "Mend the file and put it into the inbox once more.\n"
        ).encode(),
    }
    assert Arrival.objects.get().status == "rejected"
    assert look(inbox) == Look()


def test_too_large_a_file_is_refused_unread(
    inbox: Inbox, root: Path, settings: Settings
) -> None:
    settings.MAX_UPLOAD_MB = 1
    with (root / "rates.csv").open("wb") as out:
        out.truncate((1 << 20) + 1)
    (root / "rates.csv").chmod(0)  # not even root's bytes are looked at
    look(inbox)
    assert look(inbox, later=31) == Look(seen=1, rejected=1)
    assert not Ingestion.objects.exists()
    reason = files(root)["rejected/n-rates.csv.reason.txt"].decode()
    assert "At most 1 MB can be handed in. Split the file." in reason


# ---------------------------------------------------------------------- bad names
NASTY = {
    "a b; rm -rf &.csv": "a b_ rm -rf _.csv",
    "-rf": "-rf",
    "\u202evsc.exe": "_vsc.exe",
    "line\nbreak.csv": "line_break.csv",
    "$(id)`id`|x.csv": "_(id)_id__x.csv",
    "C:\\temp\\x.csv": "C__temp_x.csv",
    "äöü “Q2”.csv": "äöü _Q2_.csv",
    "n" * 240 + ".csv": "n" * 196 + ".csv",
}


def test_names_that_mean_ill(inbox: Inbox, root: Path) -> None:
    for number, name in enumerate(NASTY):
        content = RATES.replace(b"1.09", b"1.%02d" % number)
        (root / name).write_bytes(content)
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe.csv")).write_bytes(RATES)
    look(inbox)
    found = look(inbox, later=31)
    assert (found.taken, found.unreadable) == (len(NASTY), 1)
    put = {path.name.partition("-")[2] for path in root.glob("processed/*/*")}
    assert put == set(NASTY.values())
    assert "names that cannot be read" in inbox.problem
    names = set(Ingestion.objects.values_list("file_name", flat=True))
    assert all(name.isprintable() for name in names)
    assert all(
        ingestion.original == f"originals/{ingestion.sha256[:2]}/{ingestion.sha256}"
        for ingestion in Ingestion.objects.all()
    )


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=400))
def test_any_name_becomes_a_harmless_one(name: str) -> None:
    safe = arrivals.harmless(name)
    assert len(safe.encode()) <= 200
    assert safe.isprintable()
    assert not {"/", "\\", "\0", "<", ">", ":", "|", "`", "$"} & set(safe)
    assert Path("/inbox", f"1-{safe}").parent == Path("/inbox")


# -------------------------------------------------------------- buckets and servers
@pytest.fixture
def bucket_inbox(s3: Store, bucket: str, settings: Settings, db: None) -> Inbox:
    settings.WEB_SERVICE_HOSTS = ["*", "http://127.0.0.1"]
    return an_inbox(
        kind="bucket",
        path="from/andes",
        bucket=bucket,
        region=REGION,
        endpoint_url=s3.url,
        user_name=KEYS["aws_access_key_id"],
        secret=Secret(KEYS["aws_secret_access_key"]),
    )


def test_a_bucket_is_collected(s3: Store, bucket: str, bucket_inbox: Inbox) -> None:
    s3.put(bucket, "from/andes/rates.csv", RATES)
    s3.put(bucket, "from/andes/", b"")  # what consoles make of a folder
    s3.put(bucket, "from/andes/deeper/rates.csv", RATES)
    s3.put(bucket, "from/others/rates.csv", RATES)
    look(bucket_inbox)
    assert look(bucket_inbox, later=31) == Look(seen=1, taken=1)
    arrival = Arrival.objects.get()
    assert s3.keys(bucket) == [
        "from/andes/",
        "from/andes/deeper/rates.csv",
        f"from/andes/{arrival.moved_to}",
        "from/others/rates.csv",
    ]
    assert s3.get(bucket, f"from/andes/{arrival.moved_to}") == RATES
    s3.put(bucket, "from/andes/rates.csv", RATES)  # the same key and ETag once more
    look(bucket_inbox)
    assert look(bucket_inbox, later=31) == Look(seen=1, duplicate=1)
    assert Ingestion.objects.count() == 1


def test_a_bucket_that_is_down(s3: Store, bucket: str, bucket_inbox: Inbox) -> None:
    s3.put(bucket, "from/andes/rates.csv", RATES)
    look(bucket_inbox)
    s3.is_down = True
    assert collecting.collect(bucket_inbox.pk) is None
    bucket_inbox.refresh_from_db()
    assert "does not answer just now" in bucket_inbox.problem
    assert bucket_inbox.failing_since is not None
    assert bucket_inbox.paused_at is None
    s3.is_down = False
    assert look(bucket_inbox, later=31).taken == 1
    assert (bucket_inbox.problem, bucket_inbox.failing_since) == ("", None)


def test_a_bucket_that_refuses_pauses_the_inbox(bucket_inbox: Inbox) -> None:
    Inbox.objects.filter(pk=bucket_inbox.pk).update(bucket="no-such-bucket-here")
    assert collecting.collect(bucket_inbox.pk) is None
    bucket_inbox.refresh_from_db()
    assert bucket_inbox.paused_at is not None
    assert "refuses us (NoSuchBucket)" in bucket_inbox.problem
    assert inboxes.ask_due() == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[sftp.Server]:
    (tmp_path / "sftp" / "out").mkdir(parents=True)
    with sftp.running(tmp_path / "sftp") as running:
        yield running


def test_an_sftp_server_is_collected(
    server: sftp.Server, settings: Settings, db: None
) -> None:
    inbox = an_inbox(
        kind="sftp",
        host="127.0.0.1",
        port=server.port,
        host_key=print_of(server.host_key),
        user_name=sftp.USER,
        secret=Secret(sftp.PASSWORD),
        path="out",
    )
    settings.WEB_SERVICE_HOSTS = ["*"]
    assert collecting.collect(inbox.pk) is None
    inbox.refresh_from_db()
    assert "private network" in inbox.problem
    settings.WEB_SERVICE_HOSTS = ["127.0.0.1"]
    (server.root / "out" / "rates.csv").write_bytes(RATES)
    (server.root / "out" / "bad.csv").write_bytes(BAD)
    look(inbox)
    assert look(inbox, later=31) == Look(seen=2, taken=2)
    for ingestion in Ingestion.objects.all():
        work.check(ingestion.pk)
    look(inbox)
    assert set(files(server.root / "out")) == {
        "processed/n-rates.csv",
        "rejected/n-bad.csv",
        "rejected/n-bad.csv.reason.txt",
    }
    assert inbox.paused_at is None


def test_our_own_store_fails(
    s3: Store, in_bucket: str, inbox: Inbox, root: Path
) -> None:
    (root / "rates.csv").write_bytes(RATES)
    look(inbox)
    Arrival.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
    s3.is_down = True
    assert collecting.collect(inbox.pk) is None
    assert files(root) == {"rates.csv": RATES}
    assert Arrival.objects.get().status == "waiting"
    s3.is_down = False
    assert look(inbox).taken == 1


# ------------------------------------------------------------------------- times
def test_each_inbox_is_asked_for_at_its_times(
    inbox: Inbox, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    off = an_inbox(code="off", path="off", is_active=False)
    assert (inboxes.ask_due(), inboxes.ask_due()) == (1, 0)
    inbox.refresh_from_db()
    off.refresh_from_db()
    assert off.next_look_at is None
    assert inbox.next_look_at is not None
    minutes = (inbox.next_look_at - timezone.now()).total_seconds() / 60
    assert 4.9 < minutes <= 5
    inboxes.pause(inbox.pk, user=None, reason="Holidays.")
    Inbox.objects.update(next_look_at=None)
    assert inboxes.ask_due() == 0
    inboxes.resume(inbox.pk, user=None)
    assert inboxes.ask_due() == 1


def test_what_is_paused_meanwhile_stays_so(inbox: Inbox, root: Path) -> None:
    (root / "rates.csv").write_bytes(RATES)
    look(inbox)
    assert b"".join(blocks_of(root / "rates.csv")) == RATES
    inboxes.pause(inbox.pk, user=None, reason="Holidays.")
    look(inbox)  # somebody asks for it: all is well
    assert inbox.paused_at is None


# ------------------------------------------------------------------------ command
def command(*args: str) -> tuple[int, str]:
    """Exit code and what is printed."""
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("collect", *args, stdout=out, stderr=out)
    return int(ended.value.code or 0), out.getvalue()


def test_people_may_look_from_a_shell(inbox: Inbox, root: Path) -> None:
    (root / "rates.csv").write_bytes(RATES)
    assert command("andes-rates", "--once") == (
        0,
        "andes-rates: 0 handed in, 0 already in, 0 refused, 1 waiting.\n",
    )
    Inbox.objects.update(settle_seconds=1)
    code, said = command()
    assert (code, said.splitlines()[-1]) == (
        0,
        "andes-rates: 1 handed in, 0 already in, 0 refused, 0 waiting.",
    )
    code, said = command("nowhere")
    assert (code, said) == (
        2,
        "There is no inbox “nowhere” in use. Known: andes-rates.\n",
    )
    Inbox.objects.update(path="../outside")
    code, said = command("andes-rates")
    assert (code, said) == (
        1,
        "andes-rates: The settings of the inbox are not good: Enter a path without "
        "“.” and “..”.\n",
    )
