"""Premium at 100 %, and of our share."""

import pytest
from django.db import transaction

from importers.exceptions import LoadConflict
from importers.models import Source
from importers.pipeline.undo import undo
from reinsurance.models import Treaty
from tests.reinsurance.ledger.premium_files import JANUARY, PREMIUMS, books, said, send

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


def test_a_row_keeps_the_share_that_it_was_read_with() -> None:
    send(JANUARY, row("1000", "100%"))
    second = send(JANUARY, row("600", "Our share"), is_correction=True)[1]
    third = send(JANUARY, row("640", ""))[1]
    assert books("amounts_are") == [(640, "ours")]
    undo(PREMIUMS, ingestion=second)
    assert books("amounts_are") == [(640, "ours")]
    undo(PREMIUMS, ingestion=third)
    assert books("amounts_are") == [(1000, "whole")]


def test_a_row_keeps_its_share_where_another_replaced_it() -> None:
    send(JANUARY, row("1000", "100%"))
    second = send(JANUARY, row("600", "Our share"), is_correction=True)[1]
    send(JANUARY, row("640", ""))
    fourth = send(JANUARY, row("650", "Our share"))[1]
    undo(PREMIUMS, ingestion=second)
    undo(PREMIUMS, ingestion=fourth)
    assert books("amounts_are") == [(640, "ours")]


def test_a_row_keeps_the_currency_that_its_sum_insured_was_read_in() -> None:
    def insured(amount: str, currency: str) -> dict[str, str]:
        told = {"Sum insured": amount, "Sum insured currency": currency}
        return {"Gross premium": "100", **told}

    send(JANUARY, insured("110", "EUR"))
    second = send(JANUARY, insured("130", "USD"), is_correction=True)[1]
    send(JANUARY, insured("140", ""))
    now = [(100, 140, "USD")]
    assert books("sum_insured", "sum_insured_currency_id") == now
    undo(PREMIUMS, ingestion=second)
    assert books("sum_insured", "sum_insured_currency_id") == now


@pytest.mark.parametrize("share", ["", "Our share"])
def test_amounts_at_another_share_do_not_come_back_beside(share: str) -> None:
    net = "Net premium"
    send(JANUARY, row("1000", "100%") | {net: "900"})
    second = send(JANUARY, row("600", "Our share") | {net: "540"}, is_correction=True)
    third = send(JANUARY, row("600", share) | {"Insured": "Acme"})[1]
    with pytest.raises(LoadConflict) as caught, transaction.atomic():
        undo(PREMIUMS, ingestion=second[1])
    assert str(caught.value) == (
        "“Net premium” of policy P1 would come back at “100 %” beside amounts at “Our "
        f"share”, as number {third} left it out. Undo number {third} first."
    )
    assert books("net_premium", "amounts_are") == [(600, 540, "ours")]


def test_a_share_that_another_sender_told_is_not_that_of_the_row() -> None:
    first, other = (Source.objects.create(code=c, name=c) for c in ("one", "two"))
    send(JANUARY, row("100", "100%"), source=first)
    send(JANUARY, row("30", "Our share"), source=other, is_correction=True)
    examined, _ = send(JANUARY, row("101", ""), source=first)
    assert (2, "share_untold", "Amounts are") in said(examined)
    assert books("amounts_are") == [(30, "ours")]
    examined, number = send(
        JANUARY, row("101", "100%"), source=first, is_correction=True
    )
    assert books("amounts_are") == [(101, "whole")]
    examined, _ = send(JANUARY, row("102", ""), source=first)
    assert books("amounts_are") == [(102, "whole")]


def test_another_settlement_currency_under_the_same_amount_is_said() -> None:
    def settled(currency: str) -> dict[str, str]:
        return {
            "Gross premium": "100",
            "Net premium": "100",
            "Rate of exchange": "2",
            "Net premium in settlement currency": "200",
            "Settlement currency": currency,
        }

    first = send(JANUARY, settled("USD"))[1]
    examined, _ = send(JANUARY, settled("EUR"))
    found = examined.issues.filter(examined.issues["code"] == "premium_changed")
    assert found["message"].to_list() == [
        f"Settlement currency: EUR replaces USD of number {first}, of “Net premium in "
        "settlement currency” for the same transaction and period."
    ]
    assert books("settlement_currency_id") == [(100, "EUR")]
