"""An ingestion and its story: issues found, events, and what each row changed."""

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper

from importers.models.choices import choices_of
from importers.models.leased import Leased
from importers.models.sources import Mapping, Policy, Source
from importers.values import OPEN, Declared, Severity, Status


class Ingestion(Leased):
    """One file (or fetched data set) on its way into the books.

    ::

        received ──► checking ──► needs mapping ──► checking
                        │ ├─► rejected ──► received   (mapping confirmed)
                        │ └─► ready ──► approved ──► loading ──► loaded ──► undoing
                        └─► failed ◄────────────────────┘          undoing ──► undone
        received | needs mapping | ready ──► cancelled;   failed ──► (retry)
        checking | loading ──► received | approved        (worker lost, queued anew)

    Each move is one conditional UPDATE and one :class:`Event`
    (``services/states.py``).  Row counts always add up: what was read was created,
    updated, left unchanged or rejected.  While a worker has the ingestion, ``lease``
    names it and ``heartbeat_at`` is fresh; who finds it stale may take it over.
    """

    cedant_paths = ("source__party",)

    status = models.CharField(
        max_length=14, choices=choices_of(Status), default=Status.RECEIVED.value
    )
    record_type = models.CharField(max_length=20)
    source = models.ForeignKey(Source, models.PROTECT, related_name="ingestions")
    mapping = models.ForeignKey(
        Mapping, models.SET_NULL, null=True, blank=True, related_name="ingestions"
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        help_text="The file whose rows held out this one goes on with.",
    )
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    policy = models.CharField(max_length=14, choices=Policy, default=Policy.GOOD_ROWS)
    declared = models.CharField(
        max_length=10,
        choices=choices_of(Declared),
        blank=True,
        help_text="What a second file of one contract and period is.",
    )
    needs_declaration = models.BooleanField(
        default=False,
        help_text="Waits until somebody says: additional, or a correction.",
    )
    contracts = models.JSONField(
        default=dict,
        blank=True,
        help_text="What a clerk answered: which contract rows are about.",
    )
    door = models.CharField(max_length=20, help_text="How it came in.")
    loads_itself = models.BooleanField(
        default=False, help_text="Needs no approval when no row is held out."
    )

    file_name = models.CharField(max_length=255)
    file_size = models.BigIntegerField()
    sha256 = models.CharField("fingerprint (SHA-256)", max_length=64, db_index=True)
    original = models.CharField(max_length=200, help_text="Storage key of the file.")
    sheet = models.CharField(max_length=120, blank=True)
    staged = models.CharField(
        max_length=200, blank=True, help_text="Storage folder of the staged rows."
    )
    staged_parts = models.PositiveIntegerField(default=0)
    rejected = models.CharField(max_length=200, blank=True)

    table = models.JSONField(default=dict, blank=True)
    matches = models.JSONField(default=dict, blank=True)
    totals = models.JSONField(default=dict, blank=True)
    issue_counts = models.JSONField(default=dict, blank=True)
    preview = models.JSONField(default=list, blank=True)
    effect = models.CharField(
        "fingerprint of what loading does", max_length=64, blank=True
    )
    approved_effect = models.CharField(max_length=64, blank=True)
    effect_parts = models.JSONField(
        default=dict, blank=True, help_text="What loading does: counts, sums, warnings."
    )
    seconds = models.JSONField(default=dict, blank=True)
    message = models.TextField(blank=True)

    rows_read = models.PositiveIntegerField(default=0)
    rows_created = models.PositiveIntegerField(default=0)
    rows_updated = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)

    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ingestions_submitted",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="ingestions_approved",
    )
    only_cedants = models.JSONField(
        null=True,
        blank=True,
        help_text="Keys of the cedants that who handed it in was limited to.",
    )
    received_at = models.DateTimeField(db_default=Now())
    checked_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    loaded_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(
        null=True, blank=True, help_text="When the rows in detail were cleared."
    )

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("submit_ingestion", "Can submit files and confirm mappings"),
            ("approve_ingestion", "Can approve and reject ingestions"),
            ("undo_ingestion", "Can undo a loaded ingestion"),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="ingestion_status"),
            models.Index(fields=["record_type", "-id"], name="ingestion_type"),
            models.Index(fields=["-received_at"], name="ingestion_received"),
            models.Index(
                fields=["received_at"],
                name="ingestion_not_cleared",
                condition=Q(cleared_at__isnull=True),
            ),
            models.Index(
                fields=["loaded_at"],
                name="ingestion_loaded",
                condition=Q(loaded_at__isnull=False),
            ),
            # What was loaded so far is summed from the index alone.
            models.Index(
                fields=["record_type"],
                include=[
                    "rows_read",
                    "rows_created",
                    "rows_updated",
                    "rows_unchanged",
                    "rows_rejected",
                ],
                condition=Q(status=Status.LOADED.value),
                name="ingestion_rows_loaded",
            ),
            models.Index(
                OpClass(Upper("file_name"), "text_pattern_ops"),
                name="ingestion_file_name_start",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    rows_read=F("rows_created")
                    + F("rows_updated")
                    + F("rows_unchanged")
                    + F("rows_rejected")
                ),
                name="ingestion_every_row_accounted_for",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in Status]),
                name="ingestion_status_known",
            ),
            models.UniqueConstraint(
                fields=["sha256", "record_type", "source", "sheet"],
                condition=Q(status__in=[status.value for status in OPEN]),
                name="ingestion_one_open_per_file",
            ),
        ]

    def __str__(self) -> str:
        return f"Ingestion {self.pk}: {self.file_name}"


class Issue(models.Model):
    """Something wrong with a row, said so that a clerk can mend it."""

    cedant_paths = ("ingestion__source__party",)

    ingestion = models.ForeignKey(
        Ingestion, models.CASCADE, related_name="issues", db_index=False
    )
    row = models.PositiveIntegerField(help_text="Row number in the file; 0: the file.")
    column = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=40)
    severity = models.CharField(max_length=8, choices=choices_of(Severity))
    message = models.CharField(max_length=400)

    class Meta:
        ordering = ["row", "id"]
        indexes = [
            models.Index(fields=["ingestion", "row"], name="issue_ingestion_row"),
            models.Index(fields=["ingestion", "code"], name="issue_ingestion_code"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(severity__in=[severity.value for severity in Severity]),
                name="issue_severity_known",
            )
        ]

    def __str__(self) -> str:
        return f"Row {self.row}: {self.message}"


class Event(models.Model):
    """A line of the ingestion log: who did what, when and why; never changed."""

    cedant_paths = ("ingestion__source__party",)

    ingestion = models.ForeignKey(Ingestion, models.CASCADE, related_name="events")
    at = models.DateTimeField(db_default=Now())
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    status = models.CharField("status after", max_length=14)
    message = models.TextField()
    details = models.TextField(blank=True, help_text="For whoever mends the program.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.message


class RowChange(models.Model):
    """Lineage: which source row created or changed which record, and from what."""

    cedant_paths = ("ingestion__source__party",)

    ingestion = models.ForeignKey(
        Ingestion, models.PROTECT, related_name="changes", db_index=False
    )
    row = models.PositiveIntegerField()
    model = models.CharField(max_length=20)
    object_id = models.BigIntegerField(db_index=True)
    action = models.CharField(
        max_length=9,
        choices=[
            ("created", "Created"),
            ("updated", "Updated"),
            ("deleted", "Deleted"),
            ("repeated", "Repeated"),
        ],
    )
    confirmed = models.JSONField(
        null=True,
        blank=True,
        help_text="Columns that the row told as they were already.",
    )
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["ingestion", "row"], name="change_by_row")]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id} {self.action} by row {self.row}"
