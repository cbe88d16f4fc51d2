"""Answers given to requests that carried a key of their own, kept to be repeated."""

from django.db import models
from django.db.models.functions import Now


class Answer(models.Model):
    """The answer to one keyed request of one caller.

    It is written in the transaction of what the request did: both are there, or
    neither is.
    """

    cedant_paths = ()

    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="Of the whole request.")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)
    given_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="answer_once")
        ]

    def __str__(self) -> str:
        return f"Answer {self.status} to {self.caller}"
