"""Tasks of the benchmark of scale."""

import time

from django.conf import settings


def nothing(number: int) -> None:
    """Write down when this task began, and nothing else."""
    with (settings.VAR_DIR / "begun").open("a") as begun:
        begun.write(f"{number} {time.time():.6f}\n")
