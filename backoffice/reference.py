"""Reference data that every installation has: fixtures/reference/*.json."""

from collections import defaultdict
from pathlib import Path

from django.conf import settings
from django.core import serializers
from django.db import models, transaction

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
