"""Where requests may go, and that secrets go nowhere else."""

import logging
from typing import Any

import pytest

from importers.values import AuthKind, Paging
from importers.webservices import problems
from importers.webservices.auth import Auth
from importers.webservices.hosts import AllowedHosts
from importers.webservices.problems import AddressRefused, BadFeed, ServiceProblem
from importers.webservices.values import Login
from tests.importers.webservices.conftest import Fetch, Memory, plan_for
from tests.partner import auth, faults
from tests.partner.server import Partner

KEY = "k-5f1d09-secret"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://100.64.0.1/",
    ],
)
def test_private_addresses_are_refused(url: str, run: Fetch, partner: Partner) -> None:
    plan = plan_for(partner, "", service_base_url=url, service_attempts=1)
    with pytest.raises(AddressRefused):
        run(plan, hosts=("*",))
    assert partner.requests == []


@pytest.mark.parametrize(
    ("entries", "url", "expected"),
    [
        (["*"], "https://api.example.com/x", False),
        (["*.example.com"], "https://api.example.com", False),
        (["api.example.com"], "https://api.example.com", True),
        (["api.example.com:8443"], "https://api.example.com:8443/x", True),
        (["http://localhost:8010"], "http://localhost:8010/claims", True),
        (["http://localhost"], "https://localhost", True),
        (["API.example.com"], "https://api.EXAMPLE.com.", True),
    ],
)
def test_allowed(entries: list[str], url: str, expected: bool) -> None:
    assert AllowedHosts(entries).may_be_private(url) is expected


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ([], "https://api.example.com"),
        (["*"], "http://api.example.com"),
        (["api.example.com"], "https://evil.com"),
        (["*.example.com"], "https://example.com.evil.com"),
        (["api.example.com:8443"], "https://api.example.com/"),
        (["localhost"], "http://localhost"),
    ],
)
def test_not_allowed(entries: list[str], url: str) -> None:
    with pytest.raises(AddressRefused):
        AllowedHosts(entries).may_be_private(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "file:///etc/passwd",
        "example.com",
        "https://",
        "",
        "https://user:pass@example.com",
        "https://example.com:99999",
        "https://exa mple.com",
        "https://exam<ple.com",
    ],
)
def test_no_web_address(url: str) -> None:
    with pytest.raises(BadFeed):
        AllowedHosts(["*"]).may_be_private(url)


def test_a_redirect_into_the_private_network_is_not_followed(
    partner: Partner, run: Fetch
) -> None:
    partner.fail(path="/single", fault=faults.redirect(faults.METADATA))
    with pytest.raises(AddressRefused):
        run(plan_for(partner, "single/list"))
    assert len(partner.requests) == 1


def test_credentials_never_follow_to_another_host(run: Fetch) -> None:
    login = Login(AuthKind.HEADER_KEY, key_name="X-Key")
    with Partner(10) as partner, Partner(10) as other:
        target = other.url + "/single/list"
        partner.fail(path="/single", fault=faults.redirect(target))
        with pytest.raises(problems.OtherHost):
            run(plan_for(partner, "single/list"), auth=Auth(login, lambda: KEY))
        body = f'{{"next": "{target}", "data": [{{"a": 1}}]}}'.encode()
        partner.fail(path="/next", fault=faults.content(body, "application/json"))
        with pytest.raises(problems.OtherHost):
            run(plan_for(partner, "next/absolute"), auth=Auth(login, lambda: KEY))
        assert other.requests == []


def test_a_redirect_on_the_same_host_is_followed_signed(
    partner: Partner, run: Fetch
) -> None:
    partner.protect(auth.header_key("X-Key", KEY))
    partner.fail(path="/single/data", fault=faults.redirect("/single/list", 307))
    login = Login(AuthKind.HEADER_KEY, key_name="X-Key")
    fetched = run(plan_for(partner, "single/data"), auth=Auth(login, lambda: KEY))
    assert fetched.progress.counts.records == 250


@pytest.mark.parametrize("is_echoed", [True, False])
def test_a_key_in_the_query_is_in_nothing_that_is_kept(
    is_echoed: bool, partner: Partner, run: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="importers")
    partner.protect(auth.query_key("api_key", KEY, is_echoed=is_echoed))
    login = Login(AuthKind.QUERY_KEY, key_name="api_key")
    plan = plan_for(partner, "next/absolute")
    partner.fail(path="/next", after=2, times="always", fault=faults.status(500))
    sink = Memory()
    with pytest.raises(ServiceProblem) as caught:
        run(plan, auth=Auth(login, lambda: KEY), sink=sink)
    kept = sink.progress
    assert kept["call"]["url"].endswith("page=3")
    assert KEY not in str(kept)
    assert KEY not in str(caught.value) + repr(caught.value.__cause__)
    assert KEY not in repr(caught.value.__context__)
    assert KEY not in caplog.text
    partner.reset()
    partner.protect(auth.query_key("api_key", KEY, is_echoed=is_echoed))
    fetched = run(plan, auth=Auth(login, lambda: KEY), progress=kept)
    assert fetched.progress.counts.records == 250


@pytest.mark.parametrize(
    ("login", "check"),
    [
        (Login(AuthKind.HEADER_KEY, key_name="X-Key"), auth.header_key("X-Key", KEY)),
        (Login(AuthKind.QUERY_KEY, key_name="key"), auth.query_key("key", KEY)),
        (Login(AuthKind.BASIC, user_name="Zoë"), auth.basic("Zoë", KEY)),
        (Login(AuthKind.BEARER), auth.bearer(KEY)),
    ],
)
def test_ways_of_signing_in(
    login: Login, check: Any, partner: Partner, run: Fetch
) -> None:
    partner.protect(check)
    plan = plan_for(partner, "next/absolute", paging_kind=Paging.AUTO)
    fetched = run(plan, auth=Auth(login, lambda: KEY))
    assert fetched.progress.counts.records == 250
    with pytest.raises(problems.CredentialsRefused):
        run(plan, auth=Auth(login, lambda: "wrong"))


@pytest.mark.parametrize(
    "certificate", ["expired", "wrong host", "untrusted", "self-signed"]
)
def test_bad_certificates_are_refused(certificate: str, run: Fetch) -> None:
    with Partner(10, certificate=certificate) as partner:
        plan = plan_for(partner, "single/list", service_base_url=partner.named_url)
        with pytest.raises(problems.TlsRefused, match="certificate of localhost"):
            run(plan, hosts=("localhost",), ca_file=partner.ca_file)
        assert partner.requests == []


def test_a_good_certificate_of_an_authority_of_ones_own(run: Fetch) -> None:
    with Partner(10, certificate="good") as partner:
        plan = plan_for(partner, "single/list", service_base_url=partner.named_url)
        fetched = run(plan, hosts=("localhost",), ca_file=partner.ca_file)
        assert fetched.progress.counts.records == 10
        with pytest.raises(problems.TlsRefused):
            run(plan, hosts=("localhost",))


def test_proxies_of_the_environment_are_not_heeded(
    partner: Partner, run: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fetched = run(plan_for(partner, "single/list"))
    assert fetched.progress.counts.records == 250
