"""Triggers: what the home page tells of stamps its topic; the beat of a lease does not."""

from django.db import migrations

from reinsurance.models.stamps import first_stamp, stamping

INGESTION = (
    "status",
    "source_id",
    "submitted_by_id",
    "rows_created",
    "rows_updated",
    "rows_unchanged",
    "rows_rejected",
    "loaded_at",
)


class Migration(migrations.Migration):

    dependencies = [
        ("importers", "0001_initial"),
        ("reinsurance", "0002_stamping"),
    ]

    operations = [
        first_stamp("home"),
        stamping("importers_ingestion", "home", INGESTION),
        stamping("importers_sync", "home", ("status",)),
        stamping("importers_feed", "home", ("paused_at", "is_active", "source_id")),
        stamping("importers_source", "home", ("name", "party_id")),
    ]
