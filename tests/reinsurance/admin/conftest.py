"""A small book of every kind of record, and browsers to look at it."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from reinsurance.models import (
    Bordereau,
    Claim,
    ClaimPosition,
    ClaimStatement,
    Edit,
    ExchangeRate,
    Layer,
    Load,
    LossEvent,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
    TreatyScope,
)


@pytest.fixture
def book(db: None) -> Claim:
    """One record of every model; the claim, from which the others can be reached."""
    cedant = Party.objects.create(code="ANDES", name="Andes Mutual", country_id="CL")
    reinsurer = Party.objects.create(code="ALPHA", name="Alpha Re", country_id="DE")
    treaty = Treaty.objects.create(
        reference="B0001",
        name="Andes quota share",
        cedant=cedant,
        treaty_type="QS",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency_id="USD",
    )
    layer = Layer.objects.create(
        treaty=treaty, number=1, occurrence_limit=Decimal("5000000"), ceded_share="0.4"
    )
    Participation.objects.create(
        layer=layer, reinsurer=reinsurer, signed_line=Decimal("0.175"), is_lead=True
    )
    TreatyScope.objects.create(treaty=treaty, portfolio="PROP")
    Bordereau.objects.create(
        kind="claims", party=cedant, period_end="2026-06-30", status="loaded"
    )
    event = LossEvent.objects.create(
        code="STORM1", name="Storm Ada", date_from="2026-02-14"
    )
    ExchangeRate.objects.create(
        base_id="USD", quote_id="EUR", date="2026-06-30", rate=Decimal("0.92")
    )
    PremiumEntry.objects.create(
        treaty=treaty,
        policy_reference="P-1",
        effective_date="2026-01-01",
        currency_id="USD",
        gross_premium=Decimal("1234567.8"),
    )
    claim = Claim.objects.create(
        treaty=treaty,
        reference="C-00123",
        insured_name="=HYPERLINK(1)",
        loss_event=event,
        date_of_loss="2026-02-15",
        status_id="OPEN",
        details={"Claimant Name": "J Doe"},
    )
    position = ClaimPosition.objects.create(
        claim=claim,
        section="1",
        risk_code="XL",
        currency_id="USD",
        status_id="OPEN",
        period_end="2026-06-30",
        paid_indemnity=Decimal("1500"),
        reserve_indemnity=Decimal("250"),
    )
    number_on()
    for number, end, paid, reserve in (
        (901, "2026-05-31", "1000", "500"),
        (902, "2026-06-30", "1500", "250"),
    ):
        ClaimStatement.objects.create(
            position=position,
            load=Load.objects.create(number=number, record_type="claims", sender=1),
            row=3,
            period_end=end,
            status_id="OPEN",
            paid_indemnity_to_date=Decimal(paid),
            reserve_indemnity=Decimal(reserve),
        )
    Edit.objects.create(
        model="claim", object_id=claim.pk, reference="C-00123", cedant=cedant,
        action="changed", before={"cause": ""}, after={"cause": "Fire"},
    )  # fmt: skip
    return claim


def number_on() -> None:
    """Ingestions, and amounts by hand, are numbered on behind those of these tests."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name, greatest(nextval(name), 1000)) "
            "FROM pg_get_serial_sequence('importers_ingestion', 'id') AS name"
        )


def statement_of(
    claim: Claim, number: int, end: str, paid: str, **values: object
) -> ClaimStatement:
    """What another file told of the claim's position at a period's end."""
    load = Load.objects.create(number=number, record_type="claims", sender=1)
    return ClaimStatement.objects.create(
        position=ClaimPosition.objects.get(claim=claim),
        load=load,
        row=2,
        period_end=end,
        paid_indemnity_to_date=Decimal(paid),
        **values,
    )


def browser_of(user: User) -> Client:
    """A browser the user is signed in with."""
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def as_admin(db: None) -> Client:
    """A superuser's browser."""
    return browser_of(User.objects.create_superuser("root", password="root-password"))


@pytest.fixture
def as_manager(manager: User) -> Client:
    """The manager's browser."""
    return browser_of(manager)


@pytest.fixture
def as_clerk(clerk: User) -> Client:
    """The clerk's browser."""
    return browser_of(clerk)
