"""A claim's positions as at a day, as they were known on one: a panel of its page."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from reinsurance.admin.base import Panel
from reinsurance.ledger import books
from reinsurance.ledger.amounts import MAIN
from reinsurance.models import Claim, ClaimPosition, ClaimStatus

Standing = tuple[ClaimPosition, books.Standing, str, list[Decimal | None]]
"""A position, how it stood, the name of its status, and its main amounts."""


class DaysForm(forms.Form):
    """Which day the positions are of, and when they were known so."""

    as_at = forms.DateField(
        label="At the end of", required=False, widget=forms.DateInput({"type": "date"})
    )
    known_on = forms.DateField(
        label="As known on the evening of",
        required=False,
        widget=forms.DateInput({"type": "date"}),
    )


def as_at_panel(claim: Claim, query: Mapping[str, Any]) -> Panel:
    """The form, and the positions where one of its days was given."""
    form = DaysForm(query)
    standings: list[Standing] = []
    is_asked = bool(query.get("as_at") or query.get("known_on"))
    if is_asked and form.is_valid():
        standings = _standings(claim, **form.cleaned_data)
    shown = {"form": form, "is_asked": is_asked, "standings": standings}
    return Panel("Positions at another time", "reinsurance/as_at.html", shown)


def _standings(
    claim: Claim, *, as_at: datetime.date | None, known_on: datetime.date | None
) -> list[Standing]:
    known_at = None
    if known_on is not None:
        evening = datetime.datetime.combine(known_on, datetime.time.max)
        known_at = timezone.make_aware(evening)
    rows = ClaimPosition.all_objects.filter(claim=claim)
    positions = rows.order_by("section", "risk_code", "currency").in_bulk()
    found = books.as_at(list(positions), as_at, known_at=known_at)
    names = status_names()
    return [
        (
            positions[s.position],
            s,
            names.get(s.status or "", ""),
            [s.amounts.get(name) for name in MAIN],
        )
        for s in found
    ]


def status_names() -> dict[str, str]:
    """What the statuses of claims are called, by code."""
    return dict(ClaimStatus.objects.values_list("code", "name"))
