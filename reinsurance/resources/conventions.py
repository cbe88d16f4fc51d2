"""What a sender told about its files, and what it may speak of."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a sender's rows are meant; told by people, never guessed.

    ``party``: key of the cedant or broker that sends; None: nobody in particular.
    ``is_house``: our own files, which may be about any contract.  ``cedants``: keys of
    those whose records the rows may refer to; None: of all.  ``contracts``: what a
    clerk answered for rows whose contract was not clear: text of the contract's
    reference to the contract's key.
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
    contracts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileContext:
    """A file as the stages see it: its number, its sender, the period of the form.

    ``held_out`` and ``held_out_policies``: contract and reference of the claims and
    policies that rows held out at its check name.
    """

    number: int = 0
    conventions: Conventions = field(default_factory=Conventions)
    period_start: datetime.date | None = None
    period_end: datetime.date | None = None
    held_out: tuple[tuple[int, str], ...] = ()
    held_out_policies: tuple[tuple[int, str], ...] = ()
