"""What must not be true of a row of premiums."""

import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reinsurance.models import Layer, Treaty
from reinsurance.resources.base import dtype_of, record_field
from reinsurance.resources.conventions import Conventions, FileContext
from reinsurance.resources.premium_rules import signed
from reinsurance.resources.premium_terms import against_terms
from reinsurance.resources.premiums import PremiumEntryResource

pytestmark = pytest.mark.django_db

RESOURCE = PremiumEntryResource()
DAY = datetime.date(2025, 2, 1)


def rows(*told: dict[str, Any]) -> pl.DataFrame:
    """Row frame of the columns told, with ``row`` from 2."""
    names = list(dict.fromkeys(name for row in told for name in row))
    columns = {"row": range(2, len(told) + 2)}
    frame = pl.DataFrame(columns)
    for name in names:
        field, _, attribute = name.partition("__")
        if attribute:
            dtype = dtype_of(record_field(PremiumEntryResource, field, attribute))
        elif name == "treaty_reference":
            dtype = pl.Int64()
        else:
            dtype = PremiumEntryResource.fields[name].widget.dtype
        values = [row.get(name) for row in told]
        if dtype.is_decimal():
            values = [None if value is None else Decimal(value) for value in values]
        frame = frame.with_columns(pl.Series(name, values, dtype=dtype, strict=False))
    return frame


def broken(*told: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    """Row, code, severity and message of all rules that the rows break."""
    return broken_in(rows(*told))


def broken_in(frame: pl.DataFrame) -> list[tuple[int, str, str, str]]:
    """The same of a row frame."""
    frame = RESOURCE.derive(frame)
    found = []
    for rule in RESOURCE.rules:
        if rule.needs <= set(frame.columns):
            bad = frame.filter(rule.broken).with_columns(text=rule.text())
            found += [
                (row, rule.code, rule.severity, text)
                for row, text in bad.select("row", "text").iter_rows()
            ]
    return sorted(found)


def entry(kind: str, gross: str, **options: Any) -> dict[str, Any]:
    """What a row tells of a premium in pounds."""
    told = {"transaction_type": kind, "currency": "GBP", "gross_premium": gross}
    return {**told, **options}


def test_signs_follow_the_type() -> None:
    assert broken(
        entry("ORIGINAL", "500"),
        entry("ADDITIONAL", "-1"),
        entry("RETURN", "-50"),
        entry("RETURN", "50"),
        entry("CANCEL", "0"),
        entry("CANCEL", "7.50"),
    ) == [
        (
            3,
            "premium_sign",
            "error",
            "An original or additional premium is above zero, this one is -1.00. "
            "Correct the amount or the type.",
        ),
        (
            5,
            "premium_sign",
            "error",
            "A return or cancellation is below zero, this one is 50.00. Correct the "
            "amount or the type, or say at the sender how it writes returns.",
        ),
        (
            7,
            "premium_sign",
            "error",
            "A return or cancellation is below zero, this one is 7.50. Correct the "
            "amount or the type, or say at the sender how it writes returns.",
        ),
    ]


def test_returns_above_zero_are_negated_where_the_sender_writes_them_so() -> None:
    frame = rows(
        entry("ORIGINAL", "500", commission="100", net_premium="400"),
        entry("RETURN", "50", commission="10", net_premium="40"),
        entry("CANCEL", "-5"),
    )
    told = signed(frame, Conventions(return_sign="positive"))
    amounts = told.select("gross_premium", "commission", "net_premium")
    assert amounts.cast(pl.Float64).rows() == [
        (500.0, 100.0, 400.0),
        (-50.0, -10.0, -40.0),
        (5.0, None, None),
    ]
    assert told.drop("is_negated").schema == frame.schema
    for sign in ("negative", ""):
        assert signed(frame, Conventions(return_sign=sign)).equals(frame)


def test_a_return_below_zero_is_told_as_the_file_has_it() -> None:
    frame = rows(
        entry("RETURN", "-30"),
        entry("RETURN", "30", net_premium="-20"),
    )
    frame = signed(frame, Conventions(return_sign="positive"))
    assert broken_in(frame) == [
        (
            2,
            "premium_sign",
            "error",
            "This sender writes a return or cancellation above zero, this one is "
            "-30.00. Correct the amount or the type.",
        ),
        (
            3,
            "net_sign",
            "error",
            "Net premium -20.00 and gross premium 30.00 have different signs, and no "
            "commission is told that explains it. Correct the amounts.",
        ),
    ]


def test_the_rate_between_the_same_currency_is_one() -> None:
    same = {"settlement_currency": "GBP"}
    other = {"settlement_currency": "USD"}
    assert broken(
        entry("ORIGINAL", "1", rate_of_exchange="1", **same),
        entry("ORIGINAL", "1", rate_of_exchange="1.25", **other),
        entry("ORIGINAL", "1", rate_of_exchange=None, **same),
        entry("ORIGINAL", "1", rate_of_exchange="1.25", **same),
    ) == [
        (
            5,
            "rate_of_same_currency",
            "error",
            "The rate of exchange is 1.25, but premium and settlement are both in GBP: "
            "it is 1. Correct the rate or a currency.",
        )
    ]


def period(basis: str, **dates: Any) -> dict[str, Any]:
    return {
        "treaty_reference__basis": basis,
        "treaty_reference__inception": datetime.date(2025, 1, 1),
        "treaty_reference__expiry": datetime.date(2025, 12, 31),
        "effective_date": None,
        "risk_inception": None,
        **dates,
    }


def test_dates_lie_within_the_contract() -> None:
    outside = datetime.date(2024, 2, 1)
    assert broken(
        period("LO", effective_date=DAY, risk_inception=outside),
        period("RA", effective_date=outside, risk_inception=DAY),
        period("", effective_date=outside),
        period("LO", effective_date=outside),
        period("RA", risk_inception=outside),
    ) == [
        (
            5,
            "premium_outside_treaty_period",
            "error",
            "The premium takes effect on 2024-02-01, outside the contract's period, "
            "2025-01-01 to 2025-12-31 (losses occurring). Correct the date or the "
            "treaty reference.",
        ),
        (
            6,
            "premium_outside_treaty_period",
            "error",
            "The risk begins on 2024-02-01, outside the contract's period, "
            "2025-01-01 to 2025-12-31 (risks attaching). Correct the date or the "
            "treaty reference.",
        ),
    ]


def test_a_date_far_ahead_is_looked_at() -> None:
    today = timezone.localdate()
    soon, far = (today + datetime.timedelta(days=n) for n in (360, 370))
    assert broken(
        {"effective_date": soon, "risk_inception": soon},
        {"effective_date": far, "risk_inception": None},
        {"effective_date": today, "risk_inception": far},
    ) == [
        (
            3,
            "date_in_future",
            "warning",
            f"The premium takes effect on {far}, more than a year from now. Is its "
            "year right?",
        ),
        (
            4,
            "date_in_future",
            "warning",
            f"The risk begins on {far}, more than a year from now. Is its year right?",
        ),
    ]


def test_amounts_add_up_to_a_coin_and_blank_is_not_nought() -> None:
    rate = {"commission_rate": "0.275"}
    assert broken(
        entry("ORIGINAL", "250.50", commission="68.89", **rate),
        entry("ORIGINAL", "250.50", commission=None, **rate),
        {**entry("ORIGINAL", "1000", commission="276", **rate), "currency": "JPY"},
        entry("ORIGINAL", "250.50", commission="68.91", **rate),
        {**entry("ORIGINAL", "1000", commission="277", **rate), "currency": "JPY"},
    ) == [
        (
            5,
            "commission_does_not_add_up",
            "error",
            "Commission 68.91 is not 0.275 of the gross premium 250.50. "
            "Correct the amounts.",
        ),
        (
            6,
            "commission_does_not_add_up",
            "error",
            "Commission 277.00 is not 0.275 of the gross premium 1000.00. "
            "Correct the amounts.",
        ),
    ]


def test_net_is_less_commission_and_perhaps_brokerage() -> None:
    parts = {"commission": "20", "brokerage": "5"}
    assert broken(
        entry("ORIGINAL", "100", net_premium="80", **parts),
        entry("ORIGINAL", "100", net_premium="75", **parts),
        entry("ORIGINAL", "100", net_premium="70", **parts),
    ) == [
        (
            4,
            "net_does_not_add_up",
            "warning",
            "Net premium 70.00 is not gross 100.00 less commission 20.00; a deduction "
            "such as a fee or tax may explain it.",
        )
    ]


def test_decimals_by_the_currency_of_each_amount() -> None:
    assert [
        code[:2]
        for code in broken(
            {**entry("ORIGINAL", "100.55"), "currency": "JPY"},
            {**entry("ORIGINAL", "100.555"), "currency": "KWD"},
            entry("ORIGINAL", "1", sum_insured="0.5", sum_insured_currency="JPY"),
            entry(
                "ORIGINAL",
                "1",
                net_premium_settlement="0.5",
                settlement_currency="JPY",
            ),
        )
    ] == [
        (2, "too_many_decimals"),
        (4, "too_many_decimals"),
        (5, "too_many_decimals"),
    ]


# ------------------------------------------------------------- against the contract
def contract(*layers: tuple[int, str | None, str | None], **options: Any) -> int:
    treaty = Treaty.objects.create(
        reference="T", treaty_type="QS", currency_id="GBP", **options
    )
    for number, commission, brokerage in layers:
        Layer.objects.create(
            treaty=treaty, number=number, commission=commission, brokerage=brokerage
        )
    return treaty.pk


def differing(*told: dict[str, Any]) -> list[tuple]:
    frame = rows(*told)
    with CaptureQueriesContext(connection) as queries:
        issues = against_terms(frame)
    asked = [q for q in queries if "reinsurance_layer" in q["sql"]]
    assert len(asked) == 1
    assert set(issues["severity"]) <= {"breach"}
    return issues.select("row", "column", "code", "message").rows()


def test_commission_and_brokerage_against_the_contract() -> None:
    key = contract((1, "0.275", None), brokerage="0.10")
    at = {"treaty_reference": key}
    assert differing(
        {**at, **entry("ORIGINAL", "100", commission_rate="0.275")},
        {**at, **entry("ORIGINAL", "100", commission_rate="0.30")},
        {**at, **entry("ORIGINAL", "100", commission_rate=None)},
        {**at, **entry("ORIGINAL", "100", brokerage_rate="0.10")},
        {**at, **entry("ORIGINAL", "100", brokerage_rate="0.20")},
        {"treaty_reference": None, **entry("ORIGINAL", "1", brokerage_rate="0.20")},
    ) == [
        (
            3,
            "commission_rate",
            "commission_differs",
            "The commission is not what the contract says: 27.5%. "
            "Ask the sender, or correct the contract.",
        ),
        (
            6,
            "brokerage_rate",
            "brokerage_differs",
            "The brokerage is not what the contract says: 10.0%. "
            "Ask the sender, or correct the contract.",
        ),
    ]


def test_an_amount_stands_for_a_rate_that_is_not_told() -> None:
    at = {"treaty_reference": contract((1, "0.275", None))}
    assert [
        row[:3]
        for row in differing(
            {**at, **entry("ORIGINAL", "250.50", commission="68.89")},
            {**at, **entry("ORIGINAL", "250.50", commission="60")},
            {**at, **entry("ORIGINAL", "250.50")},
        )
    ] == [(3, "commission", "commission_differs")]


def test_a_section_is_its_layer_else_any_layer_will_do() -> None:
    at = {"treaty_reference": contract((1, "0.2", None), (2, "0.3", None))}
    found = differing(
        {**at, **entry("ORIGINAL", "1", commission_rate="0.3", section="2")},
        {**at, **entry("ORIGINAL", "1", commission_rate="0.3", section="1")},
        {**at, **entry("ORIGINAL", "1", commission_rate="0.3", section="9")},
        {**at, **entry("ORIGINAL", "1", commission_rate="0.4", section="")},
    )
    assert [(row[0], row[3].split(": ")[1].split(". ")[0]) for row in found] == [
        (3, "20.0%"),
        (5, "20.0% or 30.0%"),
    ]


def test_a_contract_without_terms_says_nothing() -> None:
    at = {"treaty_reference": contract((1, None, None))}
    assert differing({**at, **entry("ORIGINAL", "1", commission_rate="0.3")}) == []


def test_preparing_finds_the_contract_the_period_and_the_sign() -> None:
    key = contract((1, "0.2", None))
    frame = rows(
        entry("RETURN", "50", effective_date=DAY, commission_rate="0.3"),
    ).with_columns(treaty_reference=pl.lit("T"))
    context = FileContext(
        conventions=Conventions(return_sign="positive"),
        period_end=datetime.date(2025, 2, 28),
    )
    found, issues = RESOURCE.prepare(frame, context)
    assert found["treaty_reference"].to_list() == [key]
    assert found["gross_premium"].to_list() == [Decimal("-50")]
    assert found["__period_end"].to_list() == [datetime.date(2025, 2, 28)]
    assert issues.select("row", "code").rows() == [(2, "commission_differs")]


def test_key_and_words() -> None:
    assert RESOURCE.key() == (
        "treaty_reference",
        "policy_reference",
        "certificate_reference",
        "section",
        "risk_code",
        "transaction_type",
        "effective_date",
        "instalment_number",
        "currency",
        "period_end",
    )
    kind = RESOURCE.fields["transaction_type"]
    label = "Premium transaction type"
    assert [kind.clean({label: text}) for text in ("", "RP", "Cancellation")] == [
        "ORIGINAL",
        "RETURN",
        "CANCEL",
    ]
    commission = RESOURCE.fields["commission"]
    assert commission.clean({"Commission amount": ""}) is None


# ------------------------------------------------------------- settlement and net
def codes(*told: dict[str, Any]) -> list[tuple[int, str]]:
    return [line[:2] for line in broken(*told)]


def settled(**options: Any) -> dict[str, Any]:
    told = {"currency": "USD", "net_premium": "800", "settlement_currency": "GBP"}
    return {**entry("ORIGINAL", "1000"), **told, **options}


def test_a_rate_of_exchange_is_above_zero() -> None:
    assert broken(
        settled(rate_of_exchange="0.8", net_premium_settlement="640"),
        settled(rate_of_exchange="0", net_premium_settlement="0"),
        settled(rate_of_exchange="-0.8", net_premium_settlement="-640"),
    ) == [
        (
            3,
            "rate_not_positive",
            "error",
            "The rate of exchange is 0.00. It is above zero: correct it, or leave it "
            "empty.",
        ),
        (
            4,
            "rate_not_positive",
            "error",
            "The rate of exchange is -0.80. It is above zero: correct it, or leave it "
            "empty.",
        ),
    ]


def test_settled_in_the_same_currency_the_amount_is_the_same() -> None:
    same = {"currency": "GBP", "net_premium_settlement": "950"}
    expected = (
        "Net premium 950.00 in settlement currency is not 800.00 at the rate 1.00. "
        "Correct the amounts."
    )
    assert broken(
        settled(**same),
        settled(**same, rate_of_exchange=None),
        settled(**{**same, "net_premium_settlement": "800"}),
    ) == [
        (2, "settlement_does_not_add_up", "error", expected),
        (3, "settlement_does_not_add_up", "error", expected),
    ]


def test_an_amount_without_its_currency_is_asked() -> None:
    told = {"net_premium_settlement": "640"}
    without = {n: v for n, v in settled(**told).items() if n != "settlement_currency"}
    assert broken(without) == [
        (
            2,
            "no_settlement_currency",
            "error",
            "Net premium 640.00 in settlement currency is told, and not the currency. "
            "Add the settlement currency.",
        )
    ]
    assert codes(
        settled(**told, settlement_currency=None), settled(**told), settled()
    ) == [(2, "no_settlement_currency")]


def test_no_rate_turns_the_sign() -> None:
    assert codes(
        settled(net_premium_settlement="-640"),
        settled(net_premium_settlement="0"),
        settled(net_premium_settlement="640"),
    ) == [
        (2, "settlement_does_not_add_up"),
        (3, "settlement_does_not_add_up"),
    ]


def test_net_has_the_sign_of_gross() -> None:
    assert broken(
        entry("RETURN", "-30", net_premium="20"),
        entry("ORIGINAL", "30", net_premium="-20"),
        entry("RETURN", "-30", net_premium="-20"),
        entry("ORIGINAL", "0", net_premium="-20", commission="20"),
    ) == [
        (
            2,
            "net_sign",
            "error",
            "Net premium 20.00 and gross premium -30.00 have different signs, and no "
            "commission is told that explains it. Correct the amounts.",
        ),
        (
            3,
            "net_sign",
            "error",
            "Net premium -20.00 and gross premium 30.00 have different signs, and no "
            "commission is told that explains it. Correct the amounts.",
        ),
    ]


@pytest.mark.parametrize(
    ("told", "is_held_out"),
    [
        ({"commission": "275"}, True),
        ({"commission": "275", "brokerage": "100"}, True),
        ({"commission_rate": "0.275"}, True),
        ({"commission": "1000"}, True),
        ({"commission": "1725"}, False),
        ({"commission": "900", "brokerage": "825"}, False),
        ({"brokerage": "100"}, True),
    ],
)
def test_net_of_another_sign_is_that_of_a_commission_above_gross(
    told: dict[str, str], is_held_out: bool
) -> None:
    found = broken(
        entry("ORIGINAL", "1000", net_premium="-725", **told),
        entry(
            "RETURN",
            "-1000",
            net_premium="725",
            **{n: v if "rate" in n else f"-{v}" for n, v in told.items()},
        ),
    )
    held_out = [(row, code) for row, code, severity, _ in found if severity == "error"]
    assert held_out == ([(2, "net_sign"), (3, "net_sign")] if is_held_out else [])


def test_net_is_not_more_than_gross() -> None:
    assert broken(
        entry("ORIGINAL", "30", net_premium="200"),
        entry("RETURN", "-30", net_premium="-200"),
        entry("ORIGINAL", "30", net_premium="30"),
    ) == [
        (
            2,
            "net_does_not_add_up",
            "warning",
            "Net premium 200.00 is more than gross 30.00, and no commission is told. "
            "Is it the right amount?",
        ),
        (
            3,
            "net_does_not_add_up",
            "warning",
            "Net premium -200.00 is more than gross -30.00, and no commission is told. "
            "Is it the right amount?",
        ),
    ]


def test_commission_is_known_by_its_rate_too() -> None:
    assert codes(
        entry("ORIGINAL", "100", commission_rate="0.25", net_premium="75"),
        entry("ORIGINAL", "100", commission_rate="0.25", net_premium="95"),
    ) == [(3, "net_does_not_add_up")]
