"""What the audit log is made of: entries that are added and never changed."""

from django.db import migrations, models
from django.db.models.functions import Now

PRUNING = "backoffice.audit_pruning"
"""The setting of a transaction that may take old entries away."""


class Kind(models.TextChoices):
    """What happened."""

    SIGNED_IN = "signed in", "signed in"
    SIGNED_OUT = "signed out", "signed out"
    FAILED = "sign-in failed", "sign-in failed"
    LOCKED_OUT = "locked out", "locked out"
    FACTOR_SET = "second factor set", "second factor set up"
    FACTOR_REMOVED = "second factor removed", "second factor taken away"
    PASSWORD = "password changed", "password changed"  # noqa: S105 # a kind
    TOKEN_ISSUED = "token issued", "token issued"  # noqa: S105 # a kind
    TOKEN_REVOKED = "token revoked", "token revoked"  # noqa: S105 # a kind
    ADDED = "added", "added"
    CHANGED = "changed", "changed"
    DELETED = "deleted", "deleted"
    SECRET = "secret renewed", "secret renewed"  # noqa: S105 # a kind
    LOOKED = "looked at", "looked at"
    LISTED = "listed", "listed"
    TOOK = "took away", "took away as a file"


LOOKS = (Kind.LOOKED, Kind.LISTED, Kind.TOOK)
"""Views of personal data."""


class Door(models.TextChoices):
    """How whoever did it had come in."""

    SESSION = "session", "pages"
    CLIENT = "client", "client of the API"
    TOKEN = "token", "login token"
    NONE = "", "not signed in"
    SYSTEM = "system", "the system"


class AuditEntry(models.Model):
    """Somebody did something that is to be known later; no values of records.

    People and records are named by key and text, not by reference: an entry outlives
    them.  The database refuses to change an entry, and to take it away but for the
    pruning of old ones.
    """

    at = models.DateTimeField("when", db_default=Now(), editable=False)
    kind = models.CharField("what", max_length=30, choices=Kind)
    person = models.BigIntegerField("number of the user", null=True)
    name = models.CharField("who", max_length=255, blank=True)
    door = models.CharField("came in by", max_length=10, choices=Door, blank=True)
    client = models.CharField("client", max_length=255, blank=True)
    address = models.GenericIPAddressField("from", null=True)
    agent = models.CharField("browser or program", max_length=200, blank=True)
    page = models.CharField("at", max_length=100, blank=True)
    record_type = models.CharField("kind of record", max_length=60, blank=True)
    record = models.CharField("number", max_length=60, blank=True)
    called = models.CharField("record", max_length=200, blank=True)
    rows = models.PositiveIntegerField("rows", null=True)
    query = models.CharField("asked for", max_length=1000, blank=True)
    details = models.JSONField("details", default=dict, blank=True)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("read_auditentry", "Can see who looked at which records")]
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["kind", "-id"], name="audit_kind"),
            models.Index(fields=["name", "-id"], name="audit_name"),
            models.Index(fields=["record_type", "record", "-id"], name="audit_record"),
        ]

    def __str__(self) -> str:
        return f"{self.name or 'Somebody'}: {self.get_kind_display()}"


def keeping() -> migrations.RunSQL:
    """The operation that has the database refuse to change or lose entries."""
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION backoffice_keep_audit() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('{PRUNING}', true) = 'on' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION 'An entry of the audit log is neither changed nor deleted.'
                USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER keep_audit BEFORE UPDATE OR DELETE ON backoffice_auditentry
        FOR EACH ROW EXECUTE FUNCTION backoffice_keep_audit();
        """,
        """
        DROP TRIGGER keep_audit ON backoffice_auditentry;
        DROP FUNCTION backoffice_keep_audit();
        """,
    )
