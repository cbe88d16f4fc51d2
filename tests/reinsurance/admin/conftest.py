"""A small book of every kind of record, and browsers to look at it."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reinsurance.models import (
    Bordereau,
    Claim,
    ClaimMovement,
    ExchangeRate,
    Layer,
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
    bordereau = Bordereau.objects.create(
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
        bordereau=bordereau,
        insured_name="=HYPERLINK(1)",
        loss_event=event,
        date_of_loss="2026-02-15",
        status_id="OPEN",
        currency_id="USD",
        paid_indemnity=Decimal("1500"),
        reserve_indemnity=Decimal("250"),
    )
    for paid, reserve in (("1000", "500"), ("500", "-250")):
        ClaimMovement.objects.create(
            claim=claim,
            bordereau=bordereau,
            status_id="OPEN",
            paid_indemnity=Decimal(paid),
            reserve_indemnity=Decimal(reserve),
        )
    return claim


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
