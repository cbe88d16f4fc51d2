"""Claims files in any order, sent twice, corrected, undone: the oracle's books."""

import pytest
from hypothesis import HealthCheck, given, note, settings

from tests import examples
from tests.reinsurance.ledger import histories
from tests.reinsurance.ledger.histories import History

pytestmark = pytest.mark.django_db


@settings(
    max_examples=histories.count(256),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(histories.histories())
def test_the_books_are_what_the_oracle_says(history: History) -> None:
    note(repr(history))
    histories.play(history)


@settings(
    max_examples=histories.count(64),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(histories.histories(people=True))
def test_with_amounts_by_hand_the_books_are_what_the_oracle_says(
    history: History,
) -> None:
    note(repr(history))
    histories.play(history)


@settings(
    max_examples=histories.count(64),
    deadline=None,
    derandomize=not examples.is_long_form(),
    suppress_health_check=list(HealthCheck),
)
@given(histories.histories(adds=True))
def test_of_rows_that_add_up_the_books_are_what_the_oracle_says(
    history: History,
) -> None:
    note(repr(history))
    histories.play(history)
