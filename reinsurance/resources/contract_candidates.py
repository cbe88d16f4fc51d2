"""The contracts that a reference may mean, and whose they are."""

import re

import polars as pl
from django.db.models import F, Func, Q, QuerySet, Value
from django.db.models.functions import Lower

from reinsurance.models import Party, Treaty
from reinsurance.resources.conventions import Conventions
from reinsurance.visibility import of_cedants

NOT_SEEN = "[\\s\u00a0\u00ad\u2007\u200b-\u200d\u202f\u2060\u3000\ufeff]"
"""Characters that make no difference in a reference: blanks and those of no width."""

_FIELDS = (
    *("pk", "reference", "cedant_id", "broker_id", "basis"),
    *("inception", "expiry", "year_of_account"),
)
_CONTRACTS = {
    "text": pl.String(),
    "key": pl.Int64(),
    "reference": pl.String(),
    "cedant": pl.Int64(),
    "broker": pl.Int64(),
    "basis": pl.String(),
    "inception": pl.Date(),
    "expiry": pl.Date(),
    "contract_year": pl.Int64(),
    "is_answer": pl.Boolean(),
}


def comparable(reference: str) -> str:
    """A reference without what makes no difference: case, blanks, invisible signs."""
    return re.sub(NOT_SEEN, "", reference).lower()


def candidates(
    texts: list[str], conventions: Conventions, *, as_written: bool = False
) -> pl.DataFrame:
    """The contracts that each text may mean; one that a clerk named is alone.

    ``as_written``: only those of exactly this reference, whatever a clerk answered.
    """
    books = of_cedants(Treaty.objects.all(), conventions.cedants)
    told = {} if as_written else conventions.contracts
    answers = {text: told[text] for text in texts if text in told}
    asked = [text for text in texts if text not in answers]
    wanted = Q(reference__in=asked) | Q(pk__in=set(answers.values()))
    seen = list(books.filter(wanted).values_list(*_FIELDS)) if texts else []
    rows = [
        (text, *seen_row, True)
        for text, key in answers.items()
        for seen_row in seen
        if seen_row[0] == key
    ]
    written: dict[str, list[tuple]] = {text: [] for text in asked}
    for row in seen:
        if row[1] in written:
            written[row[1]].append(row)
    missing = [text for text, found in written.items() if not found]
    if missing and not as_written:
        written |= alike(books, missing)
    rows += [(text, *row, False) for text, found in written.items() for row in found]
    return pl.DataFrame(rows, schema=_CONTRACTS, orient="row")


def alike(books: QuerySet, texts: list[str]) -> dict[str, list[tuple]]:
    """Contracts whose references differ from the texts only in what is not seen."""
    bare = Func(
        F("reference"),
        Value(NOT_SEEN),
        Value(""),
        Value("g"),
        function="regexp_replace",
    )
    wanted = {text: comparable(text) for text in texts}
    rows = books.annotate(_bare=Lower(bare)).filter(_bare__in=set(wanted.values()))
    found: dict[str, list[tuple]] = {}
    for row in rows.values_list(*_FIELDS):
        found.setdefault(comparable(row[1]), []).append(row)
    return {text: found.get(key, []) for text, key in wanted.items()}


def in_words(contracts: pl.DataFrame, *, cedant: str, inception: str) -> pl.Expr:
    """What tells a contract from others of its number: its inception and cedant.

    ``cedant`` and ``inception`` are the columns that have them, the cedant as key.
    """
    keys = contracts[cedant].drop_nulls().unique().to_list()
    codes = dict(Party.objects.filter(pk__in=keys).values_list("pk", "code"))
    day = pl.col(inception).cast(pl.String).fill_null("no known inception")
    code = pl.col(cedant).replace_strict(codes, default=None, return_dtype=pl.String)
    return pl.when(code.is_null()).then(day).otherwise(pl.format("{} ({})", day, code))


def may_attach() -> pl.Expr:
    """Whether a contract may be meant although no date tells that it is.

    A loss is not before the inception of its policy.  So a loss before the contract's
    inception, or a policy that begins after its expiry, is none of it on any basis; an
    unknown basis may be either.  ``occurring`` and ``attaching`` are the row's days,
    ``inception`` and ``expiry`` the contract's.
    """
    since = [pl.col(day) >= pl.col("inception") for day in ("occurring", "attaching")]
    until = [pl.col(day) <= pl.col("expiry") for day in ("occurring", "attaching")]
    occurring = pl.all_horizontal(
        x.fill_null(value=True) for x in (since[0], until[0], until[1])
    )
    attaching = pl.all_horizontal(
        x.fill_null(value=True) for x in (since[1], until[1], since[0])
    )
    return (
        pl.when(pl.col("basis") == "LO")
        .then(occurring)
        .when(pl.col("basis") == "RA")
        .then(attaching)
        .otherwise(occurring | attaching)
    )


def is_own(conventions: Conventions) -> pl.Expr:
    """Whether the sender is cedant or broker of the row's contract."""
    party = pl.lit(conventions.party, dtype=pl.Int64)
    return (pl.col("cedant").eq_missing(party)) | (pl.col("broker").eq_missing(party))


def has_limits(conventions: Conventions) -> bool:
    """Whether the sender may speak of its own contracts only."""
    return conventions.party is not None and not conventions.is_house
