"""Lines of the log: what stands in them, and what never does."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client

from backoffice.logs import lines
from importers import log_context, tasks
from reinsurance.models import Party

Lines = Callable[[], list[dict[str, Any]]]


def _told(formatter: logging.Formatter) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    handler.addFilter(lines.is_wanted)
    root, django = logging.getLogger(), logging.getLogger("django")
    for logger in (root, django):
        logger.addHandler(handler)
    yield stream
    for logger in (root, django):
        logger.removeHandler(handler)


@pytest.fixture
def told() -> Iterator[Lines]:
    """The lines logged so far, read as JSON."""
    for stream in _told(lines.Json()):
        yield partial(_read, stream)


def _read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def plain() -> Iterator[io.StringIO]:
    """The text logged so far, plain."""
    yield from _told(lines.Plain())


def test_a_request_is_one_line(
    told: Lines, client: Client, manager: User, db: None
) -> None:
    client.force_login(manager)
    answer = client.get("/admin/?q=secret", headers={"X-Request-ID": "abc-12345"})
    assert answer["X-Request-ID"] == "abc-12345"
    (line,) = told()
    assert line.pop("milliseconds") > 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "backoffice.logs.requests",
        "message": "GET admin-home 200",
        "method": "GET",
        "route": "admin-home",
        "status": 200,
        "user": manager.pk,
        "request_id": "abc-12345",
    }


@pytest.mark.parametrize("given", ["", "short", "a b c d e f g", "x" * 65, "é" * 9])
def test_an_unsound_id_is_replaced(client: Client, given: str) -> None:
    known = client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"]
    assert known != given
    assert len(known) == 32


def test_nobody_makes_up_a_line(told: Lines, plain: io.StringIO) -> None:
    logging.getLogger("importers").warning('no\n{"level": "x"}\r\n2026-11-25 INFO fake')
    (line,) = told()
    assert line["message"] == 'no\n{"level": "x"}\r\n2026-11-25 INFO fake'
    first, *more = plain.getvalue().splitlines()
    assert first.endswith("importers: no")
    assert all(line.startswith("    ") for line in more if line)


def test_values_of_rows_are_left_out(told: Lines, db: None) -> None:
    code = "J" + "ANE"
    Party.objects.create(code=code, name="Party")
    try:
        with transaction.atomic():
            Party.objects.create(code=code, name="Party")
    except IntegrityError:
        logging.getLogger("importers").exception("It failed.")
    (line,) = told()
    assert "IntegrityError" in line["exception"]
    assert "DETAIL: (left out)" in line["exception"]
    assert "JANE" not in json.dumps(line)


def test_a_task_is_named_in_its_lines(told: Lines, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE importers_ingestion RENAME TO gone")
    with pytest.raises(Exception, match="importers_ingestion"), transaction.atomic():
        tasks.check(7)
    line = told()[-1]
    assert (line["task"], line["ingestion"]) == ("check", 7)
    assert line["message"] == "The task failed."
    assert "ProgrammingError" in line["exception"]
    assert log_context.fields() == {}


def test_an_address_with_a_token_is_not_in_the_log(
    told: Lines, client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE auth_user RENAME TO gone")
    answer = client.get("/account/reset/MQ/secret-token/")
    assert answer.status_code == 500
    failed, _ = told()
    assert failed["message"] == "Answer 500 at account:reset."
    assert "secret-token" not in json.dumps(told())
