"""What is remembered of backups and of the drills that prove them.

The backups themselves, and what is in them, are told by their storage alone: it is
there when this database is not.
"""

from django.db import models


class Backup(models.Model):
    """A backup that was made, or tried; ``problem`` says why there is none."""

    key = models.CharField("name", max_length=60, unique=True)
    at = models.DateTimeField("made", db_index=True)
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    sha256 = models.CharField("fingerprint (SHA-256)", max_length=64, blank=True)
    tables = models.JSONField(default=dict, blank=True)
    seconds = models.FloatField("took", default=0)
    server = models.PositiveSmallIntegerField("PostgreSQL", default=0)
    verified_at = models.DateTimeField("proved", null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-at"]
        default_permissions = ("view",)
        permissions = [("make_backup", "Can make backups")]

    def __str__(self) -> str:
        return self.key


class Drill(models.Model):
    """A backup restored into a database of its own and compared with its manifest.

    ``seconds`` is the whole drill, ``restore_seconds`` what a restore takes: fetching,
    restoring and comparing.
    """

    key = models.CharField("backup", max_length=60, blank=True)
    at = models.DateTimeField("begun", db_index=True)
    seconds = models.FloatField("took", default=0)
    restore_seconds = models.FloatField("restoring took", default=0)
    rows = models.PositiveBigIntegerField(default=0)
    files = models.PositiveBigIntegerField("files found", default=0)
    notes = models.JSONField(default=list, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-at"]
        default_permissions = ("view",)
        verbose_name = "restore drill"

    def __str__(self) -> str:
        return f"Drill of {self.key}"
