"""The partner itself: what goes wrong on demand."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from tests.clusters import wait_until
from tests.partner import faults
from tests.partner.server import Partner
from tests.partner.values import Layer


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner(20) as partner:
        yield partner


def get(partner: Partner, target: str = "/single/list") -> requests.Response:
    return requests.get(partner.url + target, timeout=(5, 1), allow_redirects=False)


def statuses(partner: Partner, count: int, target: str = "/single/list") -> list[int]:
    return [get(partner, target).status_code for _ in range(count)]


def test_script(partner: Partner) -> None:
    partner.fail(path="/single", after=1, times=2, fault=faults.status(503))
    partner.fail(fault=faults.status(410), after=2)
    partner.fail(path="/page", times="always", fault=faults.status(404))
    assert statuses(partner, 5) == [200, 503, 503, 410, 200]
    assert statuses(partner, 3, "/page/total") == [404, 404, 404]
    assert [request.status for request in partner.calls("/single")] == [
        *[200, 503, 503, 410, 200]
    ]
    partner.reset()
    assert partner.requests == []
    assert statuses(partner, 1, "/page/total") == [200]


@pytest.mark.parametrize(
    ("tell", "name", "value"),
    [
        ("retry-after", "Retry-After", "2"),
        ("milliseconds", "Retry-After-Ms", "2000"),
        ("seconds", "X-RateLimit-Reset", "2"),
        ("ietf", "RateLimit", '"default";r=0;t=2'),
        ("none", "Retry-After", None),
    ],
)
def test_too_many(partner: Partner, tell: str, name: str, value: str | None) -> None:
    partner.fail(fault=faults.too_many(2, tell))
    answer = get(partner)
    assert (answer.status_code, answer.headers.get(name)) == (429, value)


def test_too_many_until_a_moment(partner: Partner) -> None:
    partner.fail(fault=faults.too_many(2, "date"))
    partner.fail(fault=faults.too_many(2, "github"))
    now = time.time()
    moment = parsedate_to_datetime(get(partner).headers["Retry-After"]).timestamp()
    reset = int(get(partner).headers["X-RateLimit-Reset"])
    latest = time.time() + 3  # whole seconds, rounded up
    assert now + 2 <= moment <= latest
    assert now + 2 <= reset <= latest
    assert partner.requests[0].wait_seconds == 2


def test_too_early(partner: Partner) -> None:
    partner.fail(fault=faults.too_many(1), times=2)
    assert statuses(partner, 2) == [429, 429]
    time.sleep(1.01)
    assert statuses(partner, 1) == [200]
    assert partner.too_early() == [partner.requests[1]]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.close(), "RemoteDisconnected"),
        (faults.close(is_reset=True), "ConnectionResetError"),
        (faults.cut(), "IncompleteRead"),
        (faults.cut_chunked(), "IncompleteRead|Response ended prematurely"),
        (faults.cut_chunked(is_at_boundary=True), "Response ended prematurely"),
        (faults.silence(), "Read timed out"),
    ],
)
def test_broken_connections(partner: Partner, fault: Layer, error: str) -> None:
    partner.fail(fault=fault)
    with pytest.raises(requests.RequestException, match=error):
        get(partner)
    assert statuses(partner, 1) == [200]


@pytest.mark.parametrize("of", ["body", "head"])
def test_drip(partner: Partner, of: str) -> None:
    partner.fail(fault=faults.drip(0.02, of=of))
    address = ("127.0.0.1", partner.port)
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(b"GET /single/list HTTP/1.1\r\nHost: x\r\n\r\n")
        drops = [connection.recv(1000) for _ in range(5)]
    assert drops[0].startswith(b"HTTP/1.1 200 OK")
    assert drops[1:] == [b" "] * 4


@pytest.mark.parametrize(
    ("fault", "kind", "start"),
    [
        (faults.content_type("text/plain"), "text/plain", b'[{"id":"clm_00000001"'),
        (faults.content_type(""), None, b'[{"id":"clm_00000001"'),
        (faults.login_page(), "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        (faults.latin1(), "application/json; charset=utf-8", b'[{"id"'),
        (faults.utf16(), "application/json", b"\xff\xfe[\x00"),
        (faults.utf8_mark(), "application/json", b"\xef\xbb\xbf[{"),
        (faults.content("{]"), "application/json", b"{]"),
    ],
)
def test_contents(
    partner: Partner, fault: Layer, kind: str | None, start: bytes
) -> None:
    partner.fail(fault=fault)
    answer = get(partner)
    assert answer.headers.get("Content-Type") == kind
    assert answer.content.startswith(start)


def test_unreadable(partner: Partner) -> None:
    partner.fail(fault=faults.latin1())
    with pytest.raises(UnicodeDecodeError):
        get(partner).content.decode()
    partner.fail(fault=faults.invalid_json())
    with pytest.raises(requests.JSONDecodeError):
        get(partner).json()


@pytest.mark.parametrize("fault", [faults.chunked(), faults.gzipped()])
def test_other_ways_of_sending(partner: Partner, fault: Layer) -> None:
    good = get(partner).content
    partner.fail(fault=fault)
    assert get(partner).content == good


def test_redirects(partner: Partner) -> None:
    path = "/single/list?a=1"
    targets: list[Any] = [
        faults.itself,
        faults.other_name,
        faults.plain_http,
        faults.METADATA,
    ]
    for to in targets:
        partner.fail(fault=faults.redirect(to))
    assert [get(partner, path).headers["Location"] for _ in targets] == [
        path,
        f"{partner.named_url}{path}",
        f"{partner.url}{path}",
        "http://169.254.169.254/latest/meta-data/",
    ]
    partner.fail(fault=faults.redirect(faults.itself), times="always")
    with pytest.raises(requests.TooManyRedirects):
        requests.get(partner.url + path, timeout=5)


@pytest.mark.parametrize("is_announced", [True, False])
def test_flood(partner: Partner, is_announced: bool) -> None:
    size = 200_000_000
    partner.fail(fault=faults.flood(size, is_announced=is_announced), times="always")
    with requests.get(f"{partner.url}/x", stream=True, timeout=5) as answer:
        next(answer.iter_content(100_000))
    wait_until(lambda: partner.requests[0].sent > 100_000, "told what was sent")
    assert partner.requests[0].sent < size / 4
    partner.reset()
    partner.fail(fault=faults.flood(200_000, is_announced=is_announced))
    answer = get(partner)
    assert (len(answer.content), answer.json()) == (200_000, [])


def test_gzip_bomb(partner: Partner) -> None:
    partner.fail(fault=faults.gzip_bomb(20 << 20))
    answer = get(partner)
    assert len(answer.content) == (20 << 20) + 2
    assert partner.requests[0].sent < 50_000


def test_storm(partner: Partner) -> None:
    partner.fail(fault=faults.storm(7, waits=(0,)), times="always")
    seen: Counter[str] = Counter()
    with requests.Session() as session:
        for page in range(300):
            for _ in range(50):
                target = f"{partner.url}/page/total?page={page}"
                try:
                    status = session.get(target, timeout=5).status_code
                except requests.RequestException:
                    status = 0
                kind = "5xx" if status >= 500 else str(status)
                seen[kind] += 1
                if status == 200:
                    break
    assert seen == {"200": 300, "429": 283, "5xx": 21, "0": 11}


@pytest.mark.parametrize(
    ("style", "names"),
    [
        ("ietf", ["RateLimit-Policy", "RateLimit"]),
        ("github", ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]),
        ("seconds", ["X-RateLimit-Limit", "X-RateLimit-Remaining"]),
    ],
)
def test_quota(partner: Partner, style: str, names: list[str]) -> None:
    quota = partner.quota(limit=3, window_seconds=10, style=style)
    now = 1000.0
    quota.clock = lambda: now
    answers = [get(partner) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert all(name in answer.headers for answer in answers for name in names)
    left = [answer.headers.get("X-RateLimit-Remaining") for answer in answers]
    if style == "ietf":
        assert answers[1].headers["RateLimit"] == '"default";r=1;t=10'
    else:
        assert left == ["2", "1", "0", "0", "0"]
    assert answers[3].headers["Retry-After"] == "10"
    assert quota.refused == 2
    now += 10
    assert statuses(partner, 1) == [200]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "certificate has expired"),
        ("wrong host", "IP address mismatch"),
        ("untrusted", "unable to get local issuer certificate"),
        ("self-signed", "self-signed certificate"),
    ],
)
def test_bad_certificates(kind: str, reason: str) -> None:
    with Partner(1, certificate=kind) as partner:
        with pytest.raises(requests.exceptions.SSLError, match=reason):
            requests.get(partner.url, verify=str(partner.ca_file), timeout=5)
        assert partner.requests == []


def test_good_certificate() -> None:
    with Partner(1, certificate="good") as partner, requests.Session() as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win
        session.verify = str(partner.ca_file)
        for url in (partner.url, partner.named_url):
            assert session.get(f"{url}/single/list", timeout=5).status_code == 200
        partner.fail(fault=faults.close(is_reset=True))
        with pytest.raises(requests.ConnectionError):
            session.get(f"{partner.url}/single/list", timeout=5)
        link = session.get(f"{partner.url}/next/absolute", timeout=5).json()["next"]
        assert link is None


def test_an_error_in_an_endpoint_fails_the_test() -> None:
    def endpoint(request: object) -> None:
        raise LookupError

    with pytest.raises(LookupError), Partner(1) as partner:
        partner.add("/broken", endpoint)  # type: ignore[arg-type]
        with pytest.raises(requests.ConnectionError):
            get(partner, "/broken")


def test_at_once(partner: Partner) -> None:
    partner.latency = 0.1
    start = time.monotonic()
    get(partner)
    assert time.monotonic() - start > 0.1
    assert partner.most_at_once == 1
