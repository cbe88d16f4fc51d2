"""A store that is away for a while: the work waits for it and is done then."""

from datetime import timedelta

import pytest
from django.utils import timezone

from importers.exceptions import StoreProblem
from importers.models import Event, Ingestion
from importers.services import ingestions, reaper, work
from importers.services.leases import NOBODY
from tests.s3 import Store

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_bucket")]
RATES = b"Date,From,To,Rate\n2026-01-31,EUR,USD,1.09\n"


def submit() -> Ingestion:
    return ingestions.submit(
        blocks=[RATES],
        file_name="rates.csv",
        record_type="exchange-rates",
        source=ingestions.source_of(None),
        door="test",
    )


def much_later(ingestion: Ingestion) -> None:
    """Half a minute on, as far as the reaper can tell."""
    silent = timezone.now() - timedelta(seconds=31)
    Ingestion.objects.filter(pk=ingestion.pk).update(heartbeat_at=silent)


def test_nothing_is_kept_of_a_file_that_cannot_be_stored(s3: Store) -> None:
    s3.is_down = True
    with pytest.raises(StoreProblem, match="does not answer just now"):
        submit()
    assert not Ingestion.objects.exists()


@pytest.mark.parametrize("outages", [1, 4])
def test_checking_waits_for_the_store(s3: Store, outages: int) -> None:
    ingestion = submit()
    for _ in range(outages):
        s3.is_down = True
        work.check(ingestion.pk)
        ingestion.refresh_from_db()
        assert (ingestion.status, ingestion.lease) == ("checking", NOBODY)
        assert ingestion.attempts == 0
        assert reaper.reap() == 0  # not yet
        much_later(ingestion)
        assert reaper.reap() == 1
        ingestion.refresh_from_db()
        assert ingestion.status == "received"
    s3.is_down = False
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert (ingestion.status, ingestion.rows_read) == ("ready", 1)
    said = Event.objects.filter(ingestion=ingestion).values_list("message", flat=True)
    assert [text for text in said if "file store" in text] == [
        "The file store does not answer just now (503). Nothing is lost; try again in "
        "some minutes. It is tried by itself."
    ] * outages
    assert list(said).count("Tried once more.") == outages


def test_loading_waits_for_the_store(s3: Store) -> None:
    ingestion = submit()
    work.check(ingestion.pk)
    ingestions.approve(ingestion.pk)
    s3.is_down = True
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert (ingestion.status, ingestion.attempts) == ("loading", 0)
    much_later(ingestion)
    reaper.reap()
    s3.is_down = False
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert (ingestion.status, ingestion.rows_created) == ("loaded", 1)


def test_a_store_that_refuses_is_for_an_operator(s3: Store, in_bucket: str) -> None:
    ingestion = submit()
    for key in s3.keys(in_bucket):
        s3.client.delete_object(Bucket=in_bucket, Key=key)
    s3.client.delete_bucket(Bucket=in_bucket)
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "failed"
    assert "tell an operator" in ingestion.message
