"""``manage.py rotate_secrets``: every secret under the newest key."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand

from importers.services import stored_secrets


class Command(BaseCommand):
    """Run after a new key was put first; then the old one may be taken away."""

    help = (
        "Encrypt all secrets anew with the first of FIELD_ENCRYPTION_KEYS: 0 done, "
        "1 some cannot be read, 2 no good key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate; ends with the exit code that the help text names."""
        try:
            done = stored_secrets.rotate()
        except (ImproperlyConfigured, ValueError) as error:
            self.stderr.write(str(error))
            raise SystemExit(2) from error
        plural = "" if done.count == 1 else "s"
        self.stdout.write(f"{done.count} secret{plural} encrypted with the first key.")
        for said in done.unreadable:
            self.stderr.write(f"No key fits: {said}. It was left as it is.")
        if done.unreadable:
            raise SystemExit(1)
