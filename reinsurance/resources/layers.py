"""Treaty registers: the layer of the treaty in the same row."""

from decimal import Decimal
from typing import Any

import polars as pl

from reinsurance.choices import RiskLevel
from reinsurance.models import Layer
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.ceded_shares import untold_shares
from reinsurance.resources.charges import ChargesWidget
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.layer_names import name_issues, require_one_layer
from reinsurance.resources.layer_numbers import number_for, with_layer_numbers
from reinsurance.resources.no_limits import says_none
from reinsurance.resources.rules import (
    decimals_of_currency,
    not_negative,
    not_whole,
)
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

_AMOUNTS = (
    "risk_attachment",
    "risk_limit",
    "occurrence_attachment",
    "occurrence_limit",
    "aggregate_attachment",
    "aggregate_limit",
    "deposit_premium",
)
"""Amounts in the currency of the contract, which stands in the same row."""


class LayerResource(DomainResource):
    """A layer of the treaty in the same row."""

    treaty_reference = references.treaty(kind="register")
    layer_number = Column(
        "number",
        "Layer number",
        IntegerWidget(),
        synonyms=("Layer", "Layer No", "Section", "Section No", "CR0007"),
        explanation="Empty: the layer of that name, or the only one there is.",
    )
    layer_name = Column(
        "name",
        "Layer name",
        TextWidget(200),
        explanation="Without this column a layer is called what its row calls the "
        "treaty: layers of one treaty may have names that differ.",
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
        ChargesWidget(100),
        synonyms=("Reinstatement charge", "Reinstatement premium %"),
        explanation="A share of the premium for each, such as 0;0.5;1 or 0;50%;100%.",
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

    rules = (
        *not_negative(*_AMOUNTS),
        *decimals_of_currency(*_AMOUNTS),
        *not_whole("commission", "brokerage", "rate"),
    )
    parent = TreatyResource
    parent_column = "treaty_reference"

    class Meta(DomainResource.Meta):
        model = Layer
        import_id_fields = ("treaty_reference", "layer_number")

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The layer of each row that does not tell its number, and of its name."""
        is_named = "layer_name" in frame.columns
        told = self.is_told(frame)
        if is_named:
            told |= pl.col("layer_name").fill_null("") != ""
        told_by = context.conventions
        rows, unclear = with_layer_numbers(frame, told, conventions=told_by)
        named = name_issues(rows, is_named=is_named, conventions=told_by)
        untold = untold_shares(rows, conventions=told_by)
        return rows, pl.concat([unclear, named, untold])

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The layer's name in files that have but one column of names."""
        if "layer_name" in frame.columns or "treaty_name" not in frame.columns:
            return frame
        return frame.with_columns(layer_name=pl.col("treaty_name"))

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """The layer that the row means and its name, row by row.

        Raises CellError where it is not clear which layer is meant.
        """
        super().before_import_row(row, **kwargs)
        is_named = "Layer name" in row
        if not is_named and "Treaty name" in row:
            row["Layer name"] = row["Treaty name"]
        treaty = self.fields["treaty_reference"].clean(row)
        if not row.get("Layer number"):
            row["Layer number"] = str(number_for(treaty, row, is_named=is_named))
        number = self.fields["layer_number"].clean(row)
        require_one_layer(treaty, number, row, is_named=is_named)

    @classmethod
    def is_told(cls, frame: pl.DataFrame) -> pl.Expr:
        """Whether a row says anything of a layer, beyond that it is the first."""
        untold = {"treaty_reference", "layer_number", "layer_name"}
        names = [n for n in (*cls.columns(), "reinsurer") if n in frame.columns]
        told = [
            pl.col(n).is_not_null()
            & (pl.col(n) != "" if frame.schema[n] == pl.String else pl.lit(value=True))
            for n in names
            if n not in untold
        ]
        told += [says_none(frame, n) for n in names]
        return pl.any_horizontal(
            pl.lit(value=False),
            (pl.col("layer_number") != 1).fill_null(value=False),
            *told,
        )
