"""A database engine that starts the embedded server when it is found down.

Only the first connection of a machine, or the first after the server was killed,
pays for a start; every other one is a plain connect.
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from django.db.utils import OperationalError as DjangoOperationalError
from psycopg2 import OperationalError

from backoffice.postgres import Server


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL over the Unix socket of our own server."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, starting the server first when nobody answers."""
        server: Server = settings.EMBEDDED_SERVER
        if not server.looks_started():
            server.start()
        try:
            return super().get_new_connection(conn_params)
        except (OperationalError, DjangoOperationalError):
            if server.state() == "running":
                raise  # it answers: the error is about something else
        server.start()
        return super().get_new_connection(conn_params)
