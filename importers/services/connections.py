"""The way to a service: its secrets, tokens and budget, shared by all workers."""

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from importers.models import WebService
from importers.models.secrets import UnreadableSecret
from importers.values import AuthKind, Secret
from importers.webservices.auth import Auth
from importers.webservices.caller import Caller, Deadline
from importers.webservices.client import Client
from importers.webservices.hosts import AllowedHosts
from importers.webservices.oauth import Token, request_token
from importers.webservices.problems import CredentialsRefused
from importers.webservices.values import Counts, FeedPlan, Login

WITH_TOKENS = (AuthKind.CLIENT_CREDENTIALS, AuthKind.REFRESH_TOKEN)
LOOK_AGAIN_SECONDS = 3600.0


def allowed_hosts() -> AllowedHosts:
    """The allow-list of the settings."""
    return AllowedHosts(settings.WEB_SERVICE_HOSTS)


@contextlib.contextmanager
def connect(
    service: WebService, plan: FeedPlan, *, counts: Counts, deadline: Deadline
) -> Iterator[Caller]:
    """A caller that is signed in to the service and keeps to its budget."""
    with Client(
        allowed_hosts(),
        connect_seconds=plan.service.connect_seconds,
        read_seconds=plan.service.read_seconds,
        most_bytes=plan.service.most_bytes,
        ca_file=settings.WEB_SERVICE_CA_FILE,
    ) as client:
        login = plan.service.login
        tokens = None
        if login.kind in WITH_TOKENS:
            tokens = KeptTokens(service.pk, client, login)
        yield Caller(
            plan.service,
            client,
            Auth(login, lambda: _revealed(service.secret), tokens),
            counts=counts,
            deadline=deadline,
            pace=SharedPace(service),
            format=plan.format,
        )


def _revealed(secret: Secret) -> str:
    try:
        return secret.reveal()
    except UnreadableSecret as error:
        raise CredentialsRefused(str(error)) from None


class SharedPace:
    """The service's budget of requests: each takes the next place in time.

    The places are handed out by the database, so the budget holds across machines.
    """

    def __init__(self, service: WebService) -> None:
        self._key = service.pk
        count = service.rate_count
        self._seconds = service.rate_per / count if count else 0.0

    def wait(self) -> float:
        """Seconds until the place that is ours now."""
        if not self._seconds:
            return 0.0
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE importers_webservice
                SET next_request_at = GREATEST(next_request_at, clock_timestamp())
                    + make_interval(secs => %s)
                WHERE id = %s
                RETURNING extract(epoch FROM next_request_at - clock_timestamp()) - %s
                """,
                [self._seconds, self._key, self._seconds],
            )
            (seconds,) = cursor.fetchone()
        return max(0.0, float(seconds))


class KeptTokens:
    """Access tokens of a service: one for all workers, renewed by one at a time.

    A refresh token that is replaced with every use would be lost if two renewed it at
    once, so whoever renews holds the service's row.
    """

    def __init__(self, service: int, client: Client, login: Login) -> None:
        self._key = service
        self._client = client
        self._login = login
        self._token = ""
        self._good_until = 0.0

    def current(self) -> str:
        """The token; renewed before it ends."""
        if not self._token or time.monotonic() >= self._good_until:
            self._take(refused="")
        return self._token

    def renew(self, refused: str) -> str:
        """Another token than the refused one; perhaps somebody has it already."""
        self._take(refused)
        return self._token

    def _take(self, refused: str) -> None:
        with transaction.atomic():
            row = WebService.objects.select_for_update().get(pk=self._key)
            kept = self._kept(row)
            if not kept or kept == refused:
                self._save(row, self._new(row))
                kept = row.access_token.reveal()
        end = row.token_expires_at
        left = (end - timezone.now()).total_seconds() if end else LOOK_AGAIN_SECONDS
        self._token = kept
        self._good_until = time.monotonic() + left - self._login.leeway_seconds

    def _kept(self, row: WebService) -> str:
        """The token at hand, unless it is about to end."""
        if row.token_print != self._print(row):
            return ""
        leeway = timedelta(seconds=self._login.leeway_seconds)
        if row.token_expires_at and row.token_expires_at - leeway <= timezone.now():
            return ""
        try:
            return row.access_token.reveal()
        except UnreadableSecret:
            return ""

    def _print(self, row: WebService) -> str:
        """Fingerprint of the sign-in: a token got by another one is not used."""
        login = self._login
        parts = [
            row.base_url, login.kind, login.token_url, login.client_id, login.scopes,
            login.audience, _revealed(row.secret),
        ]  # fmt: skip
        digest = salted_hmac("token", "\0".join(parts), algorithm="sha256")
        return digest.hexdigest()

    def _new(self, row: WebService) -> Token:
        return request_token(
            self._client,
            self._login,
            secret=_revealed(row.secret),
            refresh_token=_revealed(row.refresh_token),
        )

    def _save(self, row: WebService, token: Token) -> None:
        row.access_token = Secret(token.access)
        row.token_expires_at = None
        if token.seconds is not None:
            row.token_expires_at = timezone.now() + timedelta(seconds=token.seconds)
        if token.refresh:
            row.refresh_token = Secret(token.refresh)
        row.token_print = self._print(row)
        row.save(
            update_fields=[
                "access_token",
                "token_print",
                "token_expires_at",
                "refresh_token",
            ]
        )
