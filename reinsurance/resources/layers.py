"""Treaty registers: the layer of the treaty in the same row."""

from decimal import Decimal

from reinsurance.choices import RiskLevel
from reinsurance.models import Layer
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.rules import not_negative
from reinsurance.resources.treaties import TreatyResource
from reinsurance.resources.widgets import (
    AmountWidget,
    ChoiceWidget,
    IntegerWidget,
    LimitWidget,
    ShareWidget,
    TextWidget,
)

RISK_LEVEL = ChoiceWidget(RiskLevel, {"Selection": RiskLevel.SELECTION.value})


class LayerResource(DomainResource):
    """A layer of the treaty in the same row."""

    treaty_reference = references.treaty(kind="register")
    layer_number = Column(
        "number",
        "Layer number",
        IntegerWidget(),
        synonyms=("Layer", "Layer No", "Section", "Section No", "CR0007"),
        default=1,
    )
    treaty_name = Column(
        "name",
        "Treaty name",
        TextWidget(200),
        synonyms=("Name", "Contract name", "Programme", "Program", "Title"),
        explanation="Layers of one treaty may have names that differ.",
    )
    ceded_share = Column(
        "ceded_share",
        "Ceded share",
        ShareWidget(),
        synonyms=(
            "Ceded %",
            "% Ceded",
            "% Ceded (Reinsurance)",
            "Quota Share",
            "Cession",
            "Cession %",
            "Ceded pct",
        ),
        default=Decimal(1),
    )
    risk_level = Column(
        "risk_level",
        "Risk level",
        RISK_LEVEL,
        synonyms=("Level of risk",),
    )
    risk_attachment = Column(
        "risk_attachment",
        "Risk attachment",
        AmountWidget(),
        synonyms=("Risk excess", "Per risk attachment", "Per risk retention"),
        ask=("Retention",),
    )
    risk_limit = Column(
        "risk_limit",
        "Risk limit",
        LimitWidget(),
        synonyms=("Per risk limit",),
        ask=("Limit", "Cover limit"),
    )
    occurrence_attachment = Column(
        "occurrence_attachment",
        "Occurrence attachment",
        AmountWidget(),
        synonyms=("Event attachment", "Occurrence excess", "Attachment point"),
        ask=("Attachment", "Retention", "Excess"),
    )
    occurrence_limit = Column(
        "occurrence_limit",
        "Occurrence limit",
        LimitWidget(),
        synonyms=("Event limit", "Limit per occurrence"),
        ask=("Limit", "Cover limit"),
    )
    aggregate_attachment = Column(
        "aggregate_attachment",
        "Aggregate attachment",
        AmountWidget(),
        synonyms=("Annual aggregate deductible", "AAD"),
    )
    aggregate_limit = Column(
        "aggregate_limit",
        "Aggregate limit",
        LimitWidget(),
        synonyms=("Annual aggregate limit", "AAL"),
    )
    aggregate_period_days = Column(
        "aggregate_period_days", "Aggregate period in days", IntegerWidget()
    )
    reinstatements = Column(
        "reinstatements",
        "Reinstatements",
        IntegerWidget(),
        synonyms=("Number of reinstatements", "Reinstatement number"),
    )
    reinstatement_charges = Column(
        "reinstatement_charges",
        "Reinstatement charges",
        TextWidget(100),
        synonyms=("Reinstatement charge", "Reinstatement premium %"),
    )
    deposit_premium = Column(
        "deposit_premium",
        "Deposit premium",
        AmountWidget(),
        synonyms=("M&D premium", "Minimum and deposit premium", "Premium"),
    )
    rate = Column("rate", "Rate", ShareWidget(), synonyms=("Rate on GNPI",))
    commission = Column(
        "commission",
        "Commission",
        ShareWidget(),
        synonyms=("Ceding commission", "Commission %", "Acquisition cost"),
    )
    brokerage = Column(
        "brokerage", "Brokerage", ShareWidget(), synonyms=("Brokerage %",)
    )
    placed_share = Column(
        "placed_share",
        "Placed share",
        ShareWidget(),
        synonyms=("Placed %", "Placement", "Placement %", "Order"),
        default=Decimal(1),
    )
    inuring_priority = Column(
        "inuring_priority", "Inuring priority", IntegerWidget(), default=1
    )

    rules = not_negative(
        "risk_attachment",
        "risk_limit",
        "occurrence_attachment",
        "occurrence_limit",
        "aggregate_attachment",
        "aggregate_limit",
        "deposit_premium",
    )
    parent = TreatyResource
    parent_column = "treaty_reference"

    class Meta(DomainResource.Meta):
        model = Layer
        import_id_fields = ("treaty_reference", "layer_number")
