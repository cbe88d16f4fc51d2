"""The rules for dates of a file's claims, for a claim that a person enters."""

import polars as pl
from django.utils import timezone

from reinsurance.ledger.date_rules import warnings_of_dates
from reinsurance.ledger.descriptions import FIELDS, model_field
from reinsurance.models import Claim
from reinsurance.resources.base import dtype_of
from reinsurance.resources.claim_rules import CLAIM_RULES

_DATES = [n for n in FIELDS if dtype_of(model_field(n)) == pl.Date]
_TREATY = "treaty_reference__"


def issues_of_dates(claim: Claim) -> list[str]:
    """What a file with the claim's dates would be held out or warned for, in words."""
    treaty = claim.treaty
    values = {
        **{name: getattr(claim, name) for name in _DATES},
        f"{_TREATY}inception": treaty.inception,
        f"{_TREATY}expiry": treaty.expiry,
        "today": timezone.localdate(),
    }
    row = pl.DataFrame([values], schema=dict.fromkeys(values, pl.Date)).with_columns(
        pl.lit(treaty.basis, dtype=pl.String).alias(f"{_TREATY}basis"),
        pl.lit(claim.loss_event_id, dtype=pl.Int64).alias("loss_event"),
    )
    said = [row.filter(rule.broken).select(rule.text()) for rule in CLAIM_RULES]
    return [
        *(text for found in said for text in found.to_series().to_list()),
        *warnings_of_dates(row),
    ]
