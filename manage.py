#!/usr/bin/env python
"""Run a management command of the back office."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Choose the settings and hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
