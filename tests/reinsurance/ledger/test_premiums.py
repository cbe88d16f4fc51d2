"""Premium files in any order, told again, corrected, undone: the entries that stand."""

import pytest
from hypothesis import HealthCheck, given, note, settings

from tests.reinsurance.ledger import histories, premium_histories
from tests.reinsurance.ledger.premium_histories import History

pytestmark = pytest.mark.django_db


@settings(
    max_examples=histories.count(300),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(premium_histories.histories())
def test_the_entries_are_those_of_the_oracle(history: History) -> None:
    note(repr(history))
    premium_histories.play(history)
