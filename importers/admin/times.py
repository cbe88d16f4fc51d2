"""When a schedule runs, in words: cron lines are for machines."""

import re

DAYS = (
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    "Sunday",
)  # fmt: skip
_EVERY = re.compile(r"\*/([1-9]\d?)")
UNITS = ((60 * 24 * 7, "week"), (60 * 24, "day"), (60, "hour"), (1, "minute"))


def in_words(cron: str, minutes: int | None) -> str:
    """The times as a sentence without its full stop: “Every day at 06:00”.

    Cron lines that no short sentence tells are shown as they are.
    """
    if not cron:
        return _interval(minutes or 1)
    return _cron(cron.split()) or f"By the cron line “{cron}”"


def _interval(minutes: int) -> str:
    for size, unit in UNITS:
        if minutes % size == 0:
            count = minutes // size
            return f"Every {unit}" if count == 1 else f"Every {count} {unit}s"
    return ""


def _cron(parts: list[str]) -> str:
    """What a line of five parts says; empty where that would be long."""
    if len(parts) != 5 or parts[3] != "*":
        return ""
    minute, hour, day, _, weekday = parts
    on = _days(day, weekday)
    if not on:
        return ""
    every = _EVERY.fullmatch("*/1" if minute == "*" else minute)
    if every and hour == "*":
        often = _interval(int(every[1]))
        return often if on == "every day" else f"{often}, {on}"
    if not minute.isdecimal():
        return ""
    if hour == "*":
        often = f"Every hour at {int(minute)} past"
        return often if on == "every day" else f"{often}, {on}"
    if (every := _EVERY.fullmatch(hour)) and on == "every day":
        return f"Every {every[1]} hours at {int(minute)} past"
    hours = hour.split(",")
    if not all(text.isdecimal() for text in hours):
        return ""
    at = _joined([f"{int(text):02}:{int(minute):02}" for text in hours])
    return f"{on[0].upper()}{on[1:]} at {at}"


def _days(day: str, weekday: str) -> str:
    """Which days; empty where that would be long."""
    if day == weekday == "*":
        return "every day"
    if weekday == "*":
        days = day.split(",")
        if not all(text.isdecimal() for text in days):
            return ""
        return f"on day {_joined(days)} of each month"
    if day != "*":
        return ""
    if re.fullmatch(r"[0-7]-[0-7]", weekday):
        return f"{DAYS[int(weekday[0])]} to {DAYS[int(weekday[2])]}"
    days = weekday.split(",")
    if not all(re.fullmatch("[0-7]", text) for text in days):
        return ""
    return f"every {_joined([DAYS[int(text)] for text in days])}"


def _joined(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} and {words[-1]}"
