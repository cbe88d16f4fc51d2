"""Positions as at a day and movements, as they were known at any moment."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from reinsurance.api.filters import DAY, MOMENT, MomentField
from reinsurance.api.pages import wrong
from reinsurance.api.problems import ApiProblem
from reinsurance.api.whole import WholeDoor
from reinsurance.ledger import books
from reinsurance.ledger.amounts import MAIN, POSITION, label_of
from reinsurance.models import Claim, ClaimPosition
from reinsurance.visibility import seen_by

MOST_POSITIONS = 10_000
KNOWN_AT = (
    "As it was known then, such as 2026-04-30T12:00:00Z; usually now. The money alone: "
    "contract, section and risk code are as they are today."
)
NIL = Decimal(0)


class KnownAt(forms.Form):
    """What movements may be asked by."""

    known_at = MomentField(required=False, help_text=KNOWN_AT)


class AsAt(KnownAt):
    """What positions may be asked by."""

    as_at = forms.DateField(
        required=False,
        help_text="At the end of the last period told that ends then or earlier; "
        "usually the latest.",
    )


class OfLedger(KnownAt):
    """What the list of movements may be asked by: one of the two has to be there."""

    claim = forms.IntegerField(
        required=False, min_value=1, help_text="Number of the claim (its id)."
    )
    treaty = forms.CharField(required=False, help_text="Reference of the treaty.")


def amount_text(amount: Decimal) -> str:
    """The amount with two decimals, and those beyond that say something."""
    exponent = amount.normalize().as_tuple().exponent
    return f"{amount:.{max(2, -int(exponent))}f}"


class StandingSerializer(serializers.Serializer):
    """A position at the end of a period; amounts that were never told are null."""

    position = serializers.IntegerField(help_text="Number of the position (its id).")
    claim = serializers.IntegerField(help_text="Number of the claim (its id).")
    section = serializers.CharField(allow_blank=True)
    risk_code = serializers.CharField(allow_blank=True)
    currency = serializers.CharField(help_text="ISO 4217 code.")
    period_end = serializers.DateField(allow_null=True)
    ingestion = serializers.IntegerField(
        allow_null=True, help_text="The file that told it last; null: a person did."
    )
    row = serializers.IntegerField(allow_null=True, help_text="The row of that file.")
    status = serializers.CharField(allow_null=True)
    vars().update(
        {
            name: serializers.DecimalField(
                20, 4, allow_null=name not in MAIN, help_text=label_of(name)
            )
            for name in POSITION
        }
    )
    incurred = serializers.DecimalField(
        20, 4, help_text="Paid and reserve, indemnity and fees."
    )

    class Meta:
        ref_name = "PositionAt"


class MovementSerializer(StandingSerializer):
    """By how much a position changed from the period told before to this one."""

    class Meta:
        ref_name = "Movement"


def told(
    standings: Sequence[books.Standing], positions: dict[int, ClaimPosition]
) -> list[dict[str, Any]]:
    """Positions or movements as the API has them."""
    found = []
    for standing in standings:
        position = positions[standing.position]
        amounts = {
            name: standing.amounts.get(name, NIL if name in MAIN else None)
            for name in POSITION
        }
        found.append(
            {
                "position": position.pk,
                "claim": position.claim_id,
                "section": position.section,
                "risk_code": position.risk_code,
                "currency": position.currency_id,
                "period_end": standing.period_end,
                "ingestion": None if standing.is_by_hand else standing.number,
                "row": None if standing.is_by_hand else standing.row,
                "status": standing.status,
                **{
                    n: None if a is None else amount_text(a) for n, a in amounts.items()
                },
                "incurred": amount_text(standing.incurred),
            }
        )
    return found


class OfClaim(WholeDoor):
    """What the ledger says of one claim; also of one that is not in the books now."""

    queryset = Claim.all_objects.all()
    problems: ClassVar = {"*": ("not_found",)}

    def positions(self) -> dict[int, ClaimPosition]:
        """The claim's positions by key; Http404 where the caller does not see it."""
        claim = self.found(self.kwargs["pk"])
        rows = ClaimPosition.all_objects.filter(claim=claim)
        return rows.order_by("section", "risk_code", "currency").in_bulk()


class ClaimPositionsAtDoor(OfClaim):
    """The positions of a claim as at a day, as they were known at a moment."""

    serializer_class = StandingSerializer
    parameters = AsAt
    schemas: ClassVar = {"as_at": DAY, "known_at": MOMENT}

    def list(self, request: Request, pk: int) -> Response:
        """All of them on one page."""
        asked = self.asked(request)
        positions = self.positions()
        found = books.as_at(list(positions), asked["as_at"], known_at=asked["known_at"])
        return self.listed(told(found, positions))


class ClaimMovementsDoor(OfClaim):
    """The movements of a claim: what changed from period to period."""

    serializer_class = MovementSerializer
    parameters = KnownAt
    schemas: ClassVar = {"known_at": MOMENT}

    def list(self, request: Request, pk: int) -> Response:
        """All of them on one page, the oldest period of each position first."""
        asked = self.asked(request)
        positions = self.positions()
        found = books.movements(list(positions), known_at=asked["known_at"])
        return self.listed(told(found, positions))


class MovementsDoor(WholeDoor):
    """The movements of the claims of a treaty, or of one claim.

    Movements are worked out from what was told, so the list has to be asked for a
    ``claim`` or a ``treaty``; of a treaty with very many claims ask claim by claim.
    """

    queryset = ClaimPosition.all_objects.all()
    serializer_class = MovementSerializer
    parameters = OfLedger
    schemas: ClassVar = {
        "known_at": MOMENT,
        "claim": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
    }

    def list(self, request: Request) -> Response:
        """All of them on one page, the oldest period of each position first."""
        asked = self.asked(request)
        if not (asked["claim"] or asked["treaty"]):
            raise _refused("Ask for a “claim” or a “treaty”.")
        rows = seen_by(ClaimPosition.all_objects.all(), request.user)
        if asked["claim"]:
            rows = rows.filter(claim=asked["claim"])
        if asked["treaty"]:
            rows = rows.filter(claim__treaty__reference=asked["treaty"])
        found = list(rows.order_by("pk")[: MOST_POSITIONS + 1])
        if len(found) > MOST_POSITIONS:
            raise _refused(
                f"The treaty has more than {MOST_POSITIONS:,} positions. "
                "Ask for one claim at a time."
            )
        positions = {position.pk: position for position in found}
        moved = books.movements(list(positions), known_at=asked["known_at"])
        return self.listed(told(moved, positions))


def _refused(said: str) -> ApiProblem:
    return ApiProblem("invalid", said, errors=[wrong("claim", said)])
