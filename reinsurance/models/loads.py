"""What came into the books together, and by which rows: the roots of all lineage."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from reinsurance.models.treaties import Treaty


class Load(models.Model):  # type: ignore[django-manager-missing]
    """A file that was loaded, or a change that a person made.

    A record stands as long as the load that it stands by is not undone: so nothing of
    a load has to be touched to undo it.  *Later* means a higher ``number``: that of the
    ingestion, in the order of receipt; a person's change takes the next number, and
    comes after all that was received by then.
    """

    cedant_paths = ()

    number = models.BigIntegerField(
        help_text="Number of the ingestion, or one among theirs."
    )
    first_number = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Number of the file that its rows were in at first, where they went "
        "on as a file of their own.",
    )
    record_type = models.CharField(max_length=20)
    sender = models.BigIntegerField(
        null=True, blank=True, help_text="Key of the source that sent the file."
    )
    is_correction = models.BooleanField(default=False)
    held_out = models.JSONField(
        default=list,
        blank=True,
        help_text="What rows held out speak of: contract, reference and end of the "
        "row's period (null: any); a correction does not lack it then.",
    )
    told = models.JSONField(
        null=True,
        blank=True,
        help_text="Amounts that its statements tell; null: perhaps any.",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who made the change by hand.",
    )
    reason = models.CharField(max_length=400, blank=True)
    loaded_at = models.DateTimeField(db_default=Now(), db_index=True)
    undone_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        default_permissions = ()
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                condition=models.Q(user__isnull=True),
                name="load_once_per_file",
            )
        ]

    def __str__(self) -> str:
        return f"Load of number {self.number}"


class LoadPeriod(models.Model):
    """A contract and period that a loaded file has rows for."""

    cedant_paths = ("treaty__cedant",)

    load = models.ForeignKey(Load, models.CASCADE, related_name="periods")
    treaty = models.ForeignKey(Treaty, models.CASCADE, related_name="+")
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    leaves_out = models.BooleanField(
        default=True,
        help_text="No: a correction's rows that go on for a contract that the file "
        "which they were in speaks for; what it lacks is left out by that file.",
    )

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["treaty", "period_end"], name="load_period_treaty")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["load", "treaty", "period_end"],
                nulls_distinct=False,
                name="load_period_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.treaty} to {self.period_end}"


class LineageRange(models.Model):
    """Rows of a file and records, both numbered without a gap.

    ``created``: the rows made the records.  ``repeated``: the rows told again, word for
    word, what these records say already; at an undo they are handed on to the load
    that repeated them.

    No range reaches over a multiple of :data:`BLOCK`: so the ranges that hold a record
    are near its key in the index, however many there are.
    """

    BLOCK = 32

    cedant_paths = ()

    load = models.ForeignKey(Load, models.CASCADE, related_name="ranges")
    model = models.CharField(max_length=20)
    action = models.CharField(
        max_length=8, choices=[("created", "Created"), ("repeated", "Repeated")]
    )
    first_row = models.PositiveIntegerField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["model", "last_id", "first_id"], name="lineage_range_records"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_id__gte=models.F("first_id")),
                name="lineage_range_in_order",
            ),
            models.CheckConstraint(
                condition=models.Q(last_id__lte=models.F("first_id").bitor(31)),
                name="lineage_range_in_block",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.first_id} to {self.last_id}"


class Deletion(models.Model):
    """A record that is not in the books any more: told to those who follow changes."""

    cedant_paths = ("cedant",)

    model = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    reference = models.CharField(max_length=200, blank=True)
    cedant = models.ForeignKey(
        "reinsurance.Party", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    deleted_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        indexes = [models.Index(fields=["deleted_at", "id"], name="deletion_at")]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}"


class EditStatus(models.TextChoices):
    """Where a change by hand stands; most are applied as they are made."""

    APPLIED = "applied", "Applied"
    PROPOSED = "proposed", "Waits for a second person"
    REFUSED = "refused", "Refused"


class Edit(models.Model):
    """What a person changed in a record: before, after, who, when and why.

    ``before`` and ``after`` have the changed columns alone, each value as text.  Terms
    of a contract with money on it are *proposed* first: another person applies or
    refuses them, and only then is the record changed.
    """

    cedant_paths = ("cedant",)

    model = models.CharField(max_length=20)
    object_id = models.BigIntegerField(
        null=True, help_text="Empty: a record that is proposed and not made yet."
    )
    reference = models.CharField(
        max_length=200, blank=True, help_text="What the record was called then."
    )
    cedant = models.ForeignKey(
        "reinsurance.Party", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    treaty = models.ForeignKey(
        Treaty,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The contract whose terms these are.",
    )
    action = models.CharField(
        max_length=8,
        choices=[("added", "Added"), ("changed", "Changed"), ("deleted", "Deleted")],
    )
    status = models.CharField(
        max_length=8, choices=EditStatus, default=EditStatus.APPLIED
    )
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The second person, who applied or refused what was proposed.",
    )
    reason = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField(
        db_default=Now(),
        help_text="When the record was changed; while it is not: when it was proposed.",
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-id"]
        verbose_name = "change by hand"
        verbose_name_plural = "changes by hand"
        indexes = [
            models.Index(fields=["model", "object_id"], name="edit_of_record"),
            models.Index(
                fields=["treaty"],
                name="edit_proposed",
                condition=models.Q(status="proposed"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=EditStatus.values),
                name="edit_status_known",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True)
                | ~models.Q(confirmed_by=models.F("user")),
                name="edit_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.reference or self.object_id} {self.action}"
