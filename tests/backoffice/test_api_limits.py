"""How often one may ask: beyond it 429, with the seconds to wait."""

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from tests.reinsurance.admin.conftest import as_manager

__all__ = ["as_manager"]

CLAIMS = "/api/v1/claims/"


@pytest.fixture
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three requests a minute for who is signed in, two for others."""
    rates = {"user": "3/min", "anon": "2/min"}
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
    cache.clear()


@pytest.mark.usefixtures("_few")
def test_too_many_requests_are_told_when_to_come_back(
    as_clerk: Client, as_manager: Client
) -> None:
    assert [as_clerk.get(CLAIMS).status_code for _ in range(3)] == [200] * 3
    answer = as_clerk.get(CLAIMS)
    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/problem+json"
    assert 1 <= int(answer["Retry-After"]) <= 60
    told = answer.json()
    assert told["code"] == "too_many_requests"
    assert told["detail"] == (
        f"Too many requests. Try again in {answer['Retry-After']} seconds."
    )
    assert as_manager.get(CLAIMS).status_code == 200


@pytest.mark.usefixtures("_few", "db")
def test_who_is_not_signed_in_is_counted_by_address(client: Client) -> None:
    address = "/api/v1/problems/"
    assert [client.get(address).status_code for _ in range(3)] == [200, 200, 429]
    elsewhere = client.get(address, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200
