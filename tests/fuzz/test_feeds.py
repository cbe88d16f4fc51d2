"""Spoilt pages of a web service: the sync fails with a reason, or its rows arrive."""

import json
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from django.test import Client
from pytest_django import Settings

from importers.models import Ingestion, Sync
from tests.flows.syncs import a_feed, a_treaty, run
from tests.fuzz.conftest import batches, chance_of, forgotten
from tests.fuzz.mutations import spoil
from tests.fuzz.proof import no_hang, prove
from tests.partner.server import Partner
from tests.partner.values import Answer, Endpoint, Layer, Request

PATHS = ("next/absolute", "next/relative", "link/github", "single/list", "single/data")
STATUSES = (200,) * 12 + (201, 204, 206, 404, 500)
KINDS = ("application/json",) * 12 + ("text/html", "text/csv", "application/xml", "")


@pytest.fixture
def partner(settings: Settings) -> Iterator[Partner]:
    settings.WEB_SERVICE_HOSTS = ["*", "http://127.0.0.1"]
    with Partner(20) as running:
        yield running


def spoils(chance: Random) -> Layer:
    """One page in two or so comes spoilt."""

    def layer(request: Request, proceed: Endpoint) -> Answer:
        answer = proceed(request)
        if chance.random() < 0.4:
            return answer
        return replace(
            answer,
            body=spoil(answer.body, "json", chance),
            status=chance.choice(STATUSES),
            content_type=chance.choice(KINDS),
        )

    return layer


@pytest.mark.parametrize("names", batches("json"), ids=lambda names: names[0])
def test_spoilt_pages_come_to_their_end(
    caller: Client, partner: Partner, names: list[str]
) -> None:
    a_treaty()
    for name in names:
        chance = chance_of(name)
        path = chance.choice(PATHS)
        print(name, path)  # noqa: T201 shown where it fails
        partner.reset()
        partner.fail(fault=spoils(chance), times="always")
        with forgotten(), no_hang(name):
            _prove(caller, run(a_feed(partner, path, most_pages=50)))


def _prove(caller: Client, sync: Sync) -> None:
    assert sync.details == "", sync.details
    if sync.status == "failed":
        assert sync.problem
        assert sync.message.endswith((".", "”"))
        return
    assert sync.status in ("handed in", "nothing new")
    if sync.status == "nothing new":
        assert (sync.records, sync.ingestion) == (0, None)
        return
    ingestion = Ingestion.objects.get(pk=sync.ingestion_id)
    if prove(caller, ingestion) == "ready":
        # A record without any field is a blank row: left out, and named with its line.
        skipped = ingestion.table["skipped"]
        assert {why for _row, why, _text in skipped} <= {"blank"}
        assert ingestion.rows_read + len(skipped) == sync.records


@pytest.mark.parametrize("path", PATHS)
def test_what_is_spoilt_was_good(caller: Client, partner: Partner, path: str) -> None:
    a_treaty()
    sync = run(a_feed(partner, path, most_pages=50))
    assert (sync.status, sync.records) == ("handed in", 20)
    assert json.dumps(sync.drift) == "[]"
    _prove(caller, sync)
