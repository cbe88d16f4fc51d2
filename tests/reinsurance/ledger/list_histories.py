"""Histories of premium lists of the year to date, played on the books and an oracle.

A list tells of each contract what the year has up to a month; the files as such, their
order of receipt and what is done with them are those of :mod:`premium_histories`.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

from importers.management.premium_entries import entries_then
from reinsurance.models import PremiumEntry
from tests.reinsurance.ledger import premium_histories
from tests.reinsurance.ledger.histories import (
    CONTRACTS,
    MONTHS,
    month_end,
    moves_of,
    told_by_files,
)
from tests.reinsurance.ledger.premium_histories import Entry, File, History

Key = tuple[str, str, str]
"""Contract, policy and section: what is told again for them in the year is replaced."""
Standing = dict[Key, tuple[int, int, str, str]]
"""Month of the list, gross premium, sum insured and insured of each."""


def standing(files: list[File], month: int) -> Standing:
    """The entries that stand at the end of a month, and what they amount to.

    Lists count in the order of their months, and in a month in that of receipt.  A
    correction leaves out what lists before it have of its contract and it lacks for
    whatever month; an empty cell leaves what was known.
    """
    found: Standing = {}
    lists = [
        (entry.key[3], number, entry.key[0])
        for number, file in enumerate(files)
        for entry in file.rows
        if file.stands and entry.key[3] <= month
    ]
    for end, number, contract in sorted(set(lists)):
        file = files[number]
        told = {e.key[:3]: e for e in file.rows if e.key[::3] == (contract, end)}
        if file.is_correction:
            own = {entry.key[:3] for entry in file.rows}
            for key in [k for k in found.keys() - own if k[0] == contract]:
                if key[:2] not in {name[:2] for name in file.held}:
                    del found[key]
        for key, entry in told.items():
            *_, sum_insured, insured = found.get(key, (0, 0, "", ""))
            found[key] = (
                end,
                entry.gross,
                entry.sum_insured or sum_insured,
                entry.insured or insured,
            )
    return found


@st.composite
def entries(draw: st.DrawFn, contract: str) -> list[Entry]:
    """The list of a contract to a month, or two; now and then has a premium twice."""
    month = st.integers(1, MONTHS)
    months = draw(st.lists(month, min_size=1, max_size=1 + draw(st.booleans())))
    keys = draw(
        st.lists(
            st.tuples(
                st.just(contract),
                st.sampled_from(("P1", "P1", "P2")),
                st.sampled_from(("1", "2")),
                st.sampled_from(months),
            ),
            max_size=4,
            unique=draw(st.integers(0, 9)) > 0,
        )
    )
    sum_insured = st.sampled_from(("", "1", "2"))
    insured = st.sampled_from(("", "Acme", "Bolt"))
    return [
        Entry(key, draw(st.integers(1, 3)) * 100, draw(sum_insured), draw(insured))
        for key in keys
    ]


@st.composite
def histories(draw: st.DrawFn, contracts: int = CONTRACTS) -> History:
    """Lists of several contracts, in any order, sent twice, corrected, undone."""
    told = draw(told_by_files(contracts, lambda n: entries(f"T{n}"), at_least=3))
    files = [(rows, draw(st.booleans())) for rows in told]
    return History(files, draw(moves_of(len(files))))


def compare(files: list[File]) -> None:
    """The entries of the books are those of the oracle, now and at each month's end."""
    columns = (
        *("treaty__reference", "policy_reference", "section", "period_end"),
        *("gross_premium", "sum_insured", "insured_name"),
    )
    _same(PremiumEntry.objects.values_list(*columns), standing(files, MONTHS))
    for month in range(1, MONTHS + 1):
        then = entries_then(PremiumEntry.all_objects.all(), None, month_end(month))
        names = ("treaty", *columns[1:])
        rows = [tuple(entry[name] for name in names) for entry in then]
        _same(rows, standing(files, month))


def _same(rows: Iterable[tuple[Any, ...]], wanted: Standing) -> None:
    found: dict[Any, list[Any]] = {}
    for contract, policy, section, end, *told in rows:
        gross, sum_insured, insured = told
        line = (end.month, int(gross), int(sum_insured or 0), insured)
        found.setdefault((contract, policy, section), []).append(line)
    of_oracle = {
        key: (month, gross, int(sum_insured or 0), insured)
        for key, (month, gross, sum_insured, insured) in wanted.items()
    }
    off = {
        key: {"books": found.get(key), "oracle": of_oracle.get(key)}
        for key in found.keys() | of_oracle.keys()
        if found.get(key) != [of_oracle.get(key)]
    }
    assert not off, off


def play(history: History) -> Counter[str]:
    """Play a history on books that are empty again afterwards; rows by action."""
    return premium_histories.play(history, compare=compare, premium_lists="year")
