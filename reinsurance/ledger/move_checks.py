"""What stands in the way of moving a claim to another contract."""

from datetime import date

from django.utils.formats import date_format

from reinsurance.choices import AttachmentBasis
from reinsurance.models import Claim, Treaty


class MoveError(Exception):
    """The claim cannot be moved there; the message says why."""


class DoubtfulMoveError(MoveError):
    """Something is to be said of the claim there, and nobody said that it is meant."""

    def __init__(self, warnings: list[str]) -> None:
        super().__init__(" ".join(warnings))
        self.warnings = warnings


def require_free(claim: Claim, target: Treaty) -> None:
    """Raise MoveError where the contract cannot have a claim of that reference."""
    if target.pk == claim.treaty_id:
        raise MoveError("The claim stands under this contract already.")
    if target.reference != claim.treaty.reference:
        raise MoveError(
            f"The claim stands under contract {claim.treaty.reference}: it moves to a "
            f"contract of that number only, and this one is {target.reference}."
        )
    same = {"treaty": target, "reference": claim.reference}
    if Claim.objects.filter(**same).exists():
        raise MoveError(
            f"The contract has a claim {claim.reference} already. Undo the file that "
            "brought one of the two."
        )
    if Claim.all_objects.filter(**same).exists():
        raise MoveError(
            f"The contract had a claim {claim.reference} that was undone or left out "
            "by a correction. Its reference is kept for it, so no other can take its "
            "place: load the claim there instead, and undo the file that brought this "
            "one."
        )


def outside(claim: Claim, target: Treaty) -> list[str]:
    """What is to be said where rows of the claim's dates would be held out."""
    what, day = "", None
    if target.basis == AttachmentBasis.LOSSES_OCCURRING:
        what, day = "loss", claim.date_of_loss
    elif target.basis == AttachmentBasis.RISKS_ATTACHING:
        what, day = "policy", claim.policy_inception
    first, last = target.inception, target.expiry
    if day and ((first and day < first) or (last and day > last)):
        return [
            f"The {what} of {_day(day)} is outside that contract, {_day(first)} to "
            f"{_day(last)}: rows of the claim with this date will be held out. Move it "
            "only if the date is wrong, and have the date corrected, too."
        ]
    return []


def _day(day: date | None) -> str:
    return date_format(day, "j M Y") if day else "?"
