"""The partner itself: who is let in."""

import base64
from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest
import requests

from tests.partner import auth
from tests.partner.server import Partner
from tests.partner.values import Layer

SECRET = "s3cret:/+ é"


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner(10) as partner:
        yield partner


@pytest.mark.parametrize(
    ("check", "good"),
    [
        (auth.header_key("X-Api-Key", "k1"), {"headers": {"X-Api-Key": "k1"}}),
        (auth.query_key("api_key", "k1"), {"params": {"api_key": "k1"}}),
        (auth.basic("clerk", "pass:wörd"), {"auth": (b"clerk", "pass:wörd".encode())}),
        (auth.bearer("t1"), {"headers": {"Authorization": "Bearer t1"}}),
    ],
)
def test_checks(partner: Partner, check: Layer, good: dict[str, object]) -> None:
    partner.protect(check)
    address = f"{partner.url}/single/list"
    refused = requests.get(address, timeout=5)
    assert refused.status_code == 401
    assert "WWW-Authenticate" in refused.headers
    assert len(requests.get(address, timeout=5, **good).json()) == 10  # type: ignore[arg-type]


@pytest.mark.parametrize("is_echoed", [True, False])
def test_query_key_in_links(partner: Partner, is_echoed: bool) -> None:
    partner.protect(auth.query_key("api_key", "k1", is_echoed=is_echoed))
    address = f"{partner.url}/next/absolute?api_key=k1&per_page=4"
    link = requests.get(address, timeout=5).json()["next"]
    assert ("api_key=k1" in link) is is_echoed


def token(partner: Partner, **form: str) -> requests.Response:
    form = {"grant_type": "client_credentials", **form}
    pair = f"back-office:{quote_plus(SECRET)}"
    header = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if "client_secret" in form:
        header = {}
    address = f"{partner.url}/oauth/token"
    return requests.post(address, data=form, headers=header, timeout=5)


def data(partner: Partner, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{partner.url}/single/list", headers=headers, timeout=5)


def test_client_credentials(partner: Partner) -> None:
    service = partner.oauth(scope="claims.read", audience="urn:claims")
    wanted = {"scope": "claims.read", "audience": "urn:claims"}
    assert token(partner).json() == {"error": "invalid_scope"}
    assert token(partner, scope="claims.read").json() == {"error": "invalid_target"}
    answer = token(partner, **wanted)
    assert answer.json() == {
        "access_token": "token-1",
        "token_type": "Bearer",
        "scope": "claims.read",
        "expires_in": 3600,
    }
    client = {"client_id": "back-office", "client_secret": SECRET}
    assert token(partner, **wanted, **client).json()["access_token"] == "token-2"
    client["client_secret"] = "wrong"
    refused = token(partner, **wanted, **client)
    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})
    assert (service.requests, service.issued) == (5, ["token-1", "token-2"])
    assert data(partner, "token-1").status_code == 200
    assert data(partner, "token-3").status_code == 401


def test_where_the_client_says_who_it_is(partner: Partner) -> None:
    client = {"client_id": "back-office", "client_secret": SECRET}
    partner.oauth(client_in="header")
    assert token(partner).status_code == 200
    assert token(partner, **client).status_code == 401
    partner.oauth(client_in="body")
    assert token(partner).status_code == 401
    assert token(partner, **client).status_code == 200


def test_token_expires_in_mid_sync(partner: Partner) -> None:
    service = partner.oauth()
    first = token(partner).json()["access_token"]
    service.expire_after(2)
    answers = [data(partner, first) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 401, 401]
    assert 'error="invalid_token"' in answers[2].headers["WWW-Authenticate"]
    second = token(partner).json()["access_token"]
    assert data(partner, second).status_code == 200
    service.expire()
    assert data(partner, second).status_code == 401
    assert service.requests == 2


def test_refresh_token_rotates(partner: Partner) -> None:
    service = partner.oauth(refresh_token="refresh-1", expires_in="60")
    grant = {"grant_type": "refresh_token", "refresh_token": "refresh-1"}
    body = token(partner, **grant).json()
    assert (body["refresh_token"], body["expires_in"]) == ("refresh-2", "60")
    old = token(partner, **grant)
    assert (old.status_code, old.json()) == (400, {"error": "invalid_grant"})
    grant["refresh_token"] = "refresh-2"
    assert token(partner, **grant).json()["refresh_token"] == "refresh-3"
    assert service.issued == ["token-1", "token-2"]
    assert token(partner, grant_type="password").json() == {
        "error": "unsupported_grant_type"
    }
