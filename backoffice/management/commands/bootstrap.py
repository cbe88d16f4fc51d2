"""Bring a database up to date: tables, reference data, roles, demo users."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backoffice.demo_users import (
    DEMO_CLIENTS,
    DEMO_USERS,
    create_demo_clients,
    create_demo_users,
)
from backoffice.migrating import alone, migrate
from backoffice.reference import load_feeds, load_reference
from backoffice.roles import load_roles
from importers.services import schedules
from reinsurance.ledger.triggers import may_rest

SLOW_LOADS = (
    "The database role may not set session_replication_role: loads check foreign keys "
    "row by row. See “manage.py check --database default”."
)


class Command(BaseCommand):
    """Everything a new or upgraded database needs; run again it changes nothing."""

    help = "Migrate, load reference data and roles; demo users without DATABASE_URL."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action=argparse.BooleanOptionalAction,
            default=settings.IS_LOCAL,
            help="create users with published passwords (default: only locally)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Of several machines at once the first does it, the others find it done."""
        with alone():
            self._bring_up_to_date(with_demo=options["demo"])

    def _bring_up_to_date(self, *, with_demo: bool) -> None:
        migrate()
        added = load_reference()
        load_roles()
        self.stdout.write(f"Database is up to date ({added} reference records added).")
        if feeds := load_feeds():
            self.stdout.write(f"Feeds added, to be switched on: {', '.join(feeds)}.")
        if kept := schedules.keep_house():
            self.stdout.write(f"Scheduled: {', '.join(kept)}.")
        if not may_rest():
            self.stdout.write(SLOW_LOADS)
        if with_demo:
            create_demo_users()
            create_demo_clients()
            self.stdout.write("Demo users (for demonstrations only):")
            for demo in DEMO_USERS:
                duty = demo.role.duty if demo.role else "may do everything"
                self.stdout.write(f"  {demo.username:8} {demo.password:18} {duty}")
            self.stdout.write("Clients of the API (for demonstrations only):")
            for client in DEMO_CLIENTS:
                may = ", ".join(client.scopes)
                self.stdout.write(f"  {client.client_id:13} {client.secret:18} {may}")
