"""Exchange rates keyed by date, as Frankfurter and the ECB publish them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

from tests.partner.records import to_json
from tests.partner.values import Answer, Endpoint, Request

LAST = date(2026, 7, 31)
"""`latest` and ranges without an end stop here, whatever day it is."""

CURRENCIES = {
    # Rate on 2026-01-01 in smallest digits, digits; first and last day of existence.
    "BGN": (19558, 4, date.min, date(2026, 1, 15)),
    "GBP": (86310, 5, date.min, date.max),
    "ISK": (14570, 2, date(2026, 1, 12), date.max),
    "JPY": (17250, 2, date.min, date.max),
    "NOK": (117905, 4, date.min, date.max),
    "USD": (11000, 4, date.min, date.max),
}


def rates(day: date) -> dict[str, Decimal]:
    """Units a euro on that day; currencies come and go, digits stay (1.1000)."""
    drift = (day - date(2026, 1, 1)).days * 13 % 100
    return {
        name: Decimal(start + drift).scaleb(-digits)
        for name, (start, digits, first, last) in CURRENCIES.items()
        if first <= day <= last
    }


def _working_days(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def frankfurter(request: Request) -> Answer:
    """`/v1/latest`, `/v1/<day>`, `/v1/<day>..<day>`, `/v1/<day>..`; `symbols`, `base`.

    A day without rates answers with those of the working day before.
    """
    found = re.fullmatch(
        r"/v1/(latest|(\d{4}-\d\d-\d\d)((?:\.\.)(\d{4}-\d\d-\d\d)?)?)", request.path
    )
    if not found or request.get("base", "EUR") != "EUR":
        return Answer(to_json({"message": "not found"}), 404)
    symbols = [name for name in request.get("symbols").split(",") if name]
    first = date.fromisoformat(found[2]) if found[2] else LAST

    def on(day: date) -> dict[str, Decimal]:
        known = rates(day)
        return {n: v for n, v in known.items() if not symbols or n in symbols}

    if not found[3]:
        day = _working_days(first - timedelta(days=3), first)[-1]
        one = {"amount": Decimal("1.0"), "base": "EUR", "date": day.isoformat()}
        return Answer(to_json({**one, "rates": on(day)}))
    last = min(date.fromisoformat(found[4]), LAST) if found[4] else LAST
    span = {
        "amount": Decimal("1.0"),
        "base": "EUR",
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
        "rates": {day.isoformat(): on(day) for day in _working_days(first, last)},
    }
    return Answer(to_json(span))


def ecb_history(request: Request) -> Answer:
    """As eurofxref-hist.csv: a column a currency, "N/A", a trailing empty column."""
    lines = [",".join(["Date", *CURRENCIES, ""])]
    for day in reversed(_working_days(date(2026, 1, 1), LAST)):
        known = rates(day)
        cells = [str(known.get(name, "N/A")) for name in CURRENCIES]
        lines.append(",".join([day.isoformat(), *cells, ""]))
    return Answer("\n".join([*lines, ""]).encode(), content_type="text/csv")


ENDPOINTS: dict[str, Endpoint] = {
    "/v1/": frankfurter,
    "/ecb/eurofxref-hist.csv": ecb_history,
}
