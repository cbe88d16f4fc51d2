"""Where dlt writes: the benchmark's own database."""

from typing import Any

import dlt
from django.db import connection


def destination() -> Any:
    """dlt's PostgreSQL destination for Django's database."""
    settings = connection.settings_dict
    user = settings["USER"]
    host, name = settings["HOST"], settings["NAME"]
    port = settings["PORT"] or 5432
    return dlt.destinations.postgres(
        f"postgresql://{user}:trusted@localhost:{port}/{name}?host={host}"
    )
