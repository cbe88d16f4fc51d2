"""Who sends files, how their loads are treated, and how their headers are read."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Now

from importers.values import OPEN
from reinsurance.choices import AmountsAre
from reinsurance.models import Load, Party


class Policy(models.TextChoices):
    """What happens with the good rows of a file that has bad ones."""

    GOOD_ROWS = "good rows", "Load the good rows, hold the others out"
    ALL_OR_NOTHING = "all or nothing", "Load the whole file or nothing of it"


class DateOrder(models.TextChoices):
    """How 03/04/2026 is meant."""

    DAY_FIRST = "DMY", "Day first: 03/04/2026 is 3 April"
    MONTH_FIRST = "MDY", "Month first: 03/04/2026 is 4 March"


class DecimalMark(models.TextChoices):
    """How 1.234 is meant."""

    POINT = ".", "Point: 1,234.56"
    COMMA = ",", "Comma: 1.234,56"


class Frequency(models.TextChoices):
    """How long the periods are that a sender reports."""

    MONTH = "month", "A month"
    QUARTER = "quarter", "A quarter"
    YEAR = "year", "A year"


class ReturnSign(models.TextChoices):
    """How a sender signs return premiums and cancellations."""

    BY_TYPE = "", "Not told: returns are negative, others are asked"
    NEGATIVE = "negative", "Negative"
    POSITIVE = "positive", "Positive: the type says that they are returns"


class PremiumLists(models.TextChoices):
    """What a sender's premium bordereau lists."""

    PERIOD = "period", "The transactions of the period"
    YEAR_TO_DATE = "year", "All transactions of the year to date"


class Foreign(models.TextChoices):
    """What happens with rows about contracts that are not the sender's."""

    BREACH = "breach", "A manager has to look at them"
    HOLD_OUT = "hold out", "They are held out"


class Source(models.Model):
    """A sender of files: a cedant, broker, coverholder, a system or the house itself.

    What is said here about its files is told by people, never guessed from them.
    """

    cedant_paths = ("party",)

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    party = models.ForeignKey(
        Party, models.PROTECT, null=True, blank=True, related_name="sources"
    )
    policy = models.CharField(
        "partial loads", max_length=14, choices=Policy, default=Policy.GOOD_ROWS
    )
    date_order = models.CharField(
        max_length=3, choices=DateOrder, default=DateOrder.DAY_FIRST
    )
    decimal_mark = models.CharField(
        max_length=1, choices=DecimalMark, default=DecimalMark.POINT
    )
    is_house = models.BooleanField(
        "our own",
        default=False,
        help_text="Files of our own house may be about any contract.",
    )
    frequency = models.CharField(
        "period", max_length=7, choices=Frequency, default=Frequency.MONTH
    )
    return_sign = models.CharField(
        "returns are written",
        max_length=8,
        choices=ReturnSign,
        default=ReturnSign.BY_TYPE,
        blank=True,
    )
    blank_is_zero = models.BooleanField(
        "an empty amount is nil",
        default=False,
        help_text="Otherwise an empty cell says nothing, and what is known stays.",
    )
    several_currencies = models.BooleanField(
        "a claim may come in several currencies", default=False
    )
    equal_rows_add = models.BooleanField(
        "equal rows add up",
        default=False,
        help_text="Rows of a file about the same claim and period, or the same "
        "premium, add up, whether they are equal or not. Otherwise the second of two "
        "equal rows is held out, and of two that differ both are.",
    )
    premium_lists = models.CharField(
        "premium bordereaux list",
        max_length=6,
        choices=PremiumLists,
        default=PremiumLists.PERIOD,
        help_text="Stays as it is while premium files of the sender are in the books "
        "or on their way.",
    )
    premium_amounts_are = models.CharField(
        "premium amounts are", max_length=5, choices=AmountsAre, blank=True
    )
    other_contracts = models.CharField(
        "rows about contracts of others",
        max_length=8,
        choices=Foreign,
        default=Foreign.BREACH,
    )
    incurred_factor = models.DecimalField(
        "large change of incurred",
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="A claim whose incurred amount grows or shrinks by more than this "
        "factor from one period to the next is a breach. Empty: not looked at.",
    )
    is_active = models.BooleanField("active", default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(policy__in=Policy.values), name="source_policy_known"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises ValidationError where what its premium lists are cannot be changed.

        The row is locked meanwhile: no file comes in under the one and counts by the
        other.
        """
        fields = kwargs.get("update_fields")
        if self.pk is None or (fields is not None and "premium_lists" not in fields):
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            Source.objects.select_for_update().filter(pk=self.pk).first()
            self.clean()
            super().save(*args, **kwargs)

    def clean(self) -> None:
        """Raises ValidationError where what its premium lists are cannot be changed."""
        if said := self.why_lists_stay():
            raise ValidationError({"premium_lists": said})

    def why_lists_stay(self) -> str:
        """Why *premium bordereaux list* cannot be what it is set to; empty: it can.

        Which entries of a list replace those before, and what stood at an earlier
        period, is worked out anew from all that stands, by this setting.
        """
        known = Source.objects.filter(pk=self.pk).exclude(
            premium_lists=self.premium_lists
        )
        if self.pk is None or not known.exists():
            return ""
        loads = Load.objects.filter(
            sender=self.pk, record_type="premiums", undone_at=None
        )
        open_ = self.ingestions.filter(record_type="premiums", status__in=OPEN)
        found = [
            (loads.values_list("number", flat=True), "in the books", "Undo"),
            (open_.values_list("pk", flat=True), "on their way", "Load or cancel"),
        ]
        for numbers, where, do in found:
            told = list(numbers.order_by("-pk")[:4])
            if told:
                which = ", ".join(map(str, reversed(told[:3])))
                more = " and others" if len(told) > 3 else ""
                return (
                    f"Premium files of {self.name} are {where}: number {which}{more}. "
                    "What they list is as it was set when they came in. "
                    f"{do} them first, or make another source for the sender's new "
                    "way of reporting."
                )
        return ""


class Mapping(models.Model):
    """Which header means which field, as confirmed once for a sender.

    ``columns`` maps a normalised header to ``{"field": name or "", "percent": bool}``
    (an empty field: the column is ignored on purpose); ``constants`` maps a field
    to the text that every row has for it.  A mapping without a source is shipped
    with the product and offered to every sender.
    """

    cedant_paths = ("source__party",)
    shared_when: ClassVar = {"source__isnull": True}

    source = models.ForeignKey(
        Source, models.CASCADE, null=True, blank=True, related_name="mappings"
    )
    record_type = models.CharField(max_length=20, db_index=True)
    name = models.CharField(max_length=120)
    columns = models.JSONField(default=dict)
    constants = models.JSONField(default=dict, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    confirmed_at = models.DateTimeField(auto_now=True, db_default=Now(), db_index=True)

    class Meta:
        ordering = ["source", "record_type", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "record_type", "name"],
                nulls_distinct=False,
                name="mapping_once",
            )
        ]

    def __str__(self) -> str:
        return self.name
