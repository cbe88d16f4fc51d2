"""The worker process: Django-Q clusters under the watchdog, one for each queue."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from importers import queue, watchdog


class Command(BaseCommand):
    """Run the cluster; SIGTERM or Ctrl-C stops it, finishing work if there is time."""

    help = "Run the background cluster; heal it when one of its processes dies."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--queue",
            choices=queue.QUEUES,
            help="serve this queue alone (default: each that has workers)",
        )
        parser.add_argument("--inner", type=int, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["inner"]:
            watchdog.run_cluster(options["inner"])
        else:
            only = options["queue"]
            watchdog.Watchdog([only] if only else queue.served()).run()
