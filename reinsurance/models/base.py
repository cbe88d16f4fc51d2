"""What the domain's models have in common: time stamps, money, shares, searches."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Now, Upper


class Record(models.Model):
    """A business record with the database's own time stamps (UTC)."""

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    class Meta:
        abstract = True


class MoneyField(models.DecimalField):
    """An amount in the record's currency: 16 digits before the point, 4 behind it.

    How many of the four a currency has is checked where amounts come in.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 20)
        kwargs.setdefault("decimal_places", 4)
        super().__init__(*args, **kwargs)


def too_fine(record: models.Model, currency: Any) -> list[str]:
    """A sentence for each amount that has more decimals than the currency.

    ``currency``: the record of the currency that the amounts are in; None: not known.
    """
    if currency is None:
        return []
    coin = Decimal(1).scaleb(-currency.minor_units)
    return [
        f"The {field.verbose_name} {value.normalize():f} has more decimals than "
        f"{currency.pk} has. Correct the amount or the currency."
        for field in record._meta.concrete_fields
        if isinstance(field, MoneyField)
        and isinstance(value := getattr(record, field.attname), Decimal)
        and value % coin
    ]


class ShareField(models.DecimalField):
    """A share of the whole as a fraction: 0 to 1, eight decimals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 9)
        kwargs.setdefault("decimal_places", 8)
        super().__init__(*args, **kwargs)


class StandingManager(models.Manager):
    """Records that stand: their load is not undone, and none that stands replaced them.

    The model's ``replaced_field`` names the key to the load that took the record's
    place, or that left it out.
    """

    def get_queryset(self) -> models.QuerySet:
        """Those that count; a record without a load stands by a person's word."""
        gone: str = self.model.replaced_field  # type: ignore[attr-defined]
        is_replaced = {f"{gone}__isnull": False}
        by_undone = {f"{gone}__undone_at__isnull": False}
        return (
            super()
            .get_queryset()
            .filter(
                ~models.Q(**is_replaced) | models.Q(**by_undone),
                load__undone_at__isnull=True,
            )
        )


def load_key(**kwargs: Any) -> models.ForeignKey:
    """A key to the load that a record stands by, or is replaced by."""
    options: dict[str, Any] = {
        "null": True,
        "blank": True,
        "related_name": "+",
        "db_index": False,
        "editable": False,
        **kwargs,
    }
    return models.ForeignKey("reinsurance.Load", models.PROTECT, **options)


def code_key(to: type[models.Model], **kwargs: Any) -> models.ForeignKey:
    """A key to a table of codes; its own index only where a list filters by it."""
    options: dict[str, Any] = {"db_index": False, "related_name": "+", **kwargs}
    return models.ForeignKey(to, models.PROTECT, **options)


ZERO = Decimal("0.00")


def share_between_0_and_1(name: str, *fields: str) -> models.CheckConstraint:
    """Constraint: each of the shares is unknown or between 0 and 1."""
    condition = models.Q()
    for field in fields:
        condition &= models.Q(**{f"{field}__isnull": True}) | models.Q(
            **{f"{field}__gte": 0, f"{field}__lte": 1}
        )
    return models.CheckConstraint(
        condition=condition,
        name=name,
        violation_error_message="A share lies between 0 and 1.",
    )


def not_negative(name: str, *fields: str) -> models.CheckConstraint:
    """Constraint: none of the amounts is below zero."""
    condition = models.Q()
    for field in fields:
        condition &= models.Q(**{f"{field}__isnull": True}) | models.Q(
            **{f"{field}__gte": 0}
        )
    return models.CheckConstraint(
        condition=condition,
        name=name,
        violation_error_message="A limit, attachment or premium is not negative.",
    )


def in_order(name: str, first: str, then: str, message: str) -> models.CheckConstraint:
    """Constraint: ``then`` is not before ``first`` (where both are known)."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{first}__isnull": True})
        | models.Q(**{f"{then}__isnull": True})
        | models.Q(**{f"{then}__gte": models.F(first)}),
        name=name,
        violation_error_message=message,
    )


def prefix_index(field: str, name: str) -> models.Index:
    """Index for "starts with", whatever the database's collation."""
    return models.Index(OpClass(models.F(field), "varchar_pattern_ops"), name=name)


def word_start_index(field: str, name: str) -> models.Index:
    """Index for "starts with", upper and lower case alike."""
    return models.Index(OpClass(Upper(field), "text_pattern_ops"), name=name)
