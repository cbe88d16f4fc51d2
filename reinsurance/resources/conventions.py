"""What a sender told about its files, and what it may speak of."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a sender's rows are meant; told by people, never guessed.

    ``party``: key of the cedant or broker that sends; None: nobody in particular.
    ``is_house``: our own files, which may be about any contract.  ``cedants``: keys of
    those whose records the rows may refer to; None: of all.  ``contracts``: what a
    clerk answered for rows whose contract was not clear: text of the contract's
    reference to the contract's key.  ``is_additional``: the file adds to another one;
    a register is not the whole of one.
    """

    sender: int | None = None
    party: int | None = None
    is_house: bool = True
    cedants: frozenset[int] | None = None
    frequency: str = "month"
    return_sign: str = ""
    blank_is_zero: bool = False
    several_currencies: bool = False
    equal_rows_add: bool = False
    premium_lists: str = "period"
    premium_amounts_are: str = ""
    other_contracts: str = "breach"
    incurred_factor: Decimal | None = None
    is_correction: bool = False
    is_additional: bool = False
    contracts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileContext:
    """A file as the stages see it: its number, its sender, the period of the form.

    ``rejected``: contract, reference and end of the period of its rows that were held
    out at its check, as far as they tell them; ``held_out``: the same of all that tell
    what they are about, with what other parts of a correction tell, none of which it
    lacks; ``held_out_lines``: what such rows of a register name;
    ``parts``: numbers of the files that have rows of the same one;
    ``of_parents``: contract, start and end that those speak for, as corrections, whose
    rows go on in it.
    """

    number: int = 0
    conventions: Conventions = field(default_factory=Conventions)
    period_start: datetime.date | None = None
    period_end: datetime.date | None = None
    held_out: tuple[tuple[int, str, datetime.date | None], ...] = ()
    rejected: tuple[tuple[int, str | None, datetime.date | None], ...] = ()
    held_out_lines: tuple["HeldOutLine", ...] = ()
    parts: tuple[int, ...] = ()
    of_parents: tuple[tuple[int, datetime.date | None, datetime.date], ...] = ()

    @property
    def first_number(self) -> int | None:
        """The file that the rows were in at first; None: this one."""
        first = min((self.number, *self.parts))
        return first if first != self.number else None


@dataclass(frozen=True, slots=True)
class HeldOutLine:
    """Whose line a row held out may be; None: not told or not understood, so anybody's.

    ``cedant`` and ``reinsurer`` are keys, ``layer`` is the number.
    """

    reference: str | None
    cedant: int | None
    inception: datetime.date | None
    layer: int | None
    reinsurer: int | None

    def as_json(self) -> list[Any]:
        """The values as JSON has them."""
        day = self.inception.isoformat() if self.inception else None
        return [self.reference, self.cedant, day, self.layer, self.reinsurer]

    @classmethod
    def of_json(cls, values: Sequence[Any]) -> "HeldOutLine":
        """The line of :meth:`as_json`."""
        reference, cedant, day, layer, reinsurer = values
        inception = datetime.date.fromisoformat(day) if day else None
        return cls(reference, cedant, inception, layer, reinsurer)
