"""Reference data: codes that outside standards define, and dated exchange rates."""

from django.core.exceptions import ValidationError
from django.db import models

from reinsurance.models.base import Record, code_key


class Currency(models.Model):
    """A currency of ISO 4217; its alphabetic code is the key."""

    cedant_paths = ()

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=80)
    numeric_code = models.CharField(max_length=3)
    minor_units = models.PositiveSmallIntegerField(
        default=2, help_text="Digits after the point that the currency has."
    )

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "currencies"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Z]{3}$"), name="currency_code_form"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Country(models.Model):
    """A country of ISO 3166-1; its two-letter code is the key."""

    cedant_paths = ()

    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=80)
    alpha3 = models.CharField("three-letter code", max_length=3)
    numeric_code = models.CharField(max_length=3)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "countries"

    def __str__(self) -> str:
        return self.name


class LineOfBusiness(models.Model):
    """A class of business by which treaties and premiums are grouped."""

    cedant_paths = ()

    code = models.CharField(max_length=30, primary_key=True)
    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "lines of business"

    def __str__(self) -> str:
        return self.name


class ClaimStatus(models.Model):
    """A claim's status of the Coverholder Reporting Standards 5.2 (CR0105)."""

    cedant_paths = ()

    code = models.CharField(max_length=30, primary_key=True)
    name = models.CharField(max_length=80, unique=True)
    is_open = models.BooleanField(help_text="Whether more may be paid or reserved.")
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "name"]
        verbose_name_plural = "claim statuses"

    def __str__(self) -> str:
        return self.name


class ExchangeRate(Record):
    """What one unit of the base currency was worth in the quote currency on a day."""

    cedant_paths = ()

    base = code_key(Currency, verbose_name="base currency")
    quote = code_key(Currency, verbose_name="quote currency")
    date = models.DateField()
    rate = models.DecimalField(max_digits=20, decimal_places=10)

    class Meta:
        ordering = ["-date", "base", "quote"]
        indexes = [
            models.Index(fields=["date", "id"], name="exchange_rate_date"),
            models.Index(fields=["updated_at", "id"], name="exchange_rate_updated"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["base", "quote", "date"], name="exchange_rate_once_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0),
                name="exchange_rate_positive",
                violation_error_message="An exchange rate is above zero.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base_id}/{self.quote_id} {self.date}"

    def clean(self) -> None:
        """The rate of a currency to itself is 1; ValidationError where it is not."""
        is_same = self.base_id is not None and self.base_id == self.quote_id
        if is_same and self.rate is not None and self.rate != 1:
            raise ValidationError(
                {"rate": f"The rate of {self.base_id} to itself is 1."},
                code="rate_of_same_currency",
            )
