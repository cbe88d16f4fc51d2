"""The domain's records; importers are unknown here."""

from reinsurance.models.access import CedantLimit
from reinsurance.models.bordereaux import Bordereau
from reinsurance.models.claims import Claim, ClaimMovement, LossEvent
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
    "ClaimMovement",
    "ClaimStatus",
    "Country",
    "Currency",
    "ExchangeRate",
    "Layer",
    "LineOfBusiness",
    "LossEvent",
    "Participation",
    "Party",
    "PremiumEntry",
    "Stamp",
    "Treaty",
    "TreatyScope",
]
