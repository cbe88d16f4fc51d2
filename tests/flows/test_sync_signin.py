"""Signing in with OAuth2: one token for all, renewed in time, by one at a time."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from importers.models import Feed, WebService
from importers.models.secrets import SealedSecret
from importers.services.connections import KeptTokens, SharedPace, allowed_hosts
from importers.services.plans import service_plan
from importers.values import AuthKind, Secret
from importers.webservices.client import Client
from importers.webservices.problems import CredentialsRefused
from tests.flows.syncs import ALLOWED, a_feed, a_treaty, run
from tests.partner import faults
from tests.partner.server import Partner

pytestmark = pytest.mark.django_db
CLIENT, SECRET = "back-office", "s3cret:/+ é"


@pytest.fixture
def partner(settings: Settings) -> Iterator[Partner]:
    settings.WEB_SERVICE_HOSTS = ALLOWED
    with Partner(250) as running:
        yield running


def oauth_feed(partner: Partner, **changes: Any) -> Feed:
    a_treaty()
    settled = {
        "service_auth": AuthKind.CLIENT_CREDENTIALS,
        "service_token_url": partner.url + "/oauth/token",
        "service_client_id": CLIENT,
        "service_secret": SECRET,
        "service_leeway_seconds": 5,
        **changes,
    }
    return a_feed(partner, **settled)


@pytest.mark.parametrize("client_in", ["header", "body"])
def test_client_credentials(client_in: Any, partner: Partner) -> None:
    tokens = partner.oauth(client_in=client_in, scope="claims", audience="api")
    feed = oauth_feed(
        partner,
        service_client_in_body=client_in == "body",
        service_scopes="claims",
        service_audience="api",
    )
    sync = run(feed)
    assert (sync.status, sync.records, tokens.requests) == ("handed in", 250, 1)
    service = WebService.objects.get()
    assert service.token_expires_at is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, access_token FROM importers_webservice")
        secret, token = cursor.fetchone()
    assert SECRET not in secret
    assert service.secret.reveal() == SECRET
    assert service.access_token.reveal() not in token
    run(feed)
    assert tokens.requests == 1  # the token of the first sync is still good


def test_a_token_that_ends_in_mid_sync_is_renewed(partner: Partner) -> None:
    tokens = partner.oauth()
    tokens.expire_after(2)
    sync = run(oauth_feed(partner))
    assert (sync.status, sync.records, sync.retries) == ("handed in", 250, 1)
    assert tokens.requests == 2
    assert [r.status for r in partner.requests if r.path == "/next/absolute"] == [
        200,
        200,
        401,
        200,
    ]


def test_a_token_is_renewed_before_it_ends(partner: Partner) -> None:
    tokens = partner.oauth(expires_in=60)
    feed = oauth_feed(partner)
    run(feed)
    soon = timezone.now() + timedelta(seconds=4)
    WebService.objects.update(token_expires_at=soon)
    sync = run(feed)
    assert (sync.retries, tokens.requests) == (0, 2)


def test_other_credentials_get_another_token(partner: Partner) -> None:
    tokens = partner.oauth()
    feed = oauth_feed(partner)
    run(feed)
    service = WebService.objects.get()
    service.scopes = "claims:read"
    service.save()
    run(feed)
    assert tokens.requests == 2


def test_wrong_credentials_pause_the_feed(partner: Partner) -> None:
    partner.oauth()
    feed = oauth_feed(partner, service_secret="wrong")
    sync = run(feed)
    assert (sync.status, sync.problem) == ("failed", "credentials_refused")
    assert sync.message == (
        "The token service 127.0.0.1/oauth/token refuses our sign-in (invalid_client). "
        "Enter the client's credentials anew."
    )
    feed.refresh_from_db()
    assert feed.paused_at is not None


def test_a_token_that_is_always_refused_ends_the_sync(partner: Partner) -> None:
    tokens = partner.oauth()
    tokens.expire_after(0)
    feed = oauth_feed(partner, path="next/absolute")
    partner.fail(path="/next", times="always", fault=faults.status(401))
    sync = run(feed)
    assert (sync.status, sync.problem) == ("failed", "credentials_refused")
    assert tokens.requests == 2


def test_refresh_tokens_rotate(partner: Partner) -> None:
    tokens = partner.oauth(refresh_token="refresh-1")
    feed = oauth_feed(
        partner,
        service_auth=AuthKind.REFRESH_TOKEN,
        service_refresh_token=Secret("refresh-1"),
    )
    assert run(feed).status == "handed in"
    kept = WebService.objects.get().refresh_token.reveal()
    assert kept != "refresh-1"
    tokens.expire()
    assert run(feed).status == "handed in"
    assert tokens.requests == 2
    tokens.expire()
    WebService.objects.update(refresh_token=Secret("refresh-1"))
    sync = run(feed)
    assert (sync.status, sync.problem) == ("failed", "credentials_refused")
    assert "(invalid_grant)" in sync.message


@pytest.mark.django_db(transaction=True)
def test_two_workers_renew_once(partner: Partner) -> None:
    tokens = partner.oauth(seconds=0.3, refresh_token="refresh-1")
    service = oauth_feed(
        partner,
        service_auth=AuthKind.REFRESH_TOKEN,
        service_refresh_token=Secret("refresh-1"),
    ).service
    login = service_plan(service).login
    found: list[str] = []

    def worker() -> None:
        try:
            with Client(
                allowed_hosts(), connect_seconds=2, read_seconds=5, most_bytes=1 << 20
            ) as client:
                found.append(KeptTokens(service.pk, client, login).current())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert tokens.requests == 1


def test_another_key_gives_no_secret_and_breaks_nothing(
    partner: Partner, settings: Settings
) -> None:
    partner.oauth()
    feed = oauth_feed(partner)
    right = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = ["A" * 43 + "="]
    sync = run(feed)
    assert (sync.status, sync.problem) == ("failed", "credentials_refused")
    assert "FIELD_ENCRYPTION_KEYS" in sync.message
    service = WebService.objects.get()
    assert isinstance(service.secret, SealedSecret)
    service.name = "Renamed"
    service.save()
    settings.FIELD_ENCRYPTION_KEYS = ["A" * 43 + "=", *right]
    assert WebService.objects.get().secret.reveal() == SECRET


def test_the_budget_is_one_for_all(partner: Partner) -> None:
    service = a_feed(partner, service_rate_count=20, service_rate_per=1).service
    one, other = SharedPace(service), SharedPace(service)
    waits = [pace.wait() for pace in (one, other, one, other)]
    assert waits[0] == 0
    assert waits[3] == pytest.approx(0.15, abs=0.05)


def test_a_refused_credential_tells_no_secret(partner: Partner) -> None:
    partner.oauth()
    feed = oauth_feed(partner, service_secret="top-secret-wrong")
    service = feed.service
    with Client(
        allowed_hosts(), connect_seconds=2, read_seconds=5, most_bytes=1 << 20
    ) as client:
        tokens = KeptTokens(service.pk, client, service_plan(service).login)
        with pytest.raises(CredentialsRefused) as caught:
            tokens.current()
    assert "top-secret" not in repr(caught.value) + str(caught.value)
    assert "top-secret" not in f"{service.secret} {service.secret!r} {service.__dict__}"


def test_no_secret_is_in_a_dump(partner: Partner) -> None:
    partner.oauth()
    feed = oauth_feed(partner)
    run(feed)
    out = StringIO()
    call_command("dumpdata", "importers", stdout=out)
    service = WebService.objects.get()
    dumped = out.getvalue()
    assert '"client_id": "back-office"' in dumped
    for secret in (service.secret, service.access_token):
        assert isinstance(secret, SealedSecret)
        assert secret.reveal() not in dumped
        assert secret.stored not in dumped
