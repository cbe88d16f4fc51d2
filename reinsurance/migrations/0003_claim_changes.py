"""Triggers: changes of claims are noted beside them."""

from django.db import migrations

from reinsurance.models.claim_changes import noting_changes


class Migration(migrations.Migration):

    dependencies = [("reinsurance", "0002_stamping")]

    operations = noting_changes()
