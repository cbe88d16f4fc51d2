"""Triggers: changes of access and reference data stamp topics, those of claims a time."""

from django.conf import settings
from django.db import migrations

from reinsurance.models.claim_changes import noting_changes
from reinsurance.models.stamps import first_stamp, stamping, stamping_function

# What a user may do: flags of users (not the time of the last sign-in), what is given
# to whom, and limits to cedants.
FLAGS = ("is_active", "is_staff", "is_superuser")
ACCESS = (
    "auth_group",
    "auth_permission",
    "auth_group_permissions",
    "auth_user_groups",
    "auth_user_user_permissions",
    "reinsurance_cedantlimit",
)
REFERENCE = (
    "reinsurance_currency",
    "reinsurance_country",
    "reinsurance_lineofbusiness",
    "reinsurance_claimstatus",
)


class Migration(migrations.Migration):

    dependencies = [
        ("reinsurance", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        stamping_function(),
        first_stamp("access"),
        first_stamp("reference"),
        stamping("auth_user", "access", FLAGS),
        *(stamping(table, "access") for table in ACCESS),
        *(stamping(table, "reference") for table in REFERENCE),
        *noting_changes(),
    ]
