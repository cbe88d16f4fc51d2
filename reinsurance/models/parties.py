"""Companies the treaties are made with and through."""

from django.db import models

from reinsurance.models.base import (
    Record,
    code_key,
    prefix_index,
    word_start_index,
)
from reinsurance.models.reference import Country
from reinsurance.validators import validate_lei


class Party(Record):
    """A company. Cedant, broker and reinsurer are roles it plays in a treaty."""

    cedant_paths = ("pk",)

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    lei = models.CharField(
        "LEI",
        max_length=20,
        blank=True,
        validators=[validate_lei],
        help_text="Legal entity identifier (ISO 17442): 20 letters and digits.",
    )
    country = code_key(Country, null=True, blank=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "parties"
        indexes = [
            prefix_index("lei", "party_lei_prefix"),
            word_start_index("name", "party_name_start"),
            models.Index(fields=["updated_at", "id"], name="party_updated"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["lei"], condition=~models.Q(lei=""), name="party_lei_once"
            ),
            models.CheckConstraint(
                condition=models.Q(lei="")
                | models.Q(lei__regex=r"^[A-Z0-9]{18}[0-9]{2}$"),
                name="party_lei_form",
                violation_error_message="A LEI has 20 letters and digits.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
