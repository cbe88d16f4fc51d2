"""What describes a claim: each value is the one told for the latest period.

A statement has a bit for each field that its row told (``told``).  What it told is what
the claim says now, unless ``values`` says otherwise: whenever a claim's value changes,
the statements that told the old one are given it.
"""

from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import models

from reinsurance.models import Claim

FIELDS = (
    "policy_reference",
    "certificate_reference",
    "insured_name",
    "loss_event",
    "cause",
    "description",
    "country",
    "date_of_loss",
    "date_of_loss_to",
    "date_notified",
    "date_opened",
    "date_closed",
    "policy_inception",
    "policy_expiry",
)
"""Descriptive fields of a claim, named as the columns, in the order of their bits."""

PARTS = ("section", "risk_code")
"""What tells the positions of a claim apart beside the currency; it has bits, too: a
part that no live statement tells any more is not told."""
_BITS = (*FIELDS, *PARTS)


def model_field(name: str) -> models.Field:
    """The claim's field of that name."""
    field: models.Field = Claim._meta.get_field(name)  # type: ignore[assignment]
    return field


def table_column(name: str) -> str:
    """The claims table's column of a descriptive field."""
    return str(model_field(name).column)


def is_told(name: str) -> pl.Expr:
    """Whether a row tells the field: an empty cell tells nothing."""
    if name in PARTS or isinstance(model_field(name), models.CharField):
        return pl.col(name).fill_null("") != ""
    return pl.col(name).is_not_null()


def bit_of(name: str) -> int:
    """The bit of a field or key part in a statement's ``told``."""
    return 1 << _BITS.index(name)


def told_bits(names: Iterable[str]) -> pl.Expr:
    """The bits of the fields that a row tells."""
    bits = pl.lit(0, dtype=pl.Int64)
    for name in names:
        bit = bit_of(name)
        bits = bits + pl.when(is_told(name)).then(bit).otherwise(0)
    return bits.alias("told")


def has_bit(name: str) -> pl.Expr:
    """Whether a statement's ``told`` has the bit of the field."""
    return (pl.col("told") // bit_of(name)) % 2 == 1


def empty(name: str) -> Any:
    """What a claim has in a field that nobody told."""
    return "" if isinstance(model_field(name), models.CharField) else None
