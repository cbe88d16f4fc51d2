"""Widgets that look a cell's meaning up in the books: codes and references."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import polars as pl
from django.db import models

from reinsurance.caching import Topic, remembered
from reinsurance.models import Party
from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.contract_keys import find_treaties
from reinsurance.resources.contracts import locate_contracts
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.widgets import (
    CellWidget,
    DateWidget,
    IntegerWidget,
    TextWidget,
    key_of,
)
from reinsurance.visibility import of_cedants


class CodeWidget(CellWidget):
    """A code of a small reference table, by code or by one of its names."""

    def __init__(
        self, model: type[models.Model], *names: str, code: str, what: str
    ) -> None:
        super().__init__()
        self.model = model
        self.names = names
        self.code = code
        self.what = what

    def table(self) -> dict[str, str]:
        """Every way of writing a code, in comparable form, to the code."""
        key = f"words of {self.model._meta.label} by {' '.join(self.names)}"
        return remembered(Topic.REFERENCE, key, self._words)

    def _words(self) -> dict[str, str]:
        words: dict[str, str] = {}
        for values in self.model._default_manager.values_list("pk", *self.names):
            for word in reversed(values):
                words.setdefault(key_of(word), values[0])
        for (pk,) in self.model._default_manager.values_list("pk"):
            words[key_of(pk)] = pk
        return words

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """The code; a text that means nothing elsewhere may be one: NA is Namibia."""
        text = tidy(value)
        if text.casefold() in self.nothing and self._is_code(text):
            return text
        return super().clean(value, row, **kwargs)

    def _is_code(self, text: str) -> bool:
        return self.table().get(key_of(text)) == text

    def parse(self, text: str) -> str:
        pk = self.model._default_manager.filter(pk=text).values_list("pk", flat=True)
        found = pk.first() or self.table().get(key_of(text))
        if found is None:
            raise self.unknown(text)
        return str(found)

    def parse_many(self, texts: Iterable[str]) -> dict[str, Any]:
        words = self.table()
        return {
            text: (
                None
                if text.casefold() in self.nothing and not self._is_code(text)
                else words.get(key_of(text)) or self.unknown(text)
            )
            for text in texts
        }

    def unknown(self, text: str) -> CellError:
        """The error for a text that is no known code."""
        return CellError(
            self.code,
            f"“{text}” is not a known {self.what}. Correct it, or ask for it to be "
            "added to the reference data.",
        )


class ReferenceWidget(CellWidget):
    """A record of the books by one of its unique texts, tried in the order given.

    ``lookups`` are fields compared as written, then those in ``names`` without regard
    to case, where just one record bears the name.  Where the options name cedants, a
    record of others is as unknown as one that is not in the books.
    """

    dtype = pl.Int64()

    def __init__(
        self,
        model: type[models.Model],
        lookups: tuple[str, ...],
        *,
        names: tuple[str, ...] = (),
        code: str,
        advice: str,
    ) -> None:
        super().__init__()
        self.model = model
        self.lookups = lookups
        self.names = names
        self.code = code
        self.advice = advice

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """The record's key; one may be called what means nothing elsewhere."""
        text = tidy(value)
        return self.parse(text) if text else self.blank

    def parse(self, text: str) -> int | None:
        found = self.parse_many([text])[text]
        if isinstance(found, CellError):
            raise found
        return found

    def parse_many(self, texts: Iterable[str]) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(texts)
        missing = set(found)
        books = self._books()
        for field in self.lookups:
            if missing:
                pairs = books.filter(**{f"{field}__in": missing})
                found.update(pairs.values_list(field, "pk"))
                missing = {text for text in missing if found[text] is None}
        missing = {text for text in missing if text.casefold() not in self.nothing}
        for field in self.names:
            if missing:
                found.update(self._by_name(field, missing))
                missing = {text for text in missing if found[text] is None}
        for text in missing:
            label = self.model._meta.verbose_name
            found[text] = CellError(
                self.code, f"No {label} “{text}” is in the books. {self.advice}"
            )
        return found

    def _books(self) -> models.QuerySet:
        return of_cedants(self.model._default_manager.all(), self.options.cedants)

    def _by_name(self, field: str, texts: set[str]) -> dict[str, int]:
        upper = models.functions.Upper(field)
        bearers: dict[str, set[int]] = {}
        rows = (
            self._books()
            .annotate(_upper=upper)
            .filter(_upper__in={text.upper() for text in texts})
            .values_list("_upper", "pk")
        )
        for name, pk in rows:
            bearers.setdefault(name, set()).add(pk)
        return {
            text: next(iter(pks))
            for text in texts
            if len(pks := bearers.get(text.upper(), set())) == 1
        }


def party_widget() -> ReferenceWidget:
    """A party that is already in the books, by its code, LEI or name."""
    return ReferenceWidget(
        Party,
        ("code", "lei"),
        names=("name",),
        code="unknown_party",
        advice="Correct it, or load the party first.",
    )


Told = Mapping[str, tuple[str, CellWidget]]
"""Field name to the column's name and widget."""

_YEAR: Told = {"year_of_account": ("Year of account", IntegerWidget(1900, 2199))}
_CONTRACT: Told = {
    "treaty_cedant": ("Treaty cedant", party_widget()),
    "treaty_inception": ("Treaty inception", DateWidget()),
}
_CELLS: dict[str, Told] = {
    "claims": {
        "claim_reference": ("Claim reference", TextWidget(60)),
        "date_of_loss": ("Date of loss", DateWidget()),
        "policy_inception": ("Policy inception", DateWidget()),
        **_YEAR,
        **_CONTRACT,
    },
    "premiums": {
        "effective_date": ("Effective date", DateWidget()),
        "risk_inception": ("Risk inception", DateWidget()),
        **_YEAR,
        **_CONTRACT,
    },
    "scope": _CONTRACT,
    "register": {
        "cedant": ("Cedant", party_widget()),
        "inception": ("Inception", DateWidget()),
    },
}
"""What else in a row tells which contract it means."""


class ContractWidget(TextWidget):
    """The reference of a contract: text alone, for other cells tell which it names.

    Whole files find their contracts by :mod:`reinsurance.resources.contracts`; with a
    ``row``, as import-export gives it, ``clean`` does the same for this row and is the
    contract's key.
    """

    def __init__(
        self, kind: Literal["claims", "premiums", "scope", "register"]
    ) -> None:
        super().__init__(60)
        self.kind = kind

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """The reference; with a ``row`` the key of the contract, CellError if none."""
        text = super().clean(value)
        if row is None:
            return text
        if not text:
            return None
        frame = pl.DataFrame(
            {
                "row": [0],
                "treaty_reference": [text],
                **{
                    name: pl.Series([self._cell(widget, row.get(column))], dtype=dtype)
                    for name, (column, widget) in _CELLS[self.kind].items()
                    for dtype in (widget.dtype,)
                },
            }
        )
        conventions = Conventions(cedants=self.options.cedants)
        if self.kind == "register":
            return self._of_register(frame, conventions)
        located, issues = locate_contracts(
            frame, conventions=conventions, kind=self.kind
        )
        for code, message in issues.select("code", "message").iter_rows():
            raise CellError(code, message)
        return located["treaty_reference"].item()

    def _cell(self, widget: CellWidget, value: Any) -> Any:
        """What another cell of the row says; what is not understood says nothing."""
        try:
            return widget.configured(self.options).clean(value)
        except CellError:
            return None

    @staticmethod
    def _of_register(frame: pl.DataFrame, conventions: Conventions) -> int:
        found = find_treaties(frame, conventions=conventions).row(0, named=True)
        if found["__problem"]:
            raise CellError("several_treaties", found["__problem"])
        if found["__id"] is None:
            raise CellError(
                "unknown_treaty",
                f"No contract “{found['treaty_reference']}” of this cedant and "
                "inception is in the books. Load the contract first.",
            )
        return int(found["__id"])
