"""Where dlt writes: the benchmark's own database."""

from typing import Any
from urllib.parse import quote

import dlt
from django.db import connection
from dlt.destinations.impl.postgres.configuration import PostgresCredentials


def destination() -> Any:
    """dlt's PostgreSQL destination for Django's database."""
    known = connection.get_connection_params()
    credentials = PostgresCredentials()
    credentials.database = known["dbname"]
    credentials.username = known.get("user") or "postgres"
    credentials.password = known.get("password") or "trusted"
    credentials.host = quote(known.get("host") or "localhost", safe="")
    credentials.port = int(known.get("port") or 5432)
    return dlt.destinations.postgres(credentials)
