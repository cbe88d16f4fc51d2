"""Books to load into, and files on their way, for the tests of the pages."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from importers.models import Ingestion, Source
from importers.services import ingestions, work
from reinsurance.models import Currency, Party, Treaty

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


def upload_of(content: bytes, name: str = "claims.csv", **data: Any) -> dict[str, Any]:
    """What the upload form posts."""
    file = SimpleUploadedFile(name, content)
    return {"record_type": "claims", "file": file, **data}
