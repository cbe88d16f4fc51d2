"""Widgets that look a cell's meaning up in the books: codes and references."""

from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import models

from reinsurance.caching import Topic, remembered
from reinsurance.resources.cells import CellError
from reinsurance.resources.widgets import CellWidget, key_of
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
                if text.casefold() in self.nothing
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

    def parse(self, text: str) -> int:
        found = self.parse_many([text])[text]
        if isinstance(found, CellError):
            raise found
        return found

    def parse_many(self, texts: Iterable[str]) -> dict[str, Any]:
        wanted = [text for text in texts if text.casefold() not in self.nothing]
        found: dict[str, Any] = dict.fromkeys(texts)
        missing = set(wanted)
        books = self._books()
        for field in self.lookups:
            if missing:
                pairs = books.filter(**{f"{field}__in": missing})
                found.update(pairs.values_list(field, "pk"))
                missing = {text for text in missing if found[text] is None}
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
