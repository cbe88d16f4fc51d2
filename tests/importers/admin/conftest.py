"""Books to load into, and files on their way, for the tests of the pages."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from backoffice.roles import AUDITOR, OPERATOR
from importers.models import Feed, Ingestion, Source, WebService
from importers.services import ingestions, work
from importers.values import Secret
from reinsurance.models import Currency, Party, Treaty
from tests.partner.server import Partner

HEADER = (
    "UMR", "Claim Ref", "Insured", "Date of Loss", "Status", "Ccy", "Paid to date",
    "Reserve",
)  # fmt: skip


def csv_of(*rows: Sequence[str]) -> bytes:
    """Rows as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def claim(reference: str = "C-1", **changes: str) -> list[str]:
    """A good row of a claims bordereau, with some cells changed."""
    row = dict(
        zip(
            HEADER,
            (
                "B0001",
                reference,
                "Acme Ltd",
                "2026-02-15",
                "Open",
                "USD",
                "1000",
                "500",
            ),
            strict=True,
        )
    )
    return list((row | changes).values())


@pytest.fixture
def andes(db: None) -> Source:
    """A sender, with the treaty its claims are about."""
    party = Party.objects.create(code="ANDES", name="Andes Mutual Insurance")
    Treaty.objects.create(
        reference="B0001",
        cedant=party,
        treaty_type="QS",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency=Currency.objects.get(pk="USD"),
    )
    return Source.objects.create(code="andes", name="Andes", party=party)


@pytest.fixture
def sent(andes: Source, clerk: User) -> Callable[..., Ingestion]:
    """Hand in a claims file as the clerk; ``to`` says how far it goes."""

    def send(*rows: Sequence[str], to: str = "checked", **options: Any) -> Ingestion:
        ingestion = ingestions.submit(
            **{
                "blocks": [csv_of(*rows)],
                "file_name": "claims.csv",
                "record_type": "claims",
                "source": andes,
                "door": "test",
                "user": clerk,
                **options,
            }
        )
        if to != "received":
            work.check(ingestion.pk)
        if to == "loaded":
            ingestions.approve(ingestion.pk)
            work.load(ingestion.pk)
        ingestion.refresh_from_db()
        return ingestion

    return send


@pytest.fixture
def ready(sent: Callable[..., Ingestion]) -> Ingestion:
    """A checked file: two good claims, one with two faults."""
    return sent(
        HEADER,
        claim("C-1"),
        claim("C-2", **{"Paid to date": "2000"}),
        claim("C-3", **{"UMR": "B0999", "Date of Loss": "31/02/2026"}),
    )


@pytest.fixture
def loaded(sent: Callable[..., Ingestion]) -> Ingestion:
    """A loaded file with one claim, C-1."""
    return sent(HEADER, claim("C-1"), to="loaded")


@pytest.fixture
def as_clerk(clerk: User) -> Client:
    """A browser the clerk is signed in with."""
    browser = Client()
    browser.force_login(clerk)
    return browser


@pytest.fixture
def as_manager(manager: User) -> Client:
    """A browser the manager is signed in with."""
    browser = Client()
    browser.force_login(manager)
    return browser


@pytest.fixture
def as_admin(db: None) -> Client:
    """A browser a superuser is signed in with."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("root", password="root-password"))
    return browser


@pytest.fixture
def as_operator(db: None, user_with: Callable[..., User]) -> Client:
    """A browser the operator is signed in with."""
    browser = Client()
    browser.force_login(user_with(OPERATOR))
    return browser


@pytest.fixture
def as_auditor(db: None, user_with: Callable[..., User]) -> Client:
    """A browser the auditor is signed in with."""
    browser = Client()
    browser.force_login(user_with(AUDITOR))
    return browser


# -- web services ---------------------------------------------------------------------
SECRET = "s3cret-of-andes"


@pytest.fixture
def partner(settings: Settings) -> Iterator[Partner]:
    """A partner's service on this machine, with 250 claims."""
    settings.WEB_SERVICE_HOSTS = ["*", "http://127.0.0.1"]
    with Partner(250) as service:
        yield service


@pytest.fixture
def service(db: None) -> WebService:
    """A service with a secret; nobody answers at its address."""
    return WebService.objects.create(
        code="andes-api",
        name="Andes service",
        base_url="https://api.andes.example/v1",
        auth="bearer",
        secret=Secret(SECRET),
        rate_count=60,
    )


@pytest.fixture
def feed(andes: Source, service: WebService) -> Feed:
    """A feed of claims that asks for everything, page by page."""
    return Feed.objects.create(
        service=service,
        code="andes-claims",
        name="Andes claims",
        record_type="claims",
        source=andes,
        path="/page/total",
        paging="page",
        size_parameter="per_page",
        page_size=100,
        is_active=True,
    )


@pytest.fixture
def reachable(feed: Feed, partner: Partner) -> Feed:
    """The same feed, answered by the partner."""
    WebService.objects.filter(pk=feed.service_id).update(base_url=partner.url)
    return Feed.objects.get(pk=feed.pk)


def last_told(answer: HttpResponse) -> str:
    """The last message that the page shows."""
    return str(list(get_messages(answer.wsgi_request))[-1])


def posted(page: HttpResponse) -> dict[str, Any]:
    """What the form of an admin's page would post if nobody touched it."""
    form = page.context["adminform"].form
    data: dict[str, Any] = {}
    for bound in form:
        value = bound.field.prepare_value(bound.value())
        if isinstance(bound.value(), Secret) or value is None or value is False:
            continue
        data[bound.html_name] = "on" if value is True else value
        if bound.field.show_hidden_initial:
            data[bound.html_initial_name] = data[bound.html_name]
    return data


def upload_of(content: bytes, name: str = "claims.csv", **data: Any) -> dict[str, Any]:
    """What the upload form posts."""
    file = SimpleUploadedFile(name, content)
    return {"record_type": "claims", "file": file, **data}
