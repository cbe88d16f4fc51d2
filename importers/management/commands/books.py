"""``manage.py books``: what the books hold, for people, scripts and tests."""

import datetime
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware

from importers.management import book_rows
from importers.management.book_rows import PORTION, Row, Wanted


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be asked for: its rows, and which options narrow them."""

    rows: Callable[[Wanted], Iterator[Row]]
    options: tuple[str, ...]


KINDS = {
    "claims": Kind(
        book_rows.claims, ("claim", "treaty", "policy", "as_at", "known_at")
    ),
    "movements": Kind(
        book_rows.movements, ("claim", "treaty", "policy", "as_at", "known_at")
    ),
    "premiums": Kind(book_rows.premiums, ("treaty", "policy", "as_at", "known_at")),
    "treaties": Kind(book_rows.treaties, ("treaty",)),
}
OPTIONS = {
    "claim": "reference of a claim",
    "treaty": "reference of a contract",
    "policy": "reference of a policy",
    "as_at": "end of a period, like 2026-06-30: nothing told for later ones",
    "known_at": (
        "a day or moment, like 2026-07-05T12:00: nothing loaded later; of claims the "
        "money alone, contract, section and what describes them are as they are today"
    ),
}


class Command(BaseCommand):
    """Print claims, movements, premiums or contracts."""

    help = "Print claims, movements, premiums or treaties: 0 done, 2 bad usage."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("kind", help=", ".join(KINDS))
        for name, explanation in OPTIONS.items():
            option = f"--{name.replace('_', '-')}"
            parser.add_argument(option, dest=name, default="", help=explanation)
        parser.add_argument("--json", action="store_true", help="print one JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print; ends with the exit code that the help text names."""
        kind = KINDS.get(options["kind"])
        if kind is None:
            known = ", ".join(KINDS)
            self._usage(f"The books have no “{options['kind']}”. Known: {known}.")
        for name in OPTIONS:
            if options[name] and name not in kind.options:
                told = f"--{name.replace('_', '-')}"
                self._usage(f"{told} does not narrow {options['kind']}. Leave it out.")
        wanted = Wanted(
            claim=options["claim"],
            treaty=options["treaty"],
            policy=options["policy"],
            as_at=self._day(options["as_at"]),
            known_at=self._moment(options["known_at"]),
        )
        rows = kind.rows(wanted)
        if options["json"]:
            self._as_json(rows)
        else:
            self._as_table(rows)

    def _as_json(self, rows: Iterator[Row]) -> None:
        self.stdout.write("[", ending="")
        for number, row in enumerate(rows):
            comma = ",\n" if number else ""
            self.stdout.write(comma + json.dumps(row, ensure_ascii=False), ending="")
        self.stdout.write("]")

    def _as_table(self, rows: Iterator[Row]) -> None:
        """Columns as wide as the first rows need them."""
        first = list(itertools.islice(rows, PORTION))
        if not first:
            self.stdout.write("The books have nothing of the kind.")
            return
        names = tuple(first[0])
        widths = {
            name: max(len(name), *(len(_text(row[name])) for row in first))
            for name in names
        }
        self._line({name: name for name in names}, widths)
        for row in itertools.chain(first, rows):
            self._line(row, widths)

    def _line(self, row: Row, widths: dict[str, int]) -> None:
        cells = (_text(row[name]).ljust(width) for name, width in widths.items())
        self.stdout.write("  ".join(cells).rstrip())

    def _day(self, text: str) -> datetime.date | None:
        if not text:
            return None
        day = _parsed(parse_date, text)
        if day is None:
            self._usage(f"“{text}” is not a date like 2026-06-30.")
        return day

    def _moment(self, text: str) -> datetime.datetime | None:
        """A moment; a day alone means its end."""
        if not text:
            return None
        day = _parsed(parse_date, text)
        if day is not None:
            return make_aware(datetime.datetime.combine(day, datetime.time.max))
        moment = _parsed(parse_datetime, text)
        if moment is None:
            self._usage(f"“{text}” is no moment like 2026-07-05 or 2026-07-05T12:00.")
        return make_aware(moment) if is_naive(moment) else moment

    def _usage(self, message: str) -> NoReturn:
        self.stderr.write(message)
        raise SystemExit(2)


def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    """What the text says; None where it is none, or no day of the calendar."""
    try:
        return parse(text)
    except ValueError:
        return None


def _text(value: Any) -> str:
    """A cell of a table; a contract's layers by their numbers and panels."""
    if isinstance(value, list):
        return "; ".join(_layer(layer) for layer in value)
    return "" if value is None else str(value)


def _layer(layer: Row) -> str:
    lines = (
        f"{line['reinsurer']} {line['signed_line'] or '?'}"
        for line in layer["participations"]
    )
    return f"{layer['number']}: {', '.join(lines) or 'nobody'}"
