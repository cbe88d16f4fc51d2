#!/usr/bin/env python
"""Run a management command of the back office."""

import os
import sys

from django.core.management import execute_from_command_line

from backoffice.first_use import prepare


def main() -> None:
    """Choose the settings, see to the tables, and hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    if len(sys.argv) > 1:
        prepare(sys.argv[1])
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
