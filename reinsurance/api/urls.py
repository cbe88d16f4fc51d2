"""Addresses of the domain's records."""

from django.urls import URLPattern, path

from reinsurance.api.base import ListDoor
from reinsurance.api.bordereaux import BordereauDoor
from reinsurance.api.claims import ClaimDoor, LossEventDoor
from reinsurance.api.deletions import DeletionDoor
from reinsurance.api.ledger import (
    ClaimMovementsDoor,
    ClaimPositionsAtDoor,
    MovementsDoor,
)
from reinsurance.api.parties import PartyDoor
from reinsurance.api.positions import ClaimPositionDoor, ClaimStatementDoor
from reinsurance.api.premiums import PremiumDoor
from reinsurance.api.problem_pages import ProblemDoor
from reinsurance.api.reference import (
    ClaimStatusDoor,
    CountryDoor,
    CurrencyDoor,
    ExchangeRateDoor,
    LineOfBusinessDoor,
)
from reinsurance.api.treaties import (
    LayerDoor,
    ParticipationDoor,
    TreatyDoor,
    TreatyScopeDoor,
)

RECORDS: dict[str, type[ListDoor]] = {
    "parties": PartyDoor,
    "treaties": TreatyDoor,
    "layers": LayerDoor,
    "participations": ParticipationDoor,
    "treaty-scopes": TreatyScopeDoor,
    "bordereaux": BordereauDoor,
    "premiums": PremiumDoor,
    "claims": ClaimDoor,
    "claim-positions": ClaimPositionDoor,
    "claim-statements": ClaimStatementDoor,
    "loss-events": LossEventDoor,
    "exchange-rates": ExchangeRateDoor,
}
CODES: dict[str, type[ListDoor]] = {
    "currencies": CurrencyDoor,
    "countries": CountryDoor,
    "lines-of-business": LineOfBusinessDoor,
    "claim-statuses": ClaimStatusDoor,
}


def addresses(name: str, door: type[ListDoor], key: str = "int") -> list[URLPattern]:
    """The list of a collection, and each of its records."""
    return [
        path(f"{name}/", door.as_view({"get": "list"}), name=f"{name}-list"),
        path(
            f"{name}/<{key}:pk>/",
            door.as_view({"get": "retrieve"}, detail=True),
            name=f"{name}-detail",
        ),
    ]


urlpatterns: list[URLPattern] = [
    path("problems/", ProblemDoor.as_view({"get": "list"}), name="problems"),
    path(
        "problems/<slug:code>/",
        ProblemDoor.as_view({"get": "retrieve"}, detail=True),
        name="problem",
    ),
    path(
        "claims/<int:pk>/positions/",
        ClaimPositionsAtDoor.as_view({"get": "list"}),
        name="claims-positions",
    ),
    path(
        "claims/<int:pk>/movements/",
        ClaimMovementsDoor.as_view({"get": "list"}),
        name="claims-movements",
    ),
    path(
        "claim-movements/",
        MovementsDoor.as_view({"get": "list"}),
        name="claim-movements-list",
    ),
    path("deletions/", DeletionDoor.as_view({"get": "list"}), name="deletions-list"),
    *(route for name, door in RECORDS.items() for route in addresses(name, door)),
    *(route for name, door in CODES.items() for route in addresses(name, door, "slug")),
]
