"""Forms of what a person does to a claim; each asks for the reason."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format

from reinsurance.admin.breaches import MEANT
from reinsurance.admin.values import DecimalInput, capital
from reinsurance.ledger.amounts import POSITION, THIS_PERIOD, TO_DATE, label_of
from reinsurance.models import ClaimPosition, ClaimStatus, Treaty

ADVICE = "Nothing was saved. Correct it, or tick “It is meant”."
CONTROL = {"class": "form-control"}
DAY = {**CONTROL, "type": "date"}
BASES = (
    (TO_DATE, "To date: all that was paid until the end of the period"),
    (THIS_PERIOD, "This period: what was paid in the period alone"),
)


def day_of(day: date | None) -> str:
    """``1 Jan 2026``; a question mark where it is not known."""
    return date_format(day, "j M Y") if day else "?"


class ContractField(forms.ModelChoiceField):
    """A contract by number, cedant and period: enough to tell renewals apart."""

    def label_from_instance(self, obj: Treaty) -> str:
        """``T1 · Andes · 1 Jan 2026 – 31 Dec 2026``."""
        period = f"{day_of(obj.inception)} – {day_of(obj.expiry)}"
        cedant = obj.cedant.name if obj.cedant else ""
        return " · ".join(part for part in (obj.reference, cedant, period) if part)


class ReasonedForm(forms.Form):
    """A form that asks for the reason last."""

    reason = forms.CharField(
        max_length=400,
        widget=forms.TextInput(CONTROL),
        help_text="It stays with the change, for everybody to read.",
    )
    breach_is_meant = forms.BooleanField(
        required=False,
        label="It is meant",
        help_text="Do it although this is said of it.",
    )
    field_order: Sequence[str] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._meant = self.fields.pop(MEANT)
        self.is_outdated = False
        """Whether the claim was changed since the form was opened."""

    @property
    def is_meant(self) -> bool:
        """Whether the box was ticked that is offered beside what is said of it."""
        return bool(self.data.get(MEANT))

    def refuse(self, problem: Exception) -> None:
        """Say why not; where it may be meant, with the box to tick."""
        warnings: list[str] = getattr(problem, "warnings", [])
        if not warnings:
            self.add_error(None, str(problem))
            return
        self.fields[MEANT] = self._meant
        self.add_error(None, forms.ValidationError([*warnings, ADVICE]))


class MoveForm(ReasonedForm):
    """Which contract the claim moves to."""

    treaty = ContractField(
        Treaty.objects.none(), label="Contract", widget=forms.Select(CONTROL)
    )
    field_order = ("treaty", "reason")


class AmountForm(ReasonedForm):
    """An amount of one of the claim's positions, as a person tells it."""

    position = forms.ModelChoiceField(
        ClaimPosition.objects.none(), widget=forms.Select(CONTROL)
    )
    period_start = forms.DateField(
        required=False,
        label="Period, from",
        widget=forms.DateInput(DAY, format="%Y-%m-%d"),
        help_text="Of an amount of this period alone: the first day of the month, "
        "quarter or year in which it was paid.",
    )
    period_end = forms.DateField(
        label="Period, to", widget=forms.DateInput(DAY, format="%Y-%m-%d")
    )
    kind = forms.ChoiceField(
        label="Which amount",
        choices=[(name, capital(label_of(name))) for name in POSITION],
        widget=forms.Select(CONTROL),
    )
    basis = forms.ChoiceField(
        choices=BASES,
        widget=forms.Select(CONTROL),
        help_text="Reserves, recoveries outstanding and the amount claimed are always "
        "as at the end of the period.",
    )
    amount = forms.DecimalField(widget=DecimalInput({"step": "any"}))
    status = forms.ModelChoiceField(
        ClaimStatus.objects.all(),
        required=False,
        label="Status at the end of the period",
        widget=forms.Select(CONTROL),
        help_text="Left empty, it stays what it is.",
    )
    field_order = (
        "position",
        "period_start",
        "period_end",
        "kind",
        "basis",
        "amount",
        "status",
        "reason",
    )
