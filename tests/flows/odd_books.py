"""Books of odd records of every kind, money by statements of several months."""

import datetime
from decimal import Decimal

from reinsurance.models import (
    ExchangeRate,
    Layer,
    LossEvent,
    Participation,
    Party,
    Treaty,
    TreatyScope,
)
from tests.flows.hand_ins import csv_of, hand_in, load

NAMES = (
    "=HYPERLINK(1)", "+49 Re", "-Minus", "@home", "'t Hooft", "'=x", "''-y", "'-5",
    "NA", "N/A", "nil", "None", "null", "-", "Total", "00042", "-5", "+5", "1e5",
    "TRUE", "2026-01-02", "12,5", 'say "x"', "a,b;c", "two\nlines", "two\r\nlines",
    "Zürich 日本", "O'Hara'", "(12)", "#N/A", "5%", "‘quoted’", "x\ty", "bell\a",
    "_x000D_",
)  # fmt: skip


def fill() -> None:
    """Write them, in the caller's transaction."""
    _parties()
    _contracts()
    _premiums()
    _claims()


def _parties() -> None:
    for number, name in enumerate(NAMES):
        Party.objects.create(code=f"{number:04d}", name=name, country_id="NA")
    Party.objects.create(code="NIL", name="Nil")
    Party.objects.create(code="NA", name="N/A", lei="5493001KJTIIGC8Y1R12")
    Party.objects.create(code="N/A", name="None")
    Party.objects.create(code="=1+1", name="Twin")
    Party.objects.create(code="T2", name="Twin", country_id="GB")
    for number, name in enumerate(NAMES):
        LossEvent.objects.create(
            code=name[:40],
            name=name,
            peril=NAMES[-number],
            country_id="NA" if number % 2 else None,
            date_from=datetime.date(2026, 1, 2) if number % 3 else None,
        )
    day = datetime.date(2026, 6, 30)
    for base, rate in (("USD", "0.9234567891"), ("KWD", "0.0000000123"), ("JPY", "2")):
        ExchangeRate.objects.create(
            base_id=base, quote_id="EUR", date=day, rate=Decimal(rate)
        )
    ExchangeRate.objects.create(
        base_id="EUR", quote_id="JPY", date=day, rate=Decimal("9999999999.1234567891")
    )


def _contracts() -> None:
    nil = Party.objects.get(code="NIL")
    na = Party.objects.get(code="NA")
    for year in (2025, 2026):  # renewals under one number
        treaty = Treaty.objects.create(
            reference="0001",
            name="=Renewed" if year == 2026 else "",
            cedant=nil,
            broker=na,
            treaty_type="QS",
            basis="LO" if year == 2026 else "",
            inception=datetime.date(year, 1, 1),
            expiry=datetime.date(year, 12, 31),
            year_of_account=year,
            currency_id="KWD",
            territories="NA",
            perils="two\nlines",
            premium_income_limit=Decimal("1234567890123456.789"),
            brokerage=Decimal("0.02500001"),
        )
        for number in (1, 2):
            layer = Layer.objects.create(
                treaty=treaty,
                number=number,
                name="" if number == 1 else "+Second",
                ceded_share=Decimal("0.33333333"),
                occurrence_attachment=Decimal(1000 * number),
                occurrence_limit=Decimal("0.125") if number == 2 else Decimal(1000),
                reinstatements=2 if number == 2 else None,
                reinstatement_charges="0.5;1" if number == 2 else "",
                risk_level="POL" if number == 1 else "",
                placed_share=Decimal("0.175"),
                inuring_priority=number,
            )
            for code, line in (("NA", "0.1"), ("N/A", "0.07500001"), ("=1+1", None)):
                Participation.objects.create(
                    layer=layer,
                    reinsurer=Party.objects.get(code=code),
                    signed_line=line,
                    written_line=line,
                    is_lead=code == "N/A",
                )
        TreatyScope.objects.create(
            treaty=treaty, portfolio="NA", country_code="NA", cedant_name="=Nil"
        )
        TreatyScope.objects.create(treaty=treaty, ceded_share=Decimal("0.12345678"))
    for inception in (datetime.date(2026, 1, 1), datetime.date(2026, 7, 1)):
        Treaty.objects.create(  # told apart by inception alone; no layer
            reference="@TWICE",
            inception=inception,
            treaty_type="XL",
            currency_id="JPY",
            cedant=na,
            name="No layers",
        )
    lone = Treaty.objects.create(
        reference="BARE", treaty_type="BINDER", currency_id="USD"
    )
    Layer.objects.create(treaty=lone, number=7)


def _premiums() -> None:
    common = {"Treaty reference": "0001", "Year of account": "2026"}
    rows = []
    for number, name in enumerate(NAMES):
        rows.append(
            {
                **common,
                "Policy reference": f"{number:05d}" if number % 2 else name[:60],
                "Certificate reference": "" if number % 3 else "00007",
                "Section": "01" if number % 5 == 0 else "",
                "Instalment number": number % 4 or "",
                "Premium transaction type": "Return" if number == 6 else "",
                "Effective date": "2026-03-01",
                "Insured": name,
                "Country of risk": "NA" if number % 2 else "",
                "Original currency": "KWD" if number % 2 else "EUR",
                "Gross premium this time": "-5.125" if number == 6 else "1234.5",
                "Commission %": "10%" if number % 2 else "",
                "Sum insured": "1234567890123456" if number == 3 else "",
                "Notes": name,
                "Agreement No": "AG-1" if number == 4 else "",
            }
        )
    rows[6]["Original currency"] = "KWD"
    for month in ("2026-03-31", "2026-04-30"):
        told_here = [{**row, "Reporting period end": month} for row in rows]
        load(hand_in(csv_of(*told_here), "premiums", f"{month}.csv"))
    changed = {**rows[1], "Reporting period end": "2026-04-30", "Taxes and levies": "7"}
    load(hand_in(csv_of(changed), "premiums", "again.csv", declared="additional"))
    two = {
        **rows[1],
        "Year of account": "",
        "Treaty reference": "@TWICE",
        "Treaty inception": "2026-07-01",
        "Reporting period end": "2026-04-30",
        "Original currency": "JPY",
        "Gross premium this time": "100",
        "Commission %": "",
    }
    load(hand_in(csv_of(two), "premiums", "twice.csv"))


def _claims() -> None:
    common = {"UMR": "0001", "Year of account": "2026"}
    may, june = [], []
    for number, name in enumerate(NAMES):
        row = {
            **common,
            "Claim reference": f"{number:05d}" if number % 2 else name[:60],
            "Section": "01" if number % 5 == 0 else "",
            "Currency": "KWD" if number % 2 else "EUR",
            "Insured": name,
            "Loss event": name[:40] if number % 4 == 0 else "",
            "Loss description": name,
            "Country of loss": "NA" if number % 2 else "",
            "Date of loss": "2026-02-01",
            "Claimant Name": name,
            "Notes": "" if number % 2 else name,
            "Claim status": "" if number % 3 else "Open",
        }
        may.append(
            {
                **row,
                "Reporting period end": "2026-05-31",
                "Paid this period, indemnity": "10.125" if number % 2 else "10",
                "Paid this period, fees": "9",
                "Paid this period, expenses": "9" if number % 7 == 0 else "",
                "Reserve, indemnity": "5" if number % 3 else "",
                "Reserve, TPA fees": "2.5" if number % 4 == 1 else "",
                "Previously paid, indemnity": "3" if number % 6 == 0 else "",
            }
        )
        june.append(
            {
                **row,
                "Insured": f"{name} Ltd",
                "Reporting period end": "2026-06-30",
                "Paid to date, indemnity": "40" if number % 4 == 0 else "",
                "Paid this period, indemnity": "2" if number % 4 else "",
                "Paid this period, fees": "1" if number % 2 else "",
                "Paid this period, expenses": "" if number % 2 else "1",
                "Recoveries received to date": "1" if number % 5 == 0 else "",
                "Amount claimed": "99" if number % 5 == 0 else "",
            }
        )
    several = [
        {
            **may[2],
            "Claim reference": "SEV",
            "Section": s,
            "Currency": c,
            "Insured": "Nil",
        }
        for s, c in (("1", "EUR"), ("2", "EUR"), ("1", "KWD"))
    ]
    load(hand_in(csv_of(*may, *several), "claims", "may.csv"))
    load(
        hand_in(
            csv_of(*june, {**several[1], "Reporting period end": "2026-06-30"}),
            "claims",
            "june.csv",
        )
    )
    undated = {
        "UMR": "@TWICE", "Treaty inception": "2026-07-01", "Claim reference": "LONE",
        "Currency": "JPY", "Paid to date, indemnity": "100", "Claim status": "Closed",
        "Date closed": "2026-08-01",
    }  # fmt: skip
    load(hand_in(csv_of(undated), "claims", "lone.csv"))
    load(
        hand_in(
            csv_of(
                {
                    **undated,
                    "Claim reference": "LONE 2",
                    "Treaty inception": "2026-01-01",
                }
            ),
            "claims",
            "other.csv",
        )
    )
