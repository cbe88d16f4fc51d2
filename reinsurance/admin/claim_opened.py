"""Optimistic locking of what a person does to a claim beside its form.

Each of its pages carries a digest of the claim, its positions and the statements that
count, as they were when it was opened.  Where they are others by now, nothing is saved.
"""

from django.db import transaction
from django.utils.crypto import constant_time_compare

from reinsurance.admin import edits
from reinsurance.admin.meanwhile import digest_of
from reinsurance.ledger.moving import take_turn
from reinsurance.ledger.position_books import counting
from reinsurance.models import Claim, ClaimPosition

CHANGED = (
    "Claim “{}” was changed meanwhile, by a file or by somebody else: nothing was "
    "saved. This page shows what stands now; the claim's History says who changed "
    "what. Look again, and send the form anew if it is still right."
)
UNKNOWN = (
    "The form does not say how claim “{}” stood when it was opened: nothing was saved. "
    "This page shows what stands now. Look again, and send the form anew if it is "
    "still right."
)


class ChangedError(Exception):
    """The claim is not what it was when the form was opened; the message says so."""


def digest(claim: Claim) -> str:
    """Of what stands of the claim now; inside a transaction where it is to hold."""
    with transaction.atomic():
        positions = list(ClaimPosition.all_objects.filter(claim=claim).order_by("pk"))
        found = Claim.all_objects.filter(pk=claim.pk)
        images = [(r.pk, edits.image_of(r)) for r in (*found, *positions)]
        return digest_of([images, counting([p.pk for p in positions])])


def require_as_opened(claim: Claim, opened: str) -> None:
    """Raise ChangedError unless the claim stands as ``opened``, a digest, says.

    No file and nobody else changes it until the transaction's end.
    """
    take_turn()
    Claim.all_objects.select_for_update().filter(pk=claim.pk).first()
    if not opened:
        raise ChangedError(UNKNOWN.format(claim))
    if not constant_time_compare(opened, digest(claim)):
        raise ChangedError(CHANGED.format(claim))
