"""The embedded PostgreSQL by hand: start, stop, status, url, destroy."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backoffice.postgres import PostgresError, Server


class Command(BaseCommand):
    """Control the embedded server of this VAR_DIR."""

    help = "Start or stop the embedded PostgreSQL, or say where it is."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "action", choices=["start", "stop", "status", "url", "destroy"]
        )

    def handle(self, *args: Any, **options: Any) -> None:
        server: Server = settings.EMBEDDED_SERVER
        try:
            answer = getattr(self, options["action"])(server)
        except PostgresError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(answer)

    def start(self, server: Server) -> str:
        return "started" if server.start() else "running"

    def stop(self, server: Server) -> str:
        return "stopped" if server.stop() else "not running"

    def status(self, server: Server) -> str:
        return server.state()

    def url(self, server: Server) -> str:
        server.start()
        return server.url()

    def destroy(self, server: Server) -> str:
        server.destroy()
        return "destroyed"
