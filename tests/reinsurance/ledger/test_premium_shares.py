"""Premium at 100 %, and of our share."""

import pytest

from reinsurance.models import Treaty
from tests.reinsurance.ledger.premium_files import JANUARY, books, said, send

pytestmark = pytest.mark.django_db


def row(gross: str, share: str, policy: str = "P1") -> dict[str, str]:
    return {"Policy No": policy, "Gross premium": gross, "Amounts are": share}


def test_our_share_does_not_replace_the_whole() -> None:
    first = send(JANUARY, row("800", "100%"))[1]
    examined, _ = send(JANUARY, row("800", "Our share"))
    assert said(examined) == [(2, "share_changed", "Amounts are")]
    assert examined.issues.select("severity", "message").rows() == [
        (
            "error",
            "The amounts are “Our share” here, and were “100 %” in number "
            f"{first} for the same transaction and period. If they were told at the "
            "wrong one, declare the file a correction; else mend the column or the "
            "sender's setting.",
        )
    ]
    assert books("amounts_are") == [(800, "whole")]


def test_a_correction_may_say_that_it_was_told_wrongly() -> None:
    send(JANUARY, row("800", "100%"))
    examined, _ = send(JANUARY, row("800", "Our share"), is_correction=True)
    assert examined.issues.select("code", "severity").rows() == [
        ("share_changed", "warning")
    ]
    assert books("amounts_are") == [(800, "ours")]


def test_a_share_that_was_not_known_is_filled_in() -> None:
    send(JANUARY, row("800", ""))
    examined, _ = send(JANUARY, row("800", "Our share"))
    assert said(examined) == []
    assert books("amounts_are") == [(800, "ours")]


def test_the_income_limit_adds_no_shares_up() -> None:
    send(JANUARY, row("900", "100%"))
    Treaty.objects.update(premium_income_limit=1000)
    examined, _ = send(JANUARY, row("150", "Our share", "P2"))
    assert said(examined) == [(2, "shares_differ", "Amounts are")]
    examined, _ = send(JANUARY, row("150", "100%", "P3"))
    assert said(examined) == [
        (2, "above_premium_income_limit", "Gross premium"),
        (2, "shares_differ", "Amounts are"),
    ]
    assert examined.issues.filter(severity="breach")["message"].to_list() == [
        "The contract's premium stands at 1050.00 GBP after this file, above its "
        "premium income limit of 1000.00."
    ]


def test_told_at_one_share_instead_there_is_one() -> None:
    send(JANUARY, row("900", "100%"))
    Treaty.objects.update(premium_income_limit=1000)
    examined, _ = send(JANUARY, row("150", "Our share"), is_correction=True)
    assert "shares_differ" not in examined.by_code
