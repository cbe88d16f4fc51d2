"""``manage.py check --database default``: what only a look at the database tells.

The secrets in it are readable, and its role may have the triggers of foreign keys rest.
"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from importers.services import stored_secrets
from reinsurance.ledger.triggers import may_rest

HINT = (
    "Put the key that they were written with back into FIELD_ENCRYPTION_KEYS, or enter "
    "the secrets anew."
)


@register(Tags.database)
def secrets_are_readable(
    databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """One error for each secret that no key fits; only where a database is named."""
    if "default" not in (databases or ()):
        return []
    tables = set(connections["default"].introspection.table_names())
    needed = {model._meta.db_table for model, _ in stored_secrets.models_with_secrets()}
    if not needed <= tables:
        return []  # before the first migrate
    try:
        unreadable = stored_secrets.unreadable()
    except (ImproperlyConfigured, ValueError) as error:
        return [
            Error(f"Secrets cannot be read: {error}", hint=HINT, id="importers.E001")
        ]
    return [
        Error(f"No key fits: {said}.", hint=HINT, id="importers.E002")
        for said in unreadable
    ]


@register(Tags.database)
def loads_check_keys_as_sets(
    databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """A warning where loads have to check foreign keys row by row: twice as long."""
    if "default" not in (databases or ()) or may_rest():
        return []
    role = connections["default"].settings_dict.get("USER") or "the role"
    return [
        Warning(
            f"{role} may not set session_replication_role, so loads check foreign "
            "keys row by row and take about twice as long.",
            hint="As a superuser: GRANT SET ON PARAMETER session_replication_role "
            f"TO {role}; (PostgreSQL 15 or newer).",
            id="importers.W001",
        )
    ]
