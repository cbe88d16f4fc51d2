"""Parties as files list them; a company that comes without a code is given one.

Nobody else's code is ever taken: a row without one means the party of its LEI, else the
party of exactly its name, else a new one.  The new code is made of the name alone, by
its first letters and a number that the whole name gives, so that every chunk, file and
check that comes to the name comes to the same code.
"""

import re
import zlib
from collections.abc import Iterable
from typing import Any

import polars as pl
from django.core.exceptions import ValidationError
from django.db.models import Q

from reinsurance.models import Party
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.cells import tidy
from reinsurance.resources.conventions import Conventions, FileContext
from reinsurance.resources.issues import ROW, issues_at, no_issues
from reinsurance.resources.widgets import LeiWidget, TextWidget
from reinsurance.visibility import of_cedants

LETTERS = 4
NUMBERS = 1_000_000


def code_of(name: str, taken: Iterable[str] = ()) -> str:
    """A code for a company by its name: ``NORT408131``; another if it is taken."""
    plain = " ".join(name.casefold().split())
    letters = re.sub(r"[^A-Z]", "", name.upper())[:LETTERS] or "P"
    number = zlib.crc32(plain.encode()) % NUMBERS
    while (code := f"{letters}{number:06d}") in taken:
        number = (number + 1) % NUMBERS
    return code


class PartyResource(DomainResource):
    """One company a row."""

    party_code = Column(
        "code",
        "Party code",
        TextWidget(40),
        synonyms=("Code", "Party ID", "Party", "Company code", "Account code"),
        explanation="Your own short code for the company; empty: one is made.",
    )
    party_name = Column(
        "name",
        "Party name",
        TextWidget(200),
        synonyms=("Name", "Company", "Company name", "Legal name", "Undertaking Name"),
        required=True,
    )
    lei = Column(
        "lei", "LEI", LeiWidget(), synonyms=("Legal Entity Identifier", "LEI code")
    )
    country = references.country(
        synonyms=("Country code", "Domicile", "Incorporation Country", "Country name")
    )

    unique = ("lei",)

    class Meta(DomainResource.Meta):
        model = Party
        import_id_fields = ("party_code",)

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Codes for the rows without one."""
        return with_codes(frame, conventions=context.conventions)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """The row's code, if it has none, as whole files get it."""
        super().before_import_row(row, **kwargs)
        cells = {name: tidy(row.get(label)) for name, label in _CELLS.items()}
        if not cells["party_code"]:
            frame = pl.DataFrame({ROW: [0], **{n: [t] for n, t in cells.items()}})
            given, issues = with_codes(frame, conventions=Conventions())
            for message in issues.filter(pl.col("severity") == "error")["message"]:
                raise ValidationError(message)
            row["Party code"] = given["party_code"].item()


_CELLS = {"party_code": "Party code", "party_name": "Party name", "lei": "LEI"}


def with_codes(
    frame: pl.DataFrame, *, conventions: Conventions
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with a code each, and the warnings ``code_given``; one query.

    ``several_parties``: an error where more than one party has just the row's name.
    """
    without = frame.filter(
        (pl.col("party_code").fill_null("") == "")
        & (pl.col("party_name").fill_null("") != "")
    )
    if not without.height:
        return frame, no_issues()
    if "lei" not in without.columns:
        without = without.with_columns(lei=pl.lit(""))
    asked = without.select(
        "party_name", pl.col("lei").fill_null("").alias("lei")
    ).unique(maintain_order=True)
    books = _Books(asked, conventions)
    found = [(*row, *books.code(*row)) for row in asked.iter_rows()]
    codes = pl.DataFrame(
        found,
        schema=dict.fromkeys(("party_name", "lei", "given", "how"), pl.String()),
        orient="row",
    )
    rows = without.with_columns(pl.col("lei").fill_null("")).join(
        codes, on=["party_name", "lei"], how="left", maintain_order="left"
    )
    given = frame.join(
        rows.select(ROW, "given"), on=ROW, how="left", maintain_order="left"
    ).with_columns(pl.coalesce("given", "party_code").alias("party_code"))
    return given.drop("given"), _issues(rows)


def _issues(rows: pl.DataFrame) -> pl.DataFrame:
    is_unclear = pl.col("how") == "several"
    return issues_at(
        rows,
        column="party_code",
        value=pl.col("given"),
        code=pl.when(is_unclear)
        .then(pl.lit("several_parties"))
        .otherwise(pl.lit("code_given")),
        severity=pl.when(is_unclear).then(pl.lit("error")).otherwise(pl.lit("warning")),
        message=pl.when(is_unclear)
        .then(
            pl.format(
                "Several parties are called “{}”. Write the code of the one you mean.",
                "party_name",
            )
        )
        .when(pl.col("how") == "found")
        .then(
            pl.format(
                "“{}” has no code and is taken for party {} of the books.",
                *("party_name", "given"),
            )
        )
        .otherwise(
            pl.format(
                "“{}” has no code and is given the code {}.", "party_name", "given"
            )
        ),
    )


class _Books:
    """The parties that rows without a code may mean, and the codes that are taken."""

    def __init__(self, asked: pl.DataFrame, conventions: Conventions) -> None:
        names = asked["party_name"].unique().to_list()
        leis = [lei for lei in asked["lei"].unique().to_list() if lei]
        made = {code_of(name) for name in names}
        wanted = Q(name__in=names) | Q(lei__in=leis) | Q(code__in=made)
        rows = list(
            Party.objects.filter(wanted).values_list("pk", "code", "name", "lei")
        )
        seen = {pk for pk, *_ in rows}
        if conventions.cedants is not None:
            mine = of_cedants(Party.objects.filter(pk__in=seen), conventions.cedants)
            seen = set(mine.values_list("pk", flat=True))
        self.taken = {code: name for _, code, name, _ in rows}
        self.by_lei = {lei: code for pk, code, _, lei in rows if lei and pk in seen}
        self.by_name: dict[str, list[tuple[str, str]]] = {}
        for pk, code, name, lei in rows:
            if pk in seen:
                self.by_name.setdefault(name, []).append((code, lei))

    def code(self, name: str, lei: str) -> tuple[str | None, str]:
        """The code for a name and LEI, and how it was come by."""
        if lei in self.by_lei:
            return self.by_lei[lei], "found"
        # A namesake with another LEI is another company.
        alike = [
            code for code, known in self.by_name.get(name, []) if not (lei and known)
        ]
        if len(alike) == 1:
            return alike[0], "found"
        if alike:
            return None, "several"
        return code_of(name, self.taken), "made"
