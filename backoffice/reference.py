"""What every installation has: fixtures/reference, records and feeds."""

from collections import defaultdict
from pathlib import Path

from django.conf import settings
from django.core import serializers
from django.db import models, transaction

from importers.services import feed_files

REFERENCE = Path("fixtures") / "reference"


@transaction.atomic
def load_reference() -> int:
    """Add what is missing and leave the rest as it was edited; how many were added."""
    added = 0
    for path in sorted((settings.BASE_DIR / REFERENCE).glob("*.json")):
        records: dict[type[models.Model], list[models.Model]] = defaultdict(list)
        for record in serializers.deserialize("json", path.read_text("utf-8")):
            records[type(record.object)].append(record.object)
        for model, objects in records.items():
            manager = model._default_manager
            before = manager.count()
            manager.bulk_create(objects, ignore_conflicts=True)
            added += manager.count() - before
    return added


def load_feeds() -> list[str]:
    """Add shipped services that are missing, switched off; the codes of their feeds."""
    path = settings.BASE_DIR / REFERENCE / "feeds.yaml"
    made = feed_files.apply(path.read_text("utf-8"), environment={}, only_missing=True)
    return [outcome.code for outcome in made if outcome.kind == "feed"]
