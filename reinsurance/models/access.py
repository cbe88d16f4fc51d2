"""Which cedants' records a user is limited to."""

from django.conf import settings
from django.db import models

from reinsurance.models.parties import Party


class CedantLimit(models.Model):
    """A cedant whose records a user may see; a user without any sees all."""

    cedant_paths = ("cedant",)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="cedant_limits"
    )
    cedant = models.ForeignKey(Party, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["user", "cedant"]
        constraints = [
            models.UniqueConstraint(fields=["user", "cedant"], name="cedant_limit_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} sees {self.cedant}"
