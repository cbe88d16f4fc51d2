"""The period of a premium: none, or one that overlaps another."""

import pytest

from tests.reinsurance.ledger.premium_files import JANUARY, books, said, send

pytestmark = pytest.mark.django_db
ROW = {"Gross premium": "300"}


def test_premium_without_a_period_is_held_out() -> None:
    examined, _ = send(None, ROW)
    assert said(examined) == [(2, "missing_period", "period_end")]
    assert examined.issues["message"].to_list() == [
        "Neither file nor row says for which period the premium is told, so it would "
        "stand beside the same premium of a bordereau. Hand the file in again with the "
        "end of its period, or add a column with it."
    ]
    assert books() == []
    send(None, {**ROW, "Reporting period end": "2026-01-31"})
    assert books("period_end") == [(300, JANUARY)]
