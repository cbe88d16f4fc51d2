"""Positions of claims as exported: what the ledger holds, section by section."""

from reinsurance.ledger.amounts import POSITION, label_of
from reinsurance.models import ClaimPosition
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.widgets import AmountWidget, DateWidget, TextWidget


class ClaimPositionResource(DomainResource):
    """Positions as they stand; statements make them, nobody writes them."""

    treaty_reference = references.treaty("claim__treaty_id", shows="claim__treaty")
    claim_reference = Column(
        "claim_id", "Claim reference", TextWidget(60), shows="claim__reference"
    )
    section = Column("section", "Section", TextWidget(20))
    risk_code = Column("risk_code", "Risk code", TextWidget(20))
    currency = references.currency()
    claim_status = references.claim_status()
    period_end = Column("period_end", "Reporting period end", DateWidget())
    vars().update(
        {
            name: Column(name, label[:1].upper() + label[1:], AmountWidget())
            for name, label in ((name, label_of(name)) for name in POSITION)
        }
    )
    incurred = Column("incurred", "Incurred", AmountWidget(), readonly=True)

    class Meta(DomainResource.Meta):
        model = ClaimPosition
        import_id_fields = ("claim_reference", "section", "risk_code", "currency")
