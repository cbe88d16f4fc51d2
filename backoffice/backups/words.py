"""Sizes, ages and durations as people say them."""

from datetime import datetime

from django.utils import timezone

_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def size(count: int) -> str:
    """``12.3 MB``; thousands, as storage is sold."""
    amount, unit = float(count), 0
    while amount >= 999.5 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    digits = 1 if unit else 0
    return f"{amount:.{digits}f} {_UNITS[unit]}"


def age(at: datetime) -> str:
    """``5 hours ago``, in the largest unit that fits."""
    seconds = (timezone.now() - at).total_seconds()
    for length, unit in _AGES:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
