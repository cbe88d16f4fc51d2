"""Cron lines and minutes in words."""

import pytest

from importers.admin.times import in_words


@pytest.mark.parametrize(
    ("cron", "minutes", "said"),
    [
        ("", 1, "Every minute"),
        ("", 15, "Every 15 minutes"),
        ("", 60, "Every hour"),
        ("", 360, "Every 6 hours"),
        ("", 1440, "Every day"),
        ("", 10080, "Every week"),
        ("", 90, "Every 90 minutes"),
        ("0 6 * * *", None, "Every day at 06:00"),
        ("0 6,18 * * *", None, "Every day at 06:00 and 18:00"),
        ("30 6 * * 1-5", None, "Monday to Friday at 06:30"),
        ("0 6 * * 1", None, "Every Monday at 06:00"),
        ("0 6 * * 0,3", None, "Every Sunday and Wednesday at 06:00"),
        ("0 6 1,15 * *", None, "On day 1 and 15 of each month at 06:00"),
        ("* * * * *", None, "Every minute"),
        ("*/10 * * * *", None, "Every 10 minutes"),
        ("*/10 * * * 1-5", None, "Every 10 minutes, Monday to Friday"),
        ("5 * * * *", None, "Every hour at 5 past"),
        ("5 */4 * * *", None, "Every 4 hours at 5 past"),
        ("0 6 1 1 *", None, "By the cron line “0 6 1 1 *”"),
        ("0 6 1 * 1", None, "By the cron line “0 6 1 * 1”"),
        ("0-5 6 * * *", None, "By the cron line “0-5 6 * * *”"),
        ("0 6 * * mon", None, "By the cron line “0 6 * * mon”"),
    ],
)
def test_times_are_said_as_people_say_them(
    cron: str, minutes: int | None, said: str
) -> None:
    assert in_words(cron, minutes) == said
