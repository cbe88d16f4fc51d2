"""kill -9 while an inbox is looked into: the file comes in once, and is put away."""

import os
import signal
import subprocess
import sys

import pytest

from importers.models import Arrival, Inbox, Ingestion, Source
from tests.s3 import Store

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
RATES = b"Date,From,To,Rate\n2026-01-31,EUR,USD,1.09\n"
# What is asked of the store at each moment: method, and where.
MOMENTS = {
    "listed": ("GET", "{inbox}"),
    "read": ("GET", "{inbox}/rates.csv"),
    "kept, not committed": ("PUT", "{files}/originals/"),
    "committed, not copied": ("PUT", "{inbox}/processed/"),
    "copied, not deleted": ("DELETE", "{inbox}/rates.csv"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_look_that_is_killed(
    s3: Store, in_bucket: str, process_environment: dict[str, str], moment: str
) -> None:
    theirs = s3.bucket(f"{in_bucket}-in")
    source = Source.objects.create(code="andes", name="Andes")
    Inbox.objects.create(
        code="andes", name="Andes", source=source, record_type="exchange-rates",
        kind="bucket", bucket=theirs, settle_seconds=1,
    )  # fmt: skip
    s3.put(theirs, "rates.csv", RATES)
    environment = {
        **process_environment,
        **s3.environment,
        "AWS_STORAGE_BUCKET_NAME": in_bucket,
        "INBOX_BUCKETS": theirs,
    }
    method, place = MOMENTS[moment]
    path = "/" + place.format(inbox=theirs, files=in_bucket)

    def collect() -> "subprocess.Popen[bytes]":
        command = [sys.executable, "manage.py", "collect", "andes"]
        return subprocess.Popen(command, env=environment)

    killed = []

    def kill(asked: str, where: str) -> None:
        is_it = where.startswith(path) if "/" in place else where.strip("/") == theirs
        if not killed and asked == method and is_it:
            os.kill(process.pid, signal.SIGKILL)
            killed.append(where)

    process = collect()
    s3.before = kill
    assert process.wait() == -signal.SIGKILL
    assert len(killed) == 1
    was_committed = Ingestion.objects.count()
    assert was_committed == (moment in {"committed, not copied", "copied, not deleted"})

    s3.before = None
    assert collect().wait() == 0
    arrival = Arrival.objects.get()
    assert Ingestion.objects.get() == arrival.ingestion
    assert arrival.status == "taken"
    assert s3.keys(theirs) == [arrival.moved_to]
    assert s3.get(theirs, arrival.moved_to) == RATES
    assert collect().wait() == 0
    assert Ingestion.objects.count() == Arrival.objects.count() == 1
