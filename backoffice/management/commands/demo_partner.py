"""``manage.py demo_partner``: a partner's web service on this machine, to try out."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from backoffice.demo_feed import declare
from backoffice.demo_partner import CLIENT_ID, server


class Command(BaseCommand):
    """Serve the sample claims until Ctrl-C."""

    help = "Serve fixtures/samples/partner_claims.json: OAuth2, pages, a rate limit."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("--port", type=int, default=8090)
        parser.add_argument(
            "--declare", action="store_true", help="make its service and feed, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; with ``--declare`` the back office knows where."""
        claims = settings.BASE_DIR / "fixtures" / "samples" / "partner_claims.json"
        with server(options["port"], claims) as partner:
            address = f"http://127.0.0.1:{partner.server_port}"
            if options["declare"]:
                declare(address)
                connection.close()
            self.stdout.write(f"Partner at {address}, client {CLIENT_ID}.")
            self.stdout.flush()
            try:
                partner.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("Stopped.")
