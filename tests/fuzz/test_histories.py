"""Histories of claims, premium files and lists, as the suite draws them, many more."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis.strategies import SearchStrategy

from tests.fuzz.conftest import ONLY
from tests.reinsurance.ledger import histories, list_histories, premium_histories
from tests.reinsurance.ledger.histories import CONTRACTS

pytestmark = pytest.mark.django_db
HISTORIES = int(os.environ.get("FUZZ_HISTORIES", "40"))
PART = min(HISTORIES, 500)
"""So many histories to a test."""
PARTS = [] if ONLY or not PART else range(-(-HISTORIES // PART))


def play_many(drawn: SearchStrategy, play: Callable, part: int) -> None:
    """Play histories that no other part plays."""

    @seed(part)
    @settings(
        max_examples=-(-PART // CONTRACTS),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def one(history: object) -> None:
        note(repr(history))
        play(history)

    one()


@pytest.mark.parametrize("part", PARTS)
def test_claims(part: int) -> None:
    drawn = histories.histories(people=part % 3 == 1, adds=part % 3 == 2)
    play_many(drawn, histories.play, part)


@pytest.mark.parametrize("part", PARTS)
def test_premiums(part: int) -> None:
    drawn = premium_histories.histories(adds=part % 3 == 2)
    play_many(drawn, premium_histories.play, part)


@pytest.mark.parametrize("part", PARTS)
def test_lists_of_the_year(part: int) -> None:
    play_many(list_histories.histories(), list_histories.play, part)
