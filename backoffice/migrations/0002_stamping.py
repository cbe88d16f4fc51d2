"""Triggers: authenticator apps that are set up or taken away stamp the topic of access."""

from django.db import migrations

from reinsurance.models.stamps import stamping


class Migration(migrations.Migration):

    dependencies = [
        ("backoffice", "0001_initial"),
        ("otp_totp", "0003_add_timestamps"),
        ("reinsurance", "0002_stamping"),
    ]

    operations = [stamping("otp_totp_totpdevice", "access", ("confirmed", "user_id"))]
