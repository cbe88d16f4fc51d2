"""Histories of premium files drawn at random, played on the books and on an oracle."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import strategies as st

from importers import record_types
from importers.models import Ingestion, Source
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.models import PremiumEntry, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, ingestion_of, rejected_rows, run
from tests.reinsurance.ledger.histories import (
    CONTRACTS,
    YEAR,
    month_end,
    moves_of,
    told_by_files,
)

PREMIUMS = record_types.get("premiums")
HEADER = (
    *("Treaty reference", "Policy reference", "Section", "Effective date", "Currency"),
    *("Reporting period end", "Gross premium", "Sum insured", "Insured"),
)
Key = tuple[str, str, str, int]
"""Contract, policy, section and month: what is told again for them is replaced."""


@dataclass(frozen=True)
class Entry:
    """A premium as a row tells it; an empty text tells nothing."""

    key: Key
    gross: int
    sum_insured: str = ""
    insured: str = ""

    def cells(self) -> list[str]:
        """The row as a file has it."""
        contract, policy, section, month = self.key
        beside = [contract, policy, section, f"{YEAR}-01-01", "GBP"]
        told = [str(self.gross), self.sum_insured, self.insured]
        return [*beside, str(month_end(month)), *told]


@dataclass
class File:
    """A file by its receipt; ``held``: contract, policy and month of rows held out."""

    sent: list[Entry]
    is_correction: bool = False
    stands: bool = False
    rows: list[Entry] = field(default_factory=list)
    held: frozenset[tuple[str, str, int | None]] = frozenset()
    sender: int = 0


Amounts = tuple[Decimal, Decimal | None, str]
Standing = dict[Key, list[Amounts]]


def standing(files: list[File]) -> Standing:
    """The entries that stand, and what they amount to.

    The last told of each key and month, but for what a correction received later that
    speaks for its contract and month lacks: it leaves out what its sender told.  An
    empty cell leaves what was known; rows that add up have none.
    """
    words: dict[Key, list[tuple[int, list[Entry]]]] = {}
    for file in files:
        if not file.stands:
            continue
        told: dict[Key, list[Entry]] = {}
        for entry in file.rows:
            told.setdefault(entry.key, []).append(entry)
        spoken = {(key[0], key[3]) for key in told if file.is_correction}
        for key in words.keys() - told.keys():
            if (key[0], key[3]) in spoken and (*key[:2], key[3]) not in file.held:
                words[key] = [word for word in words[key] if word[0] != file.sender]
        for key, entries in told.items():
            words.setdefault(key, []).append((file.sender, entries))
    return {
        key: sorted(
            [_amounts([entry]) for entry in last]
            if len(last := [entries for _, entries in told][-1]) > 1
            else [_amounts([entry for _, entries in told for entry in entries])]
        )
        for key, told in words.items()
        if told
    }


def _amounts(told: list[Entry]) -> Amounts:
    sums = [Decimal(entry.sum_insured) for entry in told if entry.sum_insured]
    names = [entry.insured for entry in told if entry.insured]
    return Decimal(told[-1].gross), [None, *sums][-1], ["", *names][-1]


@dataclass(frozen=True)
class History:
    """Files in the order of receipt; what is done with them: index and action."""

    files: list[tuple[list[Entry], bool]]
    moves: list[tuple[int, str]]
    senders: list[int] = field(default_factory=list)
    adds: bool = False

    def __repr__(self) -> str:
        lines = [f"{n}: {file}" for n, file in enumerate(self.files)]
        return "\n".join([*lines, str(self.senders), str(self.moves)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("as noted")


@st.composite
def entries(draw: st.DrawFn, contract: str) -> list[Entry]:
    """The rows of a file for a contract; now and then two of one key and month."""
    keys = draw(
        st.lists(
            st.tuples(
                st.just(contract),
                st.sampled_from(("P1", "P1", "P2")),
                st.sampled_from(("1", "2")),
                st.integers(1, 2),
            ),
            max_size=4,
            unique=draw(st.integers(0, 9)) > 0,
        )
    )
    sum_insured, insured = (
        st.sampled_from(("", "1", "2")),
        st.sampled_from(("", "Acme", "Bolt")),
    )
    return [
        Entry(key, draw(st.integers(1, 3)) * 100, draw(sum_insured), draw(insured))
        for key in keys
    ]


@st.composite
def entries_that_add(draw: st.DrawFn, contract: str) -> list[Entry]:
    """The rows of a file for a contract, without empty cells; several may add up."""
    whole = {"sum_insured": st.sampled_from(("1", "2")), "insured": st.just("Acme")}
    told = draw(entries(contract))
    more = [entry for entry in told if draw(st.integers(0, 2)) == 2]
    return [
        replace(entry, **{n: draw(cell) for n, cell in whole.items()})
        for entry in [*told, *more]
    ]


@st.composite
def histories(
    draw: st.DrawFn, contracts: int = CONTRACTS, *, adds: bool = False
) -> History:
    """Files of several contracts, in any order, sent twice, corrected, undone.

    Of one sender or two; ``adds``: of senders whose rows add up.
    """
    rows_of = entries_that_add if adds else entries
    told = draw(told_by_files(contracts, lambda n: rows_of(f"T{n}")))
    files = [(rows, draw(st.integers(0, 3)) == 3) for rows in told]
    senders = [draw(st.integers(0, 3)) // 3 for _ in files]
    return History(files, draw(moves_of(len(files))), senders, adds)


def compare(files: list[File]) -> None:
    """The entries of the books are those of the oracle, each once."""
    rows = PremiumEntry.objects.values_list(
        "treaty__reference", "policy_reference", "section", "period_end__month",
        "gross_premium", "sum_insured", "insured_name",
    )  # fmt: skip
    found: dict[Any, list[Any]] = {}
    for contract, policy, section, month, *told in rows:
        key = (contract, policy, section, month)
        found.setdefault(key, []).append(tuple(told))
    wanted = standing(files)
    off = {
        key: {"books": found.get(key), "oracle": wanted.get(key)}
        for key in found.keys() | wanted.keys()
        if sorted(found.get(key, [])) != wanted.get(key)
    }
    assert not off, off


def play(
    history: History,
    *,
    compare: Callable[[list[File]], None] = compare,
    premium_lists: str = "period",
) -> Counter[str]:
    """Play a history on books that are empty again afterwards; rows by action.

    ``premium_lists``: what files of the sender list; after each move the books are held
    against the oracle (``compare``).
    """
    done: Counter[str] = Counter()
    with transaction.atomic():
        Treaty.objects.bulk_create(
            Treaty(reference=f"T{n}", treaty_type="QS", currency_id="GBP")
            for n in range(CONTRACTS)
        )
        sources = [source_of(None), Source.objects.create(code="other", name="Other")]
        Source.objects.update(premium_lists=premium_lists)
        files = [File(sent, is_correction) for sent, is_correction in history.files]
        for file, sender in zip(files, history.senders, strict=False):
            file.sender = sender
        numbers = [ingestion_of(PREMIUMS, sources[file.sender]) for file in files]
        for n, action in history.moves:
            files[n].stands = action == "load"
            if action == "undo":
                undo(PREMIUMS, ingestion=numbers[n].pk)
            else:
                told = Conventions(
                    is_correction=files[n].is_correction,
                    premium_lists=premium_lists,
                    equal_rows_add=history.adds,
                )
                done.update(_load(files[n], numbers[n], told, as_settled=n % 2 == 0))
            compare(files)
        transaction.set_rollback(True)
    return done


def _load(
    file: File, number: Ingestion, conventions: Conventions, *, as_settled: bool
) -> Counter[str]:
    table = Table(HEADER, [entry.cells() for entry in file.sent], chunk=60)
    examined, loaded, _ = run(
        table,
        PREMIUMS,
        conventions=conventions,
        ingestion=number,
        as_settled=as_settled,
    )
    rejected = rejected_rows(examined)
    errors = examined.issues.filter(severity="error")["code"].to_list()
    assert set(errors) <= {"conflicting_rows", "duplicate_row"}, errors
    file.rows = [e for n, e in enumerate(file.sent, start=2) if n not in rejected]
    names = dict(Treaty.objects.values_list("pk", "reference"))
    held = examined.staged.effect.named()
    file.held = frozenset(
        (names[treaty], policy, end and end.month) for treaty, policy, end in held
    )
    return loaded
