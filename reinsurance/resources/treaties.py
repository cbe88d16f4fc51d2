"""Treaty registers: the contract itself."""

from typing import Any

import polars as pl
from django.core.exceptions import ValidationError
from django.utils import timezone

from reinsurance.choices import AttachmentBasis, TreatyType
from reinsurance.models import Treaty
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.cells import tidy
from reinsurance.resources.contract_keys import (
    ID,
    PROBLEM,
    find_treaties,
    with_keys,
)
from reinsurance.resources.contract_owners import foreign_contracts
from reinsurance.resources.conventions import Conventions, FileContext
from reinsurance.resources.currency_changes import amounts_left
from reinsurance.resources.rules import (
    Rule,
    decimals_of_currency,
    not_negative,
    not_whole,
)
from reinsurance.resources.shut_out import shut_out
from reinsurance.resources.treaty_rules import FAR_DATES, terms_changed
from reinsurance.resources.widgets import (
    ChoiceWidget,
    DateWidget,
    IntegerWidget,
    LimitWidget,
    ShareWidget,
    TextWidget,
)

_AMOUNTS = ("premium_income_limit", "loss_notification_threshold", "cash_loss_limit")


def _keys(frame: pl.DataFrame) -> pl.DataFrame:
    """The key of each row; what the file does not tell is null."""
    types = {"treaty_reference": pl.String, "cedant": pl.Int64, "inception": pl.Date}
    return frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in types.items()
    )


class TreatyResource(DomainResource):
    """The contract of a row; a layer and a reinsurer's line may stand beside it."""

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
                "Quota": "QS",
                "Surplus share": "SS",
                "Excess of loss": "XL",
                "XOL": "XL",
                "Non-proportional": "XL",
                "Cat XL": "CXL",
                "Cat XOL": "CXL",
                "CAT": "CXL",
                "Catastrophe": "CXL",
                "Catastrophe XL": "CXL",
                "Catastrophe XOL": "CXL",
                "Cat excess of loss": "CXL",
                "Risk XL": "PR",
                "Risk XOL": "PR",
                "Per risk": "PR",
                "Per risk XL": "PR",
                "Per risk XOL": "PR",
                "Aggregate": "AXL",
                "Aggregate XL": "AXL",
                "Aggregate XOL": "AXL",
                "Aggregate excess": "AXL",
                "Agg XL": "AXL",
                "Stop loss": "SL",
                "Fac": "FAC",
                "Fac oblig": "FACOB",
                "Fac/oblig": "FACOB",
                "Facultative oblig": "FACOB",
                "Binder": "BINDER",
                "Binding authority": "BINDER",
                "Binding authority agreement": "BINDER",
                "Coverholder": "BINDER",
                "Delegated authority": "BINDER",
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
        explanation="Empty: not known; then no date tells which contract is meant.",
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

    treaty_brokerage = Column(
        "brokerage",
        "Treaty brokerage",
        ShareWidget(),
        synonyms=("Brokerage of the treaty", "Treaty brokerage %"),
        explanation="A fraction of the premium, for all layers alike.",
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
        *FAR_DATES,
        *not_negative(*_AMOUNTS),
        *decimals_of_currency(*_AMOUNTS),
        *not_whole("treaty_brokerage"),
    )

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The key of each row's contract, from the row, the books and the sender."""
        keys = _keys(frame)
        missing = [name for name in keys.columns if name not in frame.columns]
        frame = frame.with_columns(keys.select(missing))
        return with_keys(frame, conventions=context.conventions)

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The day of the check, from which dates may be far away."""
        return frame.with_columns(today=pl.lit(timezone.localdate()))

    may_differ = frozenset({"treaty_name"})  # layers have names of their own

    @classmethod
    def find_records(cls, keys: pl.DataFrame, context: FileContext) -> pl.Series | None:
        """The contracts that keys mean, whatever part of them is not told."""
        found: pl.Series = find_treaties(_keys(keys), conventions=context.conventions)[
            ID
        ]
        return found

    def judge(self, compared: pl.DataFrame, context: FileContext) -> pl.DataFrame:
        """Contracts of others, and terms that change under money."""
        return pl.concat(
            [
                foreign_contracts(compared, conventions=context.conventions),
                terms_changed(compared),
                shut_out(compared),
                amounts_left(compared),
            ]
        )

    class Meta(DomainResource.Meta):
        model = Treaty
        import_id_fields = ("treaty_reference", "cedant", "inception")

    def get_instance(self, instance_loader: Any, row: Any) -> Treaty | None:
        """The contract of the books that the row's key means, row by row.

        Raises ValidationError where several fit.
        """
        cells = {name: self.fields[name].clean(row) for name in self.key()}
        keys = pl.DataFrame(
            {
                name: pl.Series([value], dtype=self.fields[name].widget.dtype)
                for name, value in cells.items()
            }
        )
        found = find_treaties(keys, conventions=Conventions()).row(0, named=True)
        if found[PROBLEM]:
            raise ValidationError(found[PROBLEM], code="several_treaties")
        return Treaty.objects.filter(pk=found[ID]).first()

    def import_field(
        self, field: Any, instance: Treaty, row: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Set a value of the row; an untold part of the key stays as it is known."""
        is_key = field in (self.fields[name] for name in self.key())
        if is_key and instance.pk and not tidy(row.get(field.column_name)):
            return
        super().import_field(field, instance, row, *args, **kwargs)
