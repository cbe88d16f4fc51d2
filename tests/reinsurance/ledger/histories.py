"""Histories of claims files drawn at random, played on the books and on the oracle.

Some contracts go through one history of files together: nothing of one contract has to
do with another, so that each of them is a history of its own.
"""

import datetime
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import strategies as st

from importers import record_types
from importers.exceptions import CountsTwice, LoadConflict
from importers.models import Ingestion, Source
from importers.pipeline.undo import undo
from importers.services.ingestions import source_of
from reinsurance.ledger.by_hand import tell, withdraw
from reinsurance.ledger.hand_refusals import TellingError
from reinsurance.ledger.only_by_hand import only_by_hand
from reinsurance.ledger.overlaps import CountsTwiceError
from reinsurance.models import ClaimPosition, ClaimStatement, Load, Treaty
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.positions import STATEMENT_OF
from tests.importers.pipeline.tables import Table, ingestion_of, rejected_rows, run
from tests.reinsurance.ledger.comparing import DESCRIBED, compare, compare_as_at
from tests.reinsurance.ledger.foretold import as_foretold
from tests.reinsurance.ledger.reference import File, Ledger, Row, Told

T = TypeVar("T")
CLAIMS = record_types.get("claims")
CONTRACTS = 32
YEAR, MONTHS = 2026, 3
CODES = {"bases_disagree", "conflicting_rows", "duplicate_row", "periods_overlap"}
"""Why rows of such files may be held out."""
OF_SUMS = {"fees_do_not_add_up", "waits_for_row"}
"""And those of rows that add up."""
BASES = {"to_date": "to", "this_period": "this", "previously": "prev"}
BESIDE = ("Treaty reference", "Claim reference", "Section", "Currency")
OTHERS = (
    *("Date of loss", "Reporting period start", "Reporting period end"),
    "Claim status",
)
AMOUNTS = (
    *("paid_indemnity", "paid_indemnity_this_period", "paid_indemnity_previously"),
    *("paid_fees", "paid_fees_this_period", "paid_fees_previously"),
    *("paid_expenses", "paid_expenses_this_period", "paid_expenses_previously"),
    *("paid_tpa", "paid_tpa_this_period"),
    *("recovered", "recovered_this_period", "recoverable"),
    *("reserve_indemnity", "reserve_fees", "reserve_tpa"),
)
POSITIONS = (
    ("C1", "", "GBP"),
    ("C2", "", "GBP"),
    ("C2", "", "USD"),
    ("C3", "1", "GBP"),
    ("C3", "2", "GBP"),
)


def _told(own: str) -> tuple[str, str]:
    """The amount and the basis of a column."""
    name = STATEMENT_OF[own]
    for suffix, basis in BASES.items():
        if name.endswith(f"_{suffix}"):
            return name.removesuffix(f"_{suffix}"), basis
    return name, "as"


COLUMNS = {_told(own): str(CLAIMS.columns[own].column_name) for own in AMOUNTS}


@dataclass(frozen=True)
class Word:
    """What a row tells of a position (claim, section, currency) for a month."""

    contract: int
    position: tuple[str, str, str]
    month: int
    told: Told
    described: dict[str, str]
    first_month: int = 0

    @property
    def period(self) -> tuple[datetime.date, datetime.date]:
        """The month, or the months from the first one on."""
        return month_start(self.first_month or self.month), month_end(self.month)

    def cells(self) -> list[str]:
        """The row as a file has it."""
        claim, section, currency = self.position
        amounts = [
            str(self.told.get(amount, {}).get(basis, "")) for amount, basis in COLUMNS
        ]
        status = self.told.get("status", {}).get("as", "")
        beside = [f"T{self.contract}", claim, section, currency]
        words = [self.described.get(name, "") for name in DESCRIBED]
        return [
            *(*beside, f"{YEAR}-01-01", *map(str, self.period)),
            *(status, *words, *amounts),
        ]


@dataclass(frozen=True)
class Sent:
    """A file as it was sent."""

    words: list[Word]
    is_correction: bool = False
    sender: int = 0


@dataclass(frozen=True)
class History:
    """Files in the order of receipt; what is done with them: index and action.

    ``by_hand``: words that people tell at a time, or take back, and the last file that
    is received by then.  ``adds``: rows of the senders about the same add up.
    """

    files: list[Sent]
    moves: list[tuple[int, str]]
    by_hand: list[tuple[int, list[Word]]]
    adds: bool = False

    def __repr__(self) -> str:
        lines = [f"{n}: {file}" for n, file in enumerate(self.files)]
        lines += [f"by hand {n}: {word}" for n, word in enumerate(self.by_hand)]
        return "\n".join([*lines, str(self.moves)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("as noted")


def month_start(month: int) -> datetime.date:
    return datetime.date(YEAR, month, 1)


def month_end(month: int) -> datetime.date:
    return datetime.date(YEAR, month + 1, 1) - datetime.timedelta(days=1)


# ------------------------------------------------------------------------ drawing
value = st.integers(0, 4).map(lambda n: Decimal(n * 10))


def _bases(*choices: str) -> st.SearchStrategy[dict[str, Decimal]]:
    """One of the choices, such as ``prev this``: each basis with an amount."""
    return st.sampled_from(choices).flatmap(
        lambda names: st.fixed_dictionaries({name: value for name in names.split()})
    )


@st.composite
def amounts(draw: st.DrawFn) -> Told:
    """What a row tells: mixed by amount, blanks left out."""
    told: Told = {
        "paid_indemnity": draw(_bases("", "to", "this", "prev this", "to this")),
        "recovered": draw(_bases("", "", "to", "this")),
    }
    fees = draw(st.sampled_from(("", "", "total", "kinds", "kind", "both")))
    if fees == "total":
        told["paid_fees"] = draw(_bases("to", "this", "prev this", "to this"))
    if fees in {"kinds", "both"}:
        told["paid_expenses"] = draw(_bases("to", "this"))
        told["paid_tpa"] = {basis: draw(value) for basis in told["paid_expenses"]}
    if fees == "both":
        told["paid_fees"] = {
            basis: paid + told["paid_tpa"][basis]
            for basis, paid in told["paid_expenses"].items()
        }
    if fees == "kind":
        told["paid_expenses"] = draw(_bases("prev this", "to this", "this"))
    reserve = draw(st.sampled_from(("", "indemnity", "indemnity", "fees", "tpa")))
    if reserve:
        told[f"reserve_{reserve}"] = {"as": draw(value)}
    if reserve == "fees":
        told["recoverable"] = {"as": draw(value)}
    status = draw(st.sampled_from(("", "OPEN", "CLOSED")))
    if status:
        told["status"] = {"as": status}
    return {amount: bases for amount, bases in told.items() if bases}


described = st.fixed_dictionaries(
    {},
    optional={
        "insured": st.sampled_from(("Acme", "Bolt")),
        "closed": st.sampled_from((f"{YEAR}-04-01", f"{YEAR}-05-01")),
        "first": st.sampled_from(("x", "y")),
        "second": st.just("z"),
    },
)


@st.composite
def words(draw: st.DrawFn, contract: int, *, quarters: bool = False) -> list[Word]:
    """The rows of a file for a contract; now and then two of one position and month.

    ``quarters``: among those of months.
    """
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from((*POSITIONS, *POSITIONS[:2], POSITIONS[0])),
                st.integers(1, MONTHS),
            ),
            max_size=4,
            unique=draw(st.integers(0, 9)) > 0,
        )
    )
    return [
        Word(
            contract,
            position,
            month,
            draw(amounts()),
            draw(described),
            first_month=int(quarters and month == MONTHS and draw(st.booleans())),
        )
        for position, month in keys
    ]


@st.composite
def words_that_add(draw: st.DrawFn, contract: int) -> list[Word]:
    """The rows of a file for a contract, some with another beside that adds to it."""
    told = draw(words(contract))
    return told + [
        replace(word, told=draw(_alike(word.told)), described=draw(described))
        for word in told
        if draw(st.integers(0, 2)) == 2
    ]


@st.composite
def _alike(draw: st.DrawFn, told: Told) -> Told:
    """Other amounts in the same bases; now and then in any."""
    if draw(st.integers(0, 3)) == 3:
        return draw(amounts())
    return {
        name: {
            basis: draw(value) if isinstance(amount, Decimal) else amount
            for basis, amount in bases.items()
        }
        for name, bases in told.items()
    }


@st.composite
def histories(
    draw: st.DrawFn,
    contracts: int = CONTRACTS,
    *,
    people: bool = False,
    adds: bool = False,
) -> History:
    """Files of several contracts, in any order, sent twice, corrected, undone.

    Of one sender or two; ``people``: with amounts told by hand among them, and with
    quarters; ``adds``: of senders whose rows add up.
    """
    rows_of = words_that_add if adds else partial(words, quarters=people)
    told = draw(told_by_files(contracts, rows_of))
    corrections = [draw(st.integers(0, 3)) == 3 for _ in told]
    senders = [draw(st.integers(0, 3)) // 3 for _ in told]
    moves = draw(moves_of(len(told)))
    words_of_people = []
    for n in range(2 if people else 0):
        last = draw(st.integers(0, len(told) - 1))
        told_then = draw(st.lists(by_hand(told), min_size=1, max_size=20))
        words_of_people.append((last, told_then))
        at = draw(st.integers(1, len(moves)))
        moves.insert(at, (n, "tell"))
        if draw(st.booleans()):
            moves.insert(draw(st.integers(at + 1, len(moves))), (n, "withdraw"))
    files = list(map(Sent, told, corrections, senders))
    return History(files, moves, words_of_people, adds)


@st.composite
def by_hand(draw: st.DrawFn, told: list[list[Word]]) -> Word:
    """An amount of a position that some file names."""
    named = sorted({(word.contract, word.position) for file in told for word in file})
    contract, position = draw(st.sampled_from(named)) if named else (0, POSITIONS[0])
    amount = draw(
        st.sampled_from(
            ("paid_indemnity", "paid_expenses", "recovered", "reserve_indemnity")
        )
    )
    bases = ("as",) if amount.startswith("reserve") else ("to", "this")
    told_amounts = {amount: {draw(st.sampled_from(bases)): draw(value)}}
    return Word(contract, position, draw(st.integers(1, MONTHS)), told_amounts, {})


@st.composite
def told_by_files(
    draw: st.DrawFn,
    contracts: int,
    rows_of: Callable[[int], st.SearchStrategy[list[T]]],
    *,
    at_least: int = 2,
) -> list[list[T]]:
    """The rows of two (``at_least``) to four files.

    A file is sent twice as a whole, or a contract's rows come again beside new ones of
    the others.
    """
    files: list[list[list[T]]] = []
    for _ in range(draw(st.integers(at_least, 4))):
        if files and draw(st.integers(0, 3)) == 3:
            files.append(draw(st.sampled_from(files)))
            continue
        files.append(
            [
                draw(st.sampled_from(files))[n]
                if files and draw(st.integers(0, 9)) == 9
                else draw(rows_of(n))
                for n in range(contracts)
            ]
        )
    return [[row for rows in file for row in rows] for file in files]


@st.composite
def moves_of(draw: st.DrawFn, files: int) -> list[tuple[int, str]]:
    """The files loaded in any order, some of them undone at any time later."""
    made = [(n, "load") for n in draw(st.permutations(range(files)))]
    for n in range(files):
        if draw(st.integers(0, 3)) == 3:
            at = draw(st.integers(made.index((n, "load")) + 1, len(made)))
            made.insert(at, (n, "undo"))
    return made


# ------------------------------------------------------------------------ playing
@dataclass
class Player:
    """Plays a history on the books, and tells the oracle what was loaded."""

    history: History
    ledger: Ledger = field(default_factory=Ledger)
    numbers: list[Ingestion] = field(default_factory=list)
    held_out: Counter[str] = field(default_factory=Counter)
    by_hand: dict[int, list[tuple[ClaimStatement, File]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.person = User.objects.create_superuser("person")
        self.senders = [
            source_of(None),
            Source.objects.create(code="other", name="Other"),
        ]
        self.ledger.files = [
            File([], is_correction=file.is_correction, sender=file.sender)
            for file in self.history.files
        ]

    def receive(self, n: int) -> None:
        """The file is received, and those before it."""
        for file in self.history.files[len(self.numbers) : n + 1]:
            self.numbers.append(ingestion_of(CLAIMS, self.senders[file.sender]))

    def play(self) -> None:
        """Make each move; after it the books are as the oracle says."""
        for move in self.history.moves:
            self.move(*move)
            compare(self.ledger)
        for month in range(MONTHS + 1):
            compare_as_at(self.ledger, month_end(month))

    def move(self, n: int, action: str) -> None:
        """Load or undo the file, tell the amount by hand or withdraw it."""
        if action == "undo":
            self.undo(n)
            return
        if action in {"tell", "withdraw"}:
            getattr(self, action)(n)
            return
        sent, file = self.history.files[n], self.ledger.files[n]
        self.receive(n)
        file.stands = True
        header = (*BESIDE, *OTHERS, *DESCRIBED.values(), *COLUMNS.values())
        table = Table(header, [word.cells() for word in sent.words], chunk=60)
        try:
            examined, _, _ = run(
                table,
                CLAIMS,
                conventions=Conventions(
                    is_correction=sent.is_correction,
                    several_currencies=True,
                    equal_rows_add=self.history.adds,
                ),
                ingestion=self.numbers[n],
                as_settled=n % 2 == 0,
            )
        except CountsTwice:
            self.held_out["counts twice"] += 1
            file.stands = False
            return
        rejected = rejected_rows(examined)
        errors = {
            code
            for code, severity in examined.issues.select("code", "severity").rows()
            if severity == "error"
        }
        assert errors <= CODES | (OF_SUMS if self.history.adds else set()), errors
        self.held_out.update(errors)
        file.rows = [
            row_of(number, word)
            for number, word in enumerate(sent.words, start=2)
            if number not in rejected
        ]
        if self.history.adds:
            file.rows = added(file.rows)
        names = dict(Treaty.objects.values_list("pk", "reference"))
        held = examined.staged.effect.named()
        file.held = frozenset((names[treaty], *named) for treaty, *named in held)

    def undo(self, n: int) -> None:
        """Undo the file, unless it would leave an amount that a person told alone."""
        load = Load.objects.filter(number=self.numbers[n].pk).first()
        if load is None:
            return
        if only_by_hand(load):
            with pytest.raises(LoadConflict):
                undo(CLAIMS, ingestion=load.number)
            return
        try:
            with transaction.atomic(), as_foretold(load.number):
                undo(CLAIMS, ingestion=load.number)
        except (CountsTwice, CountsTwiceError, LoadConflict):
            self.held_out["undo counts twice"] += 1
            return
        self.ledger.files[n].stands = False

    def tell(self, n: int) -> None:
        """Tell amounts by hand, but those that are refused."""
        self.by_hand[n] = []
        last, words = self.history.by_hand[n]
        self.receive(last)
        for word in words:
            try:
                statement = self._told(word)
            except TellingError as problem:
                self.held_out[str(problem)[:20]] += 1
                continue
            file = File([row_of(statement.row, word)], stands=True, sender=None)
            self.ledger.by_hand.append((len(self.numbers) - 1, file))
            self.by_hand[n].append((statement, file))

    def _told(self, word: Word) -> ClaimStatement:
        claim, section, currency = word.position
        position = ClaimPosition.objects.filter(
            claim__treaty__reference=f"T{word.contract}",
            claim__reference=claim,
            section=section,
            currency=currency,
        ).first()
        if position is None:
            raise TellingError("no position")
        [(amount, bases)] = word.told.items()
        [(basis, told)] = bases.items()
        return tell(
            position,
            period_start=word.period[0],
            period_end=word.period[1],
            amounts={amount: told},
            basis="this_period" if basis == "this" else "to_date",
            user=self.person,
            reason="Telephoned",
            is_meant=True,
        )

    def withdraw(self, n: int) -> None:
        """Withdraw what was told by hand, but what is refused."""
        for statement, file in self.by_hand[n]:
            try:
                withdraw(statement, user=self.person, reason="Wrong", is_meant=True)
            except TellingError as problem:
                self.held_out[str(problem)[:20]] += 1
                continue
            file.stands = False


def row_of(number: int, word: Word) -> Row:
    """The oracle's row; what describes the claim is told in a basis of its own."""
    told = {**word.told, **{n: {"word": text} for n, text in word.described.items()}}
    claim, section, currency = word.position
    position = (f"T{word.contract}", claim, section, currency)
    return Row(number, position, word.period, told)


def added(rows: list[Row]) -> list[Row]:
    """Rows of a file that add up as one each.

    What describes a claim is as the last row says that tells it; it is open if any is.
    """
    found: dict[Any, Row] = {}
    for row in rows:
        before = found.setdefault((row.position, row.period), row)
        if before is not row:
            told = {name: dict(bases) for name, bases in before.told.items()}
            for name, bases in row.told.items():
                for basis, amount in bases.items():
                    sum_of = told.setdefault(name, {})
                    sum_of[basis] = _both(sum_of.get(basis), amount)
            found[row.position, row.period] = replace(before, told=told)
    return list(found.values())


def _both(first: Any, second: Any) -> Any:
    if isinstance(first, Decimal):
        return first + second
    return "OPEN" if "OPEN" in {first, second} else second


def play(history: History) -> Player:
    """Play a history on books that are empty again afterwards."""
    with transaction.atomic():
        Treaty.objects.bulk_create(
            Treaty(reference=f"T{n}", treaty_type="QS", currency_id="GBP")
            for n in range(CONTRACTS)
        )
        player = Player(history)
        player.play()
        transaction.set_rollback(True)
    return player


def count(at_least: int) -> int:
    """Examples for so many histories; HISTORIES asks for another number of them."""
    return -(-int(os.environ.get("HISTORIES", at_least)) // CONTRACTS)
