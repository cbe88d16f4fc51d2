"""The domain's records; importers are unknown here."""

from reinsurance.models.access import CedantLimit
from reinsurance.models.bordereaux import Bordereau
from reinsurance.models.claim_changes import ClaimChange
from reinsurance.models.claims import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    LossEvent,
)
from reinsurance.models.loads import Deletion, Edit, LineageRange, Load, LoadPeriod
from reinsurance.models.parties import Party
from reinsurance.models.premiums import PremiumEntry
from reinsurance.models.reference import (
    ClaimStatus,
    Country,
    Currency,
    ExchangeRate,
    LineOfBusiness,
)
from reinsurance.models.stamps import Stamp
from reinsurance.models.treaties import Layer, Participation, Treaty, TreatyScope

__all__ = [
    "Bordereau",
    "CedantLimit",
    "Claim",
    "ClaimChange",
    "ClaimPosition",
    "ClaimStatement",
    "ClaimStatus",
    "Country",
    "Currency",
    "Deletion",
    "Edit",
    "ExchangeRate",
    "Layer",
    "LineOfBusiness",
    "LineageRange",
    "Load",
    "LoadPeriod",
    "LossEvent",
    "Participation",
    "Party",
    "PremiumEntry",
    "Stamp",
    "Treaty",
    "TreatyScope",
]
