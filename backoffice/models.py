"""Who may sign in besides people with a password: clients, and invited people."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from oauth2_provider.models import AbstractApplication

from backoffice.audit.entries import AuditEntry
from backoffice.backups.models import Backup, Drill
from reinsurance.models import Party

__all__ = ["AuditEntry", "Backup", "Client", "Drill", "Invitation"]

THIS_MACHINE = ("localhost", "127.0.0.1")


class Client(AbstractApplication):
    """An outside system, or an app that people sign in to, known to OAuth2.

    A system acts as its service account (``user``); an app acts as whoever signed in.
    Either sees no more than ``cedants`` (none: no limit) and than its user sees.
    """

    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="Without it the client gets no token, and those it has are refused.",
    )
    scopes = ArrayField(
        models.CharField(max_length=20),
        verbose_name="may",
        help_text="The most that it can ask for.",
    )
    cedants = models.ManyToManyField(
        Party,
        blank=True,
        related_name="+",
        verbose_name="may see only the records of",
        help_text="Leave empty for no limit beside that of its user.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.client_id

    @property
    def is_system(self) -> bool:
        """Whether nobody signs in to it: it acts by itself, as its service account."""
        return bool(self.authorization_grant_type == self.GRANT_CLIENT_CREDENTIALS)

    def is_usable(self, request: object) -> bool:
        """Whether it gets tokens, and those it has are good."""
        return self.is_active

    def clean(self) -> None:
        """Check addresses and service account.

        Raises ValidationError.
        """
        super().clean()
        for address in self.redirect_uris.split():
            parts = urlsplit(address)
            if parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
                message = f"{address} must begin with https://."
                raise ValidationError({"redirect_uris": message})
        if not self.is_system:
            return
        if self.redirect_uris.strip():
            message = "Only an app has addresses to return to."
            raise ValidationError({"redirect_uris": message})
        if self.client_type != self.CLIENT_CONFIDENTIAL:
            message = "An outside system has to keep its secret."
            raise ValidationError({"client_type": message})
        if wrong := self.wrong_account():
            raise ValidationError({"user": wrong})

    def wrong_account(self) -> str:
        """Why the service account will not do; empty when it will."""
        if self.user is None:
            return "Say which service account the system acts as."
        if self.user.is_superuser or self.user.is_staff:
            return (
                "A service account must not be able to sign in to the back office. "
                "Choose another, or have its access taken away first."
            )
        return "" if self.user.is_active else "This account is switched off."


class Invitation(models.Model):
    """A person who may choose a password by a mailed link and has not done so yet."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    invited_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-invited_at"]

    def __str__(self) -> str:
        return f"Invitation of {self.user}"
