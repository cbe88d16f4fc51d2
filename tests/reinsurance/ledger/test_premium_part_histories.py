"""All short histories of one premium whose section is told, left out and told again.

Each policy is a history of its own, so that a few files play them all.
"""

from itertools import product

import pytest

from importers.pipeline.undo import undo
from reinsurance.models import PremiumEntry, Treaty
from tests.importers.pipeline.tables import Table, rejected_rows, run
from tests.reinsurance.ledger.premium_files import JANUARY, PREMIUMS, USUAL

pytestmark = pytest.mark.django_db

Told = dict[str, int]
"""Gross premium by section, as one file tells them; an empty section is not told."""
TOLD: tuple[Told, ...] = (
    {},
    {"": 1},
    {"": 2},
    {"1": 1},
    {"1": 2},
    {"2": 1},
    {"1": 1, "2": 1},
)
LENGTH = 3
HISTORIES = [
    (*told, TOLD[(number * 3 + number // 7) % len(TOLD)])
    for number, told in enumerate(product(TOLD, repeat=LENGTH))
]


def standing(files: list[Told]) -> tuple[Told, set[str]]:
    """What stands after the files, and sections of the last that are held out.

    A row means the one that fits; where it fits several, or fills in one that another
    row of its file fills in as well, somebody has to say which.
    """
    found: Told = {}
    unclear: set[str] = set()
    for told in files:
        fits = {
            section: [section]
            if section in found
            else [s for s in found if not s or not section]
            for section in told
        }
        filled = [s for s, its in fits.items() if its == [""] and s]
        unclear = {s for s, its in fits.items() if len(its) > 1}
        unclear |= set(filled) if len(filled) > 1 else set()
        for section in told.keys() - unclear:
            (its,) = fits[section] or [section]
            found.pop(its, None)
            found[section or its] = told[section]
    return found, unclear


def test_each_section_counts_once() -> None:
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")
    numbers = []
    for length in range(1, LENGTH + 2):
        rows = [
            (f"P{policy}", section, gross)
            for policy, files in enumerate(HISTORIES)
            for section, gross in files[length - 1].items()
        ]
        header = (*USUAL, "Section", "Gross premium paid this time")
        cells = [
            [*{**USUAL, "Policy No": policy}.values(), section, str(gross)]
            for policy, section, gross in rows
        ]
        examined, _, number = run(
            Table(header, cells, chunk=300), PREMIUMS, period_end=JANUARY
        )
        numbers.append(number.pk)
        compare(length)
        held_out = {
            (f"P{policy}", section)
            for policy, files in enumerate(HISTORIES)
            for section in standing(list(files[:length]))[1]
        }
        rejected = rejected_rows(examined)
        assert {r[:2] for n, r in enumerate(rows, 2) if n in rejected} == held_out
    for length in (LENGTH, LENGTH - 1):
        undo(PREMIUMS, ingestion=numbers[length])
        compare(length)


def compare(length: int) -> None:
    """The books are what the first files of each policy come to."""
    rows = PremiumEntry.objects.values_list(
        "policy_reference", "section", "gross_premium"
    )
    wanted = [
        (f"P{policy}", section, gross)
        for policy, files in enumerate(HISTORIES)
        for section, gross in standing(list(files[:length]))[0].items()
    ]
    books = sorted((policy, section, int(gross)) for policy, section, gross in rows)
    off = set(books) ^ set(wanted)
    assert books == sorted(wanted), sorted(off)[:9]
