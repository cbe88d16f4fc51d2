"""Claims bordereaux (CRS 5.2)."""

from typing import Any

import polars as pl
import tablib
from django.db.models import QuerySet
from django.utils import timezone

from reinsurance.ledger.periods import before_contract, with_periods
from reinsurance.models import Claim
from reinsurance.resources import references
from reinsurance.resources.base import DomainResource
from reinsurance.resources.claim_by_row import Told
from reinsurance.resources.claim_columns import description_columns, period_columns
from reinsurance.resources.claim_exports import claims_table, positions_of
from reinsurance.resources.claim_money import money_columns, with_fee_totals
from reinsurance.resources.claim_rules import CLAIM_RULES
from reinsurance.resources.contracts import locate_contracts
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.further import FURTHER_CLAIMS, further_columns
from reinsurance.resources.positions import STATEMENT_OF
from reinsurance.resources.rules import decimals_of_currency


class ClaimResource(DomainResource):
    """One position of a claim a row: money to date, or of a period, in one currency.

    What the money columns say goes into the ledger; nothing of it is stored on the
    claim.  An empty cell says nothing.
    """

    told: Told

    treaty_reference = references.treaty()
    vars().update(description_columns())
    currency = references.currency(
        None,
        synonyms=(
            "Ccy",
            "Currency code",
            "Original currency",
            "Claim currency",
            "Denomination",
            "CR0020",
            "CR0109",
        ),
        ask=("Settlement Ccy Code",),
        required=True,
    )
    vars().update(money_columns())
    vars().update(period_columns())
    further_cr0006 = references.agreement()
    vars().update(further_columns(FURTHER_CLAIMS))

    related = {
        "treaty_reference": (
            "inception",
            "expiry",
            "basis",
            "currency",
            "loss_notification_threshold",
            "cash_loss_limit",
        ),
        "loss_event": ("date_from", "date_to"),
    }
    rules = (*CLAIM_RULES, *decimals_of_currency(*STATEMENT_OF, "incurred"))

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The contract of each row, and the period that it is for."""
        conventions = context.conventions
        frame, unlocated = locate_contracts(
            frame, conventions=conventions, kind="claims"
        )
        frame, unclear = with_periods(
            frame,
            start=context.period_start,
            end=context.period_end,
            frequency=conventions.frequency,
            is_correction=conventions.is_correction,
        )
        return frame, pl.concat([unlocated, unclear, before_contract(frame)])

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Totals of fees, and the day of the check, which no loss comes after."""
        return with_fee_totals(frame).with_columns(today=pl.lit(timezone.localdate()))

    def export(self, queryset: QuerySet | None = None, **kwargs: Any) -> tablib.Dataset:
        """A row for each position of the claims, as a file tells it to date."""
        claims = self.get_queryset() if queryset is None else queryset
        return claims_table(self.columns(), positions_of(claims))

    class Meta(DomainResource.Meta):
        model = Claim
        import_id_fields = ("treaty_reference", "claim_reference")

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """Set what describes the claim; its status follows from its positions."""
        super().import_instance(instance, row, **kwargs)
        status = self.fields["claim_status"]
        is_told = status.column_name in row
        self.told = Told.of(self.inputs, status.clean(row) if is_told else None)
        self.told.describe(instance)

    def validate_instance(
        self,
        instance: Any,
        import_validation_errors: dict | None = None,
        validate_unique: bool = True,
    ) -> None:
        """Model checks and rules, then those of the money as it will stand."""
        super().validate_instance(instance, import_validation_errors, validate_unique)
        self.told.check(instance)

    def skip_row(self, *args: Any, **kwargs: Any) -> bool:
        """No row is skipped: a claim that stays as it is may have other money."""
        return False

    def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """An open claim shows no date closed."""
        self.told.hide(instance)

    def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        """The position that the row tells of; row by row, amounts to date alone."""
        self.told.save(instance)
