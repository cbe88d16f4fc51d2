"""A trigger: entries of the audit log are neither changed nor deleted."""

from django.db import migrations

from backoffice.audit.entries import keeping


class Migration(migrations.Migration):

    dependencies = [
        ("backoffice", "0002_stamping"),
    ]

    operations = [keeping()]
