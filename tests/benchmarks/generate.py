"""Made-up claims bordereaux of any length: 20 columns, as a coverholder sends them."""

import csv
import datetime
import random
from collections.abc import Iterator
from pathlib import Path

HEADER = (
    "UMR",
    "Claim Reference / Number",
    "Policy or Group Ref",
    "Certificate Ref",
    "Insured Full Name",
    "Cause of loss",
    "Loss description",
    "Country of loss",
    "Date of Loss (From)",
    "Date First Advised",
    "Risk Inception Date",
    "Risk Expiry Date",
    "Claim Status",
    "Original Currency",
    "Paid to date, indemnity",
    "Paid to date, fees",
    "Reserve - Indemnity",
    "Reserve - Fees",
    "Total incurred",
    "Reporting Period (End Date)",
)
TREATIES = 50
CAUSES = ("Fire", "Escape of water", "Storm", "Theft", "Impact", "Flood")
STATUSES = ("Open", "Open", "Open", "Closed", "Re-opened")
CURRENCIES = ("GBP", "USD", "EUR")
COUNTRIES = ("GB", "US", "France", "DE", "Italy")
FIRST = datetime.date(2026, 1, 1)


def rows(count: int, seed: int = 7, *, half: bool = False) -> Iterator[list[str]]:
    """``count`` rows for the header; every claim reference once.

    ``half``: every second claim has been paid one more.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    days = [(FIRST + datetime.timedelta(days=n)).isoformat() for n in range(365)]
    for number in range(1, count + 1):
        loss = chance.randrange(300)
        amounts = [chance.randrange(5_000_000) / 100 for _ in range(2)]
        fees = [chance.randrange(100_000) / 100 for _ in range(2)]
        amounts[0] += half and number % 2
        total = round(sum(amounts) + sum(fees), 2)
        yield [
            f"BENCH{number % TREATIES:03d}",
            f"CLM{number:09d}",
            f"POL{chance.randrange(300_000):07d}",
            f"{chance.randrange(9_999_999):08d}",
            f"Insured {chance.randrange(500_000)} Ltd",
            CAUSES[number % 6],
            f"Damage reported by the occupier, item {number % 977}",
            COUNTRIES[number % 5],
            days[loss],
            days[min(loss + chance.randrange(60), 364)],
            days[0],
            days[364],
            STATUSES[number % 5],
            CURRENCIES[number % 3],
            f"{amounts[0]:.2f}",
            f"{fees[0]:.2f}",
            f"{amounts[1]:.2f}",
            f"{fees[1]:.2f}",
            f"{total:.2f}",
            "2026-12-31",
        ]


def bad_rows(count: int) -> Iterator[list[str]]:
    """``count`` rows for the header, each with a day and an amount that are none."""
    day, amount = HEADER.index("Date of Loss (From)"), HEADER.index("Reserve - Fees")
    for number, row in enumerate(rows(count)):
        row[day] = "31/02/2026"
        row[amount] = f"about {number}"
        yield row


def write_csv(path: Path, count: int, *, half: bool = False, bad: bool = False) -> Path:
    """A bordereau of ``count`` rows at ``path``, unless it is there already."""
    if not path.exists():
        partial = path.with_suffix(".part")
        with partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(HEADER)
            writer.writerows(bad_rows(count) if bad else rows(count, half=half))
        partial.rename(path)
    return path
