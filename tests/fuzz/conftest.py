"""Who hands the inputs in, and which inputs there are."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from backoffice.roles import INTEGRATOR
from importers.models import Source
from importers.services import leases
from reinsurance.models import Treaty
from tests.benchmarks import generate

INPUTS = int(os.environ.get("FUZZ_INPUTS", "100"))
ONLY = os.environ.get("FUZZ_ONLY", "")
SHARES = {"csv": 9, "xlsx": 8, "xls": 2, "ods": 3, "json": 8}
"""How many of thirty inputs are of each kind."""
BATCH = 25


def batches(*kinds: str) -> list[list[str]]:
    """The names of the inputs of some kinds, so many to a test."""
    if ONLY:
        return [[ONLY]] if ONLY.partition("-")[0] in kinds else []
    whole = sum(SHARES.values())
    names = [
        f"{kind}-{number}"
        for kind in kinds
        for number in range(-(-INPUTS * SHARES[kind] // whole))
    ]
    return [names[start : start + BATCH] for start in range(0, len(names), BATCH)]


def chance_of(name: str) -> Random:
    """The chance that makes an input, from its name alone."""
    return Random(name)


@pytest.fixture
def caller(
    db: None, user_with: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> Client:
    """An outside system; all is done in one transaction, in which no heart beats."""
    monkeypatch.setattr(leases, "LONGEST_BEAT_SECONDS", 600.0)
    Source.objects.create(code="fuzz", name="Fuzz")
    Treaty.objects.bulk_create(
        Treaty(
            reference=f"BENCH{number:03d}",
            treaty_type="QS",
            currency_id="GBP",
            inception="2026-01-01",
            expiry="2026-12-31",
        )
        for number in range(generate.TREATIES)
    )
    caller = Client()
    caller.force_login(user_with(INTEGRATOR))
    return caller


@pytest.fixture(autouse=True)
def no_haste(settings: Settings) -> None:
    """Nothing is taken over, and nobody is told to come later."""
    settings.LEASE_STALE_SECONDS = 3600
    rates = {"anon": None, "user": None}
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_THROTTLE_RATES": rates,
    }


@contextmanager
def forgotten() -> Iterator[None]:
    """What an input did to the database is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
