"""Inboxes: places that partners put files into, and what became of each file."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from importers.models.choices import choices_of, is_one_of
from importers.models.ingestions import Ingestion
from importers.models.secrets import SecretField
from importers.models.sources import Mapping, Source
from importers.values import ArrivalStatus, InboxKind

DAY = 24 * 60


class Inbox(models.Model):
    """A folder, bucket or SFTP server that is looked into at its times.

    ``path`` is a folder below INBOX_ROOT, a prefix in the bucket, or a folder of the
    SFTP server.  Secrets are encrypted and never shown: ``secret`` is a password or
    the secret access key.  ``next_look_at``, ``problem`` and what follows it belong to
    the machine; an inbox whose fault will not pass by itself is paused.
    """

    cedant_paths = ("source__party",)

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField("active", default=True)
    source = models.ForeignKey(Source, models.PROTECT, related_name="inboxes")
    record_type = models.CharField("kind of record", max_length=20)
    mapping = models.ForeignKey(
        Mapping, models.SET_NULL, null=True, blank=True, related_name="inboxes"
    )
    sheet = models.CharField(max_length=120, blank=True)
    loads_itself = models.BooleanField(
        "load without approval",
        default=False,
        help_text="When no row is held out. Not for records that carry money.",
    )
    pattern = models.CharField(
        "files",
        max_length=120,
        default="*",
        help_text="Which files are taken: * stands for any text, ? for any letter.",
    )
    every_minutes = models.PositiveIntegerField(
        "looked into every … minutes",
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(DAY)],
    )
    settle_seconds = models.PositiveIntegerField(
        "seconds at rest",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3600)],
        help_text="A file is taken when it has not changed for so long.",
    )

    kind = models.CharField(
        "where", max_length=8, choices=choices_of(InboxKind), default=InboxKind.FOLDER
    )
    path = models.CharField("folder", max_length=400, blank=True)
    bucket = models.CharField(max_length=63, blank=True)
    region = models.CharField(max_length=40, blank=True)
    endpoint_url = models.CharField("address of the store", max_length=300, blank=True)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(
        default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    host_key = models.CharField("fingerprints of the host", max_length=400, blank=True)
    user_name = models.CharField(max_length=128, blank=True)
    secret = SecretField(blank=True)
    private_key = SecretField(blank=True)

    next_look_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_look_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_collected_at = models.DateTimeField(null=True, blank=True, editable=False)
    problem = models.TextField(blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "inboxes"
        permissions = [("run_inbox", "Can look into inboxes, pause and resume them")]
        constraints = [
            models.CheckConstraint(
                condition=is_one_of("kind", InboxKind), name="inbox_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(every_minutes__gte=1), name="inbox_has_pauses"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Arrival(models.Model):
    """A file seen in an inbox, from the first look to the folder it ends in.

    ::

        waiting ──► taken ──► processed | rejected   (what became of the ingestion)
           ├──────► duplicate                        (the same bytes are in already)
           └──────► rejected                         (refused before it was read)

    ``key`` is the file's name there, never a path of ours; ``etag`` tells whether it is
    still the same (of a folder: size and time).  A file of the same name and bytes that
    comes again after the first was put away is another ``turn``.  ``moved_to`` is where
    the file was put; while ``moved_at`` is empty it still lies where it came.
    """

    cedant_paths = ("inbox__source__party",)

    inbox = models.ForeignKey(Inbox, models.CASCADE, related_name="arrivals")
    key = models.CharField("file", max_length=1024)
    etag = models.CharField(max_length=200)
    turn = models.PositiveIntegerField(default=1)
    size = models.BigIntegerField()
    status = models.CharField(
        max_length=10, choices=choices_of(ArrivalStatus), default=ArrivalStatus.WAITING
    )
    ingestion = models.ForeignKey(
        Ingestion, models.SET_NULL, null=True, blank=True, related_name="arrivals"
    )
    message = models.TextField(blank=True)
    seen_at = models.DateTimeField("first seen", db_default=Now())
    taken_at = models.DateTimeField("taken", null=True, blank=True)
    moved_to = models.CharField(max_length=1200, blank=True)
    moved_at = models.DateTimeField("put away", null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["inbox", "-id"], name="arrival_of_inbox"),
            models.Index(
                fields=["inbox", "status"],
                name="arrival_open",
                condition=Q(status__in=["waiting", "taken"]),
            ),
            models.Index(
                fields=["inbox"],
                name="arrival_not_moved",
                condition=Q(moved_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=is_one_of("status", ArrivalStatus),
                name="arrival_status_known",
            ),
            models.UniqueConstraint(
                fields=["inbox", "key", "etag", "turn"], name="arrival_once"
            ),
        ]

    def __str__(self) -> str:
        return "".join(c if c.isprintable() else "�" for c in self.key)
