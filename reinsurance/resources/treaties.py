"""Treaty registers: a treaty, a layer of it and a reinsurer's line in one row."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import polars as pl

from reinsurance.choices import AttachmentBasis, RiskLevel, TreatyType
from reinsurance.models import Layer, Participation, Treaty, TreatyScope
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.rules import Rule
from reinsurance.resources.widgets import (
    AmountWidget,
    ChoiceWidget,
    DateWidget,
    IntegerWidget,
    LimitWidget,
    ShareWidget,
    TextWidget,
    YesNoWidget,
)

RISK_LEVEL = ChoiceWidget(RiskLevel, {"Selection": RiskLevel.SELECTION.value})


def not_negative(*columns: str) -> tuple[Rule, ...]:
    """Rules: none of the amounts is below zero."""
    return tuple(
        Rule(
            "negative_amount",
            "error",
            column,
            f"{{{column}}} is below zero. A limit, attachment or premium of a "
            "contract is not negative.",
            pl.col(column) < 0,
        )
        for column in columns
    )


class TreatyResource(DomainResource):
    """The contract itself."""

    treaty_reference = Column(
        "reference",
        "Treaty reference",
        TextWidget(60),
        synonyms=references.TREATY_SYNONYMS,
        required=True,
        explanation="Unique market reference (UMR) or your own treaty number.",
    )
    treaty_name = Column(
        "name",
        "Treaty name",
        TextWidget(200),
        synonyms=("Name", "Contract name", "Programme", "Program", "Title"),
    )
    cedant = references.party(
        "cedant_id",
        "Cedant",
        synonyms=("Cedent", "Cedant Co", "Cedant code", "Reinsured", "Client"),
    )
    broker = references.party(
        "broker_id",
        "Broker",
        synonyms=("Intermediary", "Producing Broker", "Broker code"),
    )
    treaty_type = Column(
        "treaty_type",
        "Treaty type",
        ChoiceWidget(
            TreatyType,
            {
                "Proportional": "QS",
                "Surplus share": "SS",
                "Excess of loss": "CXL",
                "XOL": "CXL",
                "Cat XL": "CXL",
                "CAT": "CXL",
                "Catastrophe": "CXL",
                "Risk XL": "PR",
                "Per risk": "PR",
                "Per risk XL": "PR",
                "Aggregate": "AXL",
                "Stop loss": "AXL",
                "Aggregate excess": "AXL",
            },
        ),
        synonyms=("Type", "Contract type", "Type of treaty", "Type of reinsurance"),
        required=True,
    )
    basis = Column(
        "basis",
        "Attachment basis",
        ChoiceWidget(
            AttachmentBasis,
            {"Losses occurring during": "LO", "LOD": "LO", "RAD": "RA"},
        ),
        synonyms=("Basis", "Basis of attachment", "Coverage basis"),
        default=AttachmentBasis.LOSSES_OCCURRING.value,
    )
    inception = Column(
        "inception",
        "Inception",
        DateWidget(),
        synonyms=("Inception date", "Start date", "Period from", "From", "Effective"),
    )
    expiry = Column(
        "expiry",
        "Expiry",
        DateWidget(),
        synonyms=("Expiry date", "End date", "Period to", "To", "Expiration date"),
    )
    currency = references.currency(
        synonyms=("Ccy", "Currency code", "Treaty currency", "Contract currency"),
        required=True,
    )
    line_of_business = references.line_of_business()
    territories = Column(
        "territories",
        "Territories",
        TextWidget(200),
        synonyms=("Territory", "Territorial scope"),
    )
    perils = Column(
        "perils", "Perils", TextWidget(200), synonyms=("Peril", "Perils covered")
    )
    year_of_account = Column(
        "year_of_account",
        "Year of account",
        IntegerWidget(1900, 2199),
        synonyms=("YOA", "Underwriting year", "UWY", "UW Year", "CR0010"),
    )
    premium_income_limit = Column(
        "premium_income_limit",
        "Premium income limit",
        LimitWidget(),
        synonyms=("GPI limit", "EPI limit", "Premium limit"),
    )
    loss_notification_threshold = Column(
        "loss_notification_threshold",
        "Loss notification threshold",
        LimitWidget(),
        synonyms=("Notification threshold", "Large loss threshold"),
    )
    cash_loss_limit = Column(
        "cash_loss_limit", "Cash loss limit", LimitWidget(), synonyms=("Cash call",)
    )

    rules = (
        Rule(
            "expiry_before_inception",
            "error",
            "expiry",
            "The treaty expires on {expiry}, before its inception on {inception}. "
            "Correct one of the dates.",
            pl.col("expiry") < pl.col("inception"),
        ),
        *not_negative(
            "premium_income_limit", "loss_notification_threshold", "cash_loss_limit"
        ),
    )

    class Meta(DomainResource.Meta):
        model = Treaty
        import_id_fields = ("treaty_reference",)
        fields = (
            "treaty_reference",
            "treaty_name",
            "cedant",
            "broker",
            "treaty_type",
            "basis",
            "inception",
            "expiry",
            "currency",
            "line_of_business",
            "territories",
            "perils",
            "year_of_account",
            "premium_income_limit",
            "loss_notification_threshold",
            "cash_loss_limit",
        )


class LayerResource(DomainResource):
    """A layer of the treaty in the same row."""

    treaty_reference = references.treaty()
    layer_number = Column(
        "number",
        "Layer number",
        IntegerWidget(),
        synonyms=("Layer", "Layer No", "Section", "Section No", "CR0007"),
        default=1,
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
        fields = (
            "treaty_reference",
            "layer_number",
            "ceded_share",
            "risk_level",
            "risk_attachment",
            "risk_limit",
            "occurrence_attachment",
            "occurrence_limit",
            "aggregate_attachment",
            "aggregate_limit",
            "aggregate_period_days",
            "reinstatements",
            "reinstatement_charges",
            "deposit_premium",
            "rate",
            "commission",
            "brokerage",
            "placed_share",
            "inuring_priority",
        )


class LayerWidget(IntegerWidget):
    """A layer by its number and, of the same row, its treaty's reference."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        number = super().clean(value, row, **kwargs) or 1
        reference = tidy((row or {}).get("Treaty reference"))
        layer = Layer.objects.filter(treaty__reference=reference, number=number)
        found = layer.values_list("pk", flat=True).first()
        if found is None:
            raise CellError(
                "unknown_layer",
                f"Treaty “{reference}” has no layer {number}. Load the layer first.",
            )
        return found

    def parse_many(self, texts: Iterable[str]) -> dict[str, Any]:
        raise TypeError("A layer is found through its treaty, not by a cell alone.")


class ParticipationResource(DomainResource):
    """A reinsurer's line on the layer in the same row; there if one is named."""

    layer_number = Column(
        "layer_id",
        "Layer number",
        LayerWidget(),
        shows="layer__number",
        default=1,
    )
    reinsurer = references.party(
        "reinsurer_id",
        "Reinsurer",
        synonyms=("Market", "Participant", "Reinsurer code", "Reinsurer name"),
    )
    written_line = Column(
        "written_line",
        "Written line",
        ShareWidget(),
        synonyms=("Written line %", "Written share"),
    )
    signed_line = Column(
        "signed_line",
        "Signed line",
        ShareWidget(),
        synonyms=("Signed line %", "Signed share", "Participation", "Share", "Line"),
    )
    is_lead = Column(
        "is_lead", "Lead", YesNoWidget(), synonyms=("Lead flag", "Leader", "Is lead")
    )

    parent = LayerResource
    parent_column = "layer_number"
    is_optional = True
    rules = (
        Rule(
            "signed_above_written",
            "warning",
            "signed_line",
            "The signed line {signed_line} is above the written line {written_line}.",
            pl.col("signed_line") > pl.col("written_line"),
        ),
    )

    class Meta(DomainResource.Meta):
        model = Participation
        import_id_fields = ("layer_number", "reinsurer")
        fields = ("layer_number", "reinsurer", "written_line", "signed_line", "is_lead")


class TreatyScopeResource(DomainResource):
    """What a treaty covers (OED ReinsScope): filters of a row, rows as alternatives."""

    treaty_reference = references.treaty()
    portfolio = Column(
        "portfolio", "Portfolio", TextWidget(40), synonyms=("Portfolio number",)
    )
    account = Column("account", "Account", TextWidget(40), synonyms=("Account number",))
    policy = Column("policy", "Policy", TextWidget(40), synonyms=("Policy number",))
    location_group = Column("location_group", "Location group", TextWidget(40))
    location = Column(
        "location", "Location", TextWidget(40), synonyms=("Location number",)
    )
    cedant_name = Column("cedant_name", "Cedant name", TextWidget(200))
    producer_name = Column("producer_name", "Producer name", TextWidget(200))
    scope_line_of_business = Column(
        "line_of_business", "Line of business", TextWidget(80), synonyms=("LOB",)
    )
    country_code = Column("country_code", "Country code", TextWidget(20))
    tag = Column("tag", "Tag", TextWidget(80), synonyms=("Reinsurance tag",))
    scope_risk_level = Column("risk_level", "Risk level", RISK_LEVEL)
    scope_ceded_share = Column(
        "ceded_share", "Ceded share", ShareWidget(), synonyms=("Ceded %", "% Ceded")
    )

    class Meta(DomainResource.Meta):
        model = TreatyScope
        import_id_fields = (
            "treaty_reference",
            "portfolio",
            "account",
            "policy",
            "location_group",
            "location",
            "cedant_name",
            "producer_name",
            "scope_line_of_business",
            "country_code",
            "tag",
        )
        fields = (*import_id_fields, "scope_risk_level", "scope_ceded_share")
