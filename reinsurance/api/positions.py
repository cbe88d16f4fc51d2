"""Positions of claims and what was told of them, in the API."""

from typing import ClassVar

from reinsurance.api.base import (
    Fields,
    ListDoor,
    cedant_of,
    inception_of,
    moment_of,
    number_of,
    text_of,
)
from reinsurance.api.filters import (
    ListFilters,
    changed_since,
    day_from,
    day_to,
    is_known,
    key_of,
    one_of,
)
from reinsurance.api.treaties import TREATY
from reinsurance.ledger.amounts import POSITION, TOLD
from reinsurance.models import ClaimPosition, ClaimStatement

CLAIM = "Reference of the claim."


class ClaimPositionSerializer(Fields):
    """The money of a claim in one section, risk code and currency, as it stands.

    Amounts are to date or as at the end of the latest period told; null: never told.
    """

    claim_reference = text_of("claim.reference", CLAIM)
    treaty = text_of("claim.treaty.reference", TREATY)
    treaty_cedant = cedant_of("claim.treaty")
    treaty_inception = inception_of("claim.treaty")
    year_of_account = number_of("claim.treaty.year_of_account", "The treaty's.")

    class Meta:
        model = ClaimPosition
        fields = (
            "id", "claim", "claim_reference", "treaty", "treaty_cedant",
            "treaty_inception",
            "year_of_account", "section", "risk_code", "currency", "status",
            "period_end", *POSITION, "incurred",
        )  # fmt: skip


class ClaimPositionFilters(ListFilters):
    """How the list of positions is narrowed."""

    claim = key_of("claim_id", "Number of the claim (its id).")
    claim_reference = one_of("claim__reference", CLAIM)
    treaty = one_of("claim__treaty__reference", TREATY)
    cedant = one_of("claim__treaty__cedant__code", "Code of the cedant.")
    section = one_of("section", "Section of the contract.")
    risk_code = one_of("risk_code", "Risk code.")
    currency = one_of("currency_id", "ISO 4217 code.")
    status = one_of("status_id", "Code of the status.")
    period_end_from = day_from("period_end", "Last told for then or later.")
    period_end_to = day_to("period_end", "Last told for then or earlier.")
    claim_updated_since = changed_since("claim__change__changed_at", "")


class ClaimPositionDoor(ListDoor):
    """Positions that stand; the currencies of a claim are never added."""

    queryset = ClaimPosition.objects.select_related("claim__treaty__cedant")
    serializer_class = ClaimPositionSerializer
    filterset_class = ClaimPositionFilters
    orderings: ClassVar = ("-id",)
    called = "claim-positions"


class ClaimStatementSerializer(Fields):
    """What one row told of a position for a period; null: it did not tell.

    Never changed.  ``undone_at``: since when the file does not count any more.
    """

    claim = number_of("position.claim_id", "Number of the claim (its id).")
    claim_reference = text_of("position.claim.reference", CLAIM)
    treaty = text_of("position.claim.treaty.reference", TREATY)
    section = text_of("position.section", "Section of the contract.")
    risk_code = text_of("position.risk_code", "Risk code.")
    currency = text_of("position.currency_id", "ISO 4217 code.")
    ingestion = number_of("load.number", "Number of the file's ingestion.")
    loaded_at = moment_of("load.loaded_at", "When it was loaded.")
    undone_at = moment_of("load.undone_at", "When it was undone; null: it counts.")

    class Meta:
        model = ClaimStatement
        fields = (
            "id", "position", "claim", "claim_reference", "treaty", "section",
            "risk_code", "currency", "ingestion", "row", "loaded_at", "undone_at",
            "period_start", "period_end", "status", *TOLD, "details",
        )  # fmt: skip


class ClaimStatementFilters(ListFilters):
    """How the list of statements is narrowed."""

    claim = key_of("position__claim_id", "Number of the claim (its id).")
    position = key_of("position_id", "Number of the position (its id).")
    treaty = one_of("position__claim__treaty__reference", TREATY)
    ingestion = key_of("load__number", "Number of the file's ingestion.")
    period_end_from = day_from("period_end", "Of a period that ends then or later.")
    period_end_to = day_to("period_end", "Of a period that ends then or earlier.")
    is_undone = is_known("load__undone_at", "Whether the file was undone.")


class ClaimStatementDoor(ListDoor):
    """What rows told of claims; statements are only ever added."""

    queryset = ClaimStatement.objects.select_related("position__claim__treaty", "load")
    serializer_class = ClaimStatementSerializer
    filterset_class = ClaimStatementFilters
    orderings: ClassVar = ("-id",)
    called = "claim-statements"
