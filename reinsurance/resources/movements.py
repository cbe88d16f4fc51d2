"""The claims ledger as exported: the changes of each claim's position."""

from reinsurance.models import ClaimMovement
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.positions import money
from reinsurance.resources.widgets import DateWidget, TextWidget


class ClaimMovementResource(DomainResource):
    """The claims ledger as exported; it is written by loading claims alone."""

    treaty_reference = references.treaty("claim__treaty_id", shows="claim__treaty")
    claim_reference = Column(
        "claim_id", "Claim reference", TextWidget(60), shows="claim__reference"
    )
    period_end = Column("period_end", "Reporting period end", DateWidget())
    claim_status = references.claim_status()
    paid_indemnity = money("paid_indemnity", "Paid, indemnity: change")
    paid_fees = money("paid_fees", "Paid, fees: change")
    reserve_indemnity = money("reserve_indemnity", "Reserve, indemnity: change")
    reserve_fees = money("reserve_fees", "Reserve, fees: change")

    class Meta(DomainResource.Meta):
        model = ClaimMovement
        import_id_fields = ("claim_reference", "period_end")
