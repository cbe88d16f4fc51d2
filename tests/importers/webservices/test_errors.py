"""Every way of going wrong has its own name, its sentence, and the right patience."""

import json
import socket
from typing import Any

import pytest

from importers.values import Format, Paging
from importers.webservices import problems
from importers.webservices.problems import ServiceProblem
from tests.importers.webservices.conftest import Fetch, Memory, plan_for
from tests.partner import faults
from tests.partner.records import claims
from tests.partner.server import Partner

PAGES = {"paging_kind": Paging.PAGE, "paging_size_parameter": "per_page"}
QUICK: dict[str, Any] = {"service_read_seconds": 0.3, "service_attempts": 2}

LASTING = {
    "401": (faults.status(401), problems.CredentialsRefused),
    "403": (faults.status(403), problems.CredentialsRefused),
    "410": (faults.status(410), problems.Gone),
    "400": (faults.status(400), problems.RequestRefused),
    "wrong content type": (faults.content_type("image/png"), problems.WrongContentType),
    "a web page": (faults.login_page(), problems.HtmlAnswer),
    "wrong encoding": (faults.latin1(), problems.WrongCharset),
    "no JSON": (faults.invalid_json(), problems.NotReadable),
    "no records": (
        faults.content(b'{"data": 5}', "application/json"),
        problems.NoRecords,
    ),
    "same page for ever": (faults.repeats(), problems.RepeatedPage),
    "another host": (faults.redirect(faults.other_name), problems.OtherHost),
    "cloud metadata": (faults.redirect(faults.METADATA), problems.AddressRefused),
    "in a circle": (faults.redirect(faults.itself), problems.OtherHost),
    "too much": (faults.flood(3 << 20), problems.AnswerTooLarge),
    "too much, announced": (
        faults.flood(3 << 20, is_announced=True),
        problems.AnswerTooLarge,
    ),
    "gzip bomb": (faults.gzip_bomb(3 << 20), problems.AnswerTooLarge),
}
PASSING = {
    "429": (faults.too_many(0), problems.TooManyRequests),
    "500": (faults.status(500), problems.ServiceFault),
    "502": (faults.status(502), problems.ServiceFault),
    "503": (faults.status(503), problems.ServiceFault),
    "no answer": (faults.silence(), problems.TimedOut),
    "drips": (faults.drip(0.1), problems.TimedOut),
    "drips its head": (faults.drip(0.1, of="head"), problems.TimedOut),
    "closes": (faults.close(), problems.Unreachable),
    "resets": (faults.close(is_reset=True), problems.Unreachable),
    "cut short": (faults.cut(0.5), problems.CutAnswer),
    "cut short, chunked": (faults.cut_chunked(), problems.CutAnswer),
    "cut between chunks": (faults.cut_chunked(is_at_boundary=True), problems.CutAnswer),
}


@pytest.mark.parametrize("name", LASTING)
def test_what_does_not_pass_stops_at_once(
    name: str, partner: Partner, run: Fetch
) -> None:
    fault, kind = LASTING[name]
    partner.fail(path="/page/plain", after=2, times="always", fault=fault)
    sink = Memory()
    plan = plan_for(partner, "page/plain", service_most_bytes=2 << 20, **PAGES)
    with pytest.raises(ServiceProblem) as caught:
        run(plan, sink=sink)
    assert type(caught.value) is kind
    assert not caught.value.is_passing
    assert len(sink.pages) == (3 if kind is problems.RepeatedPage else 2)
    asked = len([r for r in partner.requests if r.path == "/page/plain"])
    expected = {problems.RepeatedPage: 4}.get(kind, 3)
    assert asked == (8 if name == "in a circle" else expected)
    assert "127.0.0.1" in caught.value.message or kind in (
        problems.RepeatedPage,
        problems.AddressRefused,
        problems.NoRecords,
    )


@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(name: str, partner: Partner, run: Fetch) -> None:
    fault, _ = PASSING[name]
    partner.fail(path="/page/plain", after=1, times=1, fault=fault)
    fetched = run(plan_for(partner, "page/plain", **PAGES, **QUICK))
    assert fetched.progress.counts.records == 250
    assert fetched.progress.counts.retries == 1
    expected = [record["claim_reference"] for record in claims(250)]
    lines = fetched.sink.lines.splitlines()
    assert [json.loads(line)["claim_reference"] for line in lines] == expected


@pytest.mark.parametrize("name", PASSING)
def test_what_does_not_pass_after_all_is_named(
    name: str, partner: Partner, run: Fetch
) -> None:
    fault, kind = PASSING[name]
    partner.fail(path="/page/plain", after=1, times="always", fault=fault)
    sink = Memory()
    with pytest.raises(ServiceProblem) as caught:
        run(plan_for(partner, "page/plain", **PAGES, **QUICK), sink=sink)
    assert type(caught.value) is kind
    assert caught.value.is_passing
    assert len(sink.pages) == 1


def test_it_goes_on_after_the_pages_it_has(partner: Partner, run: Fetch) -> None:
    plan = plan_for(
        partner,
        "cursor/null",
        paging_kind=Paging.CURSOR,
        paging_cursor_path="meta.next_cursor",
    )
    whole = run(plan).sink.lines
    partner.reset()
    partner.fail(path="/cursor", after=2, times="always", fault=faults.status(404))
    sink = Memory()
    with pytest.raises(problems.NotThere):
        run(plan, sink=sink)
    partner.reset()
    fetched = run(plan, sink=sink, progress=json.loads(json.dumps(sink.progress)))
    assert sink.lines == whole
    assert len(partner.requests) == 1
    assert fetched.progress.counts.pages == 3


def test_pages_without_end_are_not_followed_for_ever(
    partner: Partner, run: Fetch
) -> None:
    partner.fail(path="/next", times="always", fault=faults.endless())
    plan = plan_for(
        partner, "next/absolute", paging_kind=Paging.AUTO, paging_most_pages=7
    )
    with pytest.raises(problems.EndlessPages, match="more than its 7 pages"):
        run(plan)
    assert len(partner.requests) == 7


def test_a_host_that_is_not_known(run: Fetch, partner: Partner) -> None:
    plan = plan_for(
        partner, "", service_base_url="https://partner.invalid", service_attempts=1
    )
    with pytest.raises(problems.HostNotFound, match="is not known"):
        run(plan, hosts=("*",))


def test_a_port_where_nobody_listens(run: Fetch, partner: Partner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    plan = plan_for(partner, "list", service_base_url=url, service_attempts=1)
    with pytest.raises(problems.Unreachable, match="refuses or breaks"):
        run(plan)


@pytest.mark.parametrize(
    "encoded",
    [
        faults.utf16(),
        faults.utf8_mark(),
        faults.utf16(is_announced=True),
        faults.chunked(),
        faults.gzipped(),
    ],
)
def test_other_encodings_are_understood(
    encoded: Any, partner: Partner, run: Fetch
) -> None:
    partner.fail(path="/single/list", times="always", fault=encoded)
    fetched = run(plan_for(partner, "single/list", paging_kind=Paging.SINGLE))
    assert fetched.progress.counts.records == 250


def test_numbers_keep_their_digits(partner: Partner, run: Fetch) -> None:
    body = (
        b'[{"amount": 1250.10, "share": 0.1000, "large": 12345678901234567890123,'
        b' "small": 1e-7, "name": "\\u00e9\\n"}]'
    )
    partner.fail(
        path="/single", times="always", fault=faults.content(body, "application/json")
    )
    fetched = run(plan_for(partner, "single/list"))
    assert fetched.sink.lines.decode() == (
        '{"amount":"1250.10","share":"0.1000","large":12345678901234567890123,'
        '"small":"1E-7","name":"é\\n"}\n'
    )


@pytest.mark.parametrize(
    ("body", "format"),
    [
        (b'[{"a": NaN}]', Format.JSON),
        (b"[" * 100_000, Format.JSON),
        (b'[{"a": "\\ud800"}]', Format.JSON),
        (b'{"a": 1}\n{"a"', Format.JSON_LINES),
        (b"a,b\n1,2,3\n", Format.CSV),
        (b'a,b\n"1,2\n', Format.CSV),
        (b"<a><b></a>", Format.XML),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', Format.XML),
    ],
)
def test_malformed_bodies(
    body: bytes, format: Format, partner: Partner, run: Fetch
) -> None:
    partner.fail(path="/single", fault=faults.content(body, "text/plain"))
    with pytest.raises(problems.NotReadable) as caught:
        run(plan_for(partner, "single/list", format=format))
    assert caught.value.payload == body[: 1 << 20]
