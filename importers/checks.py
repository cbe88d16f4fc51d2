"""``manage.py check --database default``: the secrets in the database are readable."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from importers.services import stored_secrets

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
