"""What can be imported: a slug for each kind of file, and its Resources."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from importers.exceptions import UnknownRecordType
from reinsurance.choices import BordereauKind
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.claims import ClaimResource
from reinsurance.resources.events import LossEventResource
from reinsurance.resources.layers import LayerResource
from reinsurance.resources.participations import ParticipationResource
from reinsurance.resources.parties import PartyResource
from reinsurance.resources.premiums import PremiumEntryResource
from reinsurance.resources.rates import ExchangeRateResource
from reinsurance.resources.scopes import TreatyScopeResource
from reinsurance.resources.treaties import TreatyResource

Ledger = Literal["claims", "premiums"]


@dataclass(frozen=True)
class RecordType:
    """A kind of file: the records that one row holds, outermost first.

    ``carries_money``: who submitted such a file may not approve it.  ``bordereau``:
    the kind of bordereau it is.  ``ledger``: what keeps its money; rows of one record
    (``group``) are settled together.  ``is_register``: it tells the whole panel of the
    layers that it names.
    """

    slug: str
    label: str
    resources: tuple[type[DomainResource], ...]
    carries_money: bool = False
    bordereau: BordereauKind | None = None
    ledger: Ledger | None = None
    group: tuple[str, ...] = ()
    is_register: bool = False
    aliases: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Every column of a row by name; one that several records share is once."""
        found: dict[str, Column] = {}
        for resource in self.resources:
            for name in resource._meta.fields:
                found.setdefault(name, resource.fields[name])
        return found

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that a file must have."""
        return tuple(name for name, column in self.columns.items() if column.required)


RECORD_TYPES: dict[str, RecordType] = {
    record_type.slug: record_type
    for record_type in (
        RecordType("parties", "Parties", (PartyResource,), aliases=("party",)),
        RecordType(
            "treaties",
            "Treaties",
            (TreatyResource, LayerResource, ParticipationResource),
            carries_money=True,
            is_register=True,
            aliases=("treaty",),
        ),
        RecordType(
            "treaty-scope",
            "Treaty scope",
            (TreatyScopeResource,),
            carries_money=True,
            aliases=("treaty-scopes", "scope", "scopes", "treaty_scope"),
        ),
        RecordType(
            "premiums",
            "Premiums",
            (PremiumEntryResource,),
            carries_money=True,
            bordereau=BordereauKind.PREMIUMS,
            ledger="premiums",
            group=("treaty_reference", "policy_reference"),
            aliases=("premium",),
        ),
        RecordType(
            "claims",
            "Claims",
            (ClaimResource,),
            carries_money=True,
            bordereau=BordereauKind.CLAIMS,
            ledger="claims",
            group=("treaty_reference", "claim_reference"),
            aliases=("claim",),
        ),
        RecordType(
            "exchange-rates",
            "Exchange rates",
            (ExchangeRateResource,),
            aliases=("rates", "exchange_rates", "exchange-rate"),
        ),
        RecordType(
            "loss-events",
            "Loss events",
            (LossEventResource,),
            aliases=("events", "loss_events", "loss-event"),
        ),
    )
}


def get(slug: str) -> RecordType:
    """The record type of that slug or alias; raises UnknownRecordType."""
    for record_type in RECORD_TYPES.values():
        if slug == record_type.slug or slug in record_type.aliases:
            return record_type
    raise UnknownRecordType(
        f"“{slug}” is not a kind of record. Use one of: {', '.join(RECORD_TYPES)}."
    )


def choices() -> list[tuple[str, str]]:
    """Slugs and labels, for forms and filters."""
    return [(record.slug, record.label) for record in RECORD_TYPES.values()]
