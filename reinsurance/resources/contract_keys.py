"""Which contract of the books a register's row is about.

A contract is known by cedant, reference and inception.  An untold part of the key is no
value: it matches the one record that fits, and is filled in when told.
"""

import polars as pl

from reinsurance.resources.base import UNTOLD
from reinsurance.resources.contract_candidates import (
    candidates,
    has_limits,
    in_words,
    is_own,
)
from reinsurance.resources.contract_owners import (
    HOLD_OUT,
    foreign_contracts,
    senders_role,
)
from reinsurance.resources.contract_years import (
    OTHER_YEAR,
    YEAR,
    by_year,
    of_another_year,
    other_years,
)
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.date_orders import out_of_order
from reinsurance.resources.issues import issues_at

KEY = ("treaty_reference", "cedant", "inception")
OPEN = ("cedant", "inception")
"""Parts of the key that need not be known."""
ID = "__id"
PROBLEM = "__problem"
_OUT_OF_ORDER = (
    "With the expiry of this contract that is in the books it would begin on {} and "
    "expire on {}. It may be a renewal: tell the inception of the contract that is in "
    "the books on its page, and hand the row in again; else correct the expiry there."
)


def find_treaties(keys: pl.DataFrame, *, conventions: Conventions) -> pl.DataFrame:
    """The contracts of the books that the keys name.

    ``keys`` has ``treaty_reference`` (text), ``cedant`` (key or null) and ``inception``
    (or null).  Added are ``__id`` (null: there is none, it will be created) and
    ``__problem`` (null, or why the key does not name one: ``several_treaties``).  Where
    the cedant is untold, a sender that is not the house means a contract of its own, or
    one that is nobody's; a broker is asked where only others have the number.
    """
    matched = _matched(keys.select(KEY), conventions).select(*KEY, ID, PROBLEM)
    return keys.join(
        matched, on=list(KEY), how="left", nulls_equal=True, maintain_order="left"
    )


def with_keys(
    frame: pl.DataFrame, *, conventions: Conventions
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A register's rows with the untold parts of their keys filled in, and issues.

    ``frame`` is a row frame with the columns of the key.  A contract of the books gives
    what the row does not tell, which is marked (``untold.<name>``): the row does not
    tell it.  One without a cedant is the sender's, in the role that it has (``broker``
    is added where needed): that the sender tells, whoever told it before.  Issues:
    ``several_treaties``, ``contract_unclear``, and ``not_the_senders_contract`` where
    that is an error.
    """
    parts = [*KEY, *([YEAR] if YEAR in frame.columns else [])]
    matched = _matched(frame.select(parts), conventions)
    if YEAR not in parts:
        matched = matched.drop(YEAR)
    rows = frame.join(
        matched, on=parts, how="left", nulls_equal=True, maintain_order="left"
    )
    unclear = pl.concat(
        [
            _unclear(rows),
            of_another_year(rows),
            out_of_order(
                rows.filter(
                    pl.col(PROBLEM).is_null(), pl.col("inception").is_not_null()
                ),
                "inception",
                "expiry",
                code="expiry_before_inception",
                message=_OUT_OF_ORDER,
            ),
        ]
    )
    rows = rows.with_columns(
        *(pl.col(name).is_null().alias(UNTOLD + name) for name in OPEN),
        *(pl.coalesce(name, f"was.{name}").alias(name) for name in OPEN),
    )
    if has_limits(conventions) and conventions.party is not None:
        rows = _of_sender(rows, conventions.party)
    if conventions.other_contracts == HOLD_OUT:
        clear = rows.filter(pl.col(PROBLEM).is_null())
        foreign = foreign_contracts(clear, conventions=conventions)
        unclear = pl.concat([unclear, foreign])
    has_broker = "broker" in rows.columns and "broker" not in frame.columns
    marks = [UNTOLD + name for name in OPEN]
    names = [*frame.columns, *(("broker",) if has_broker else ()), *marks]
    return rows.select(names), unclear


def _unclear(rows: pl.DataFrame) -> pl.DataFrame:
    """Issues of rows whose key does not name one contract."""
    problems = rows.filter(pl.col(PROBLEM).is_not_null())
    is_year = pl.col(OTHER_YEAR).fill_null(value=False)
    found = [
        issues_at(
            problems.filter(~is_year),
            column="treaty_reference",
            value=pl.col("treaty_reference"),
            code="several_treaties",
            severity="error",
            message=pl.col(PROBLEM),
        )
    ]
    if YEAR in rows.columns:
        found.append(
            issues_at(
                problems.filter(is_year),
                column=YEAR,
                value=pl.col(YEAR),
                code="contract_unclear",
                severity="error",
                message=pl.col(PROBLEM),
            )
        )
    return pl.concat(found)


def _of_sender(rows: pl.DataFrame, party: int) -> pl.DataFrame:
    """Contracts whose rows name no cedant as the sender's, if they are new or its own.

    Of its own the sender tells again what the books have: it is no change.
    """
    names_none = pl.col(UNTOLD + "cedant") & pl.col(PROBLEM).is_null()
    rows = rows.with_columns(names_none.alias("__names_none"))
    is_new = pl.col("__names_none") & pl.col(ID).is_null()
    role_of_new = senders_role(party) if rows.select(is_new.any()).item() else ""
    for role in ("cedant", "broker"):
        is_known = (pl.col(f"was.{role}") == party).fill_null(value=False)
        is_its = pl.col("__names_none") & is_known
        if role == role_of_new:
            is_its |= is_new
        if rows.select(is_its.any()).item():
            rows = _in_role(rows, role, is_its, party)
    return rows


def _in_role(
    rows: pl.DataFrame, role: str, is_its: pl.Expr, party: int
) -> pl.DataFrame:
    """Rows that tell the party in its role, where they tell nobody else there."""
    told = pl.col(role) if role in rows.columns else pl.lit(None, dtype=pl.Int64)
    its = pl.lit(party, dtype=pl.Int64)
    rows = rows.with_columns(
        pl.when(is_its).then(pl.coalesce(told, its)).otherwise(told).alias(role)
    )
    if role != "cedant":
        return rows
    mark = UNTOLD + role
    return rows.with_columns((pl.col(mark) & ~is_its).alias(mark))


def _matched(keys: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """Each distinct key with ``__id``, ``__problem`` and what the books say of it."""
    distinct, named = _beside_books(keys, conventions)
    pairs = named.filter(_may_be("cedant") & _may_be("inception"))
    asked: list[pl.DataFrame] = []
    if has_limits(conventions) and conventions.party is not None:
        pairs = _of_the_senders(pairs, conventions.party)
        silent = named.filter(pl.col("cedant").is_null())
        silent = silent.join(pairs, on="n", how="anti")
        asked = [_of_others(silent, conventions.party)] if silent.height else []
    exact = _is_same("cedant") & _is_same("inception")
    pairs = pairs.filter(exact | ~exact.any().over("n"))
    pairs = _called(by_year(pairs))
    problem = (
        pl.when(OTHER_YEAR)
        .then(other_years("__called"))
        .when(pl.len().over("n") > 1)
        .then(_problem("Several contracts “{}” are in the books and fit the row: {}"))
        .when(_rivals("cedant") | _rivals("inception"))
        .then(_problem("Several rows may mean the contract “{}” of the books"))
    )
    found = pairs.with_columns(problem.alias(PROBLEM)).unique("n", keep="first")
    is_clear = pl.col(PROBLEM).is_null()
    was = tuple(name for name in found.columns if name.startswith("was."))
    known = found.select(
        *("n", PROBLEM, OTHER_YEAR),
        *(pl.when(is_clear).then(name).alias(name) for name in (ID, *was)),
    )
    known = pl.concat([known, *asked], how="diagonal")
    return distinct.join(known, on="n", how="left", maintain_order="left").drop("n")


def _beside_books(
    keys: pl.DataFrame, conventions: Conventions
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Each distinct key, numbered ``n``; and beside the contracts of its number."""
    distinct = keys.select(
        pl.col("treaty_reference").cast(pl.String),
        pl.col("cedant").cast(pl.Int64),
        pl.col("inception").cast(pl.Date),
        (pl.col(YEAR) if YEAR in keys.columns else pl.lit(None).alias(YEAR)).cast(
            pl.Int64
        ),
    ).unique(maintain_order=True)
    distinct = distinct.with_row_index("n")
    texts = [text for text in distinct["treaty_reference"].to_list() if text]
    seen = candidates(list(dict.fromkeys(texts)), conventions, as_written=True)
    books = seen.select(
        pl.col("text").alias("treaty_reference"),
        pl.col("key").alias(ID),
        pl.col("cedant", "broker", "inception", "expiry").name.prefix("was."),
        pl.col("contract_year").alias("was.year_of_account"),
        is_own(conventions).alias("is_own"),
    )
    return distinct, distinct.join(books, on="treaty_reference")


def _of_the_senders(pairs: pl.DataFrame, party: int) -> pl.DataFrame:
    """Contracts of its own where a sender names no cedant, or names itself.

    Else one that is nobody's in the books or, of a sender that names itself, one of
    which its broker told no cedant: either is an issue of its own.
    """
    means_own = pl.col("cedant").fill_null(party) == party
    is_told = pl.col("cedant").is_not_null()
    is_open = pl.col("was.cedant").is_null() & (
        pl.col("was.broker").is_null() | is_told
    )
    own = pl.col("is_own")
    return pairs.filter(~means_own | own | (is_open & ~own.any().over("n")))


def _of_others(silent: pl.DataFrame, party: int) -> pl.DataFrame:
    """``n`` and ``__problem`` of keys without cedant whose number only others have.

    ``silent`` has those that mean no contract of the sender, beside each of their
    number.  A cedant means a contract of its own, which is new, unless a broker told
    one of that number and not whose it is.
    """
    if senders_role(party) == "broker":
        is_others = ~pl.col("is_own").any().over("n")
        is_others &= pl.any_horizontal(pl.col("was.cedant", "was.broker").is_not_null())
    else:
        is_others = pl.col("was.cedant").is_null() & pl.col("was.broker").is_not_null()
        is_others &= _may_be("inception")
    problem = pl.format(
        "Contract “{}” of the books is not the sender's, and the row does not tell "
        "whose it means: {}. Tell the cedant, and the inception if this is another "
        "contract.",
        "treaty_reference",
        "__called",
    )
    asked = _called(silent.filter(is_others)).unique("n", keep="first")
    return asked.select("n", problem.alias(PROBLEM))


def _called(pairs: pl.DataFrame) -> pl.DataFrame:
    """Keys beside contracts, with ``__called``: the first six of each key in words."""
    called = in_words(pairs, cedant="was.cedant", inception="was.inception")
    return pairs.sort("n", "was.inception", ID, nulls_last=True).with_columns(
        called.head(6).str.join(", ").over("n").alias("__called")
    )


def _may_be(name: str) -> pl.Expr:
    """Whether a part of the key is the record's, or one of the two does not tell."""
    return (pl.col(name) == pl.col(f"was.{name}")).fill_null(value=True)


def _rivals(name: str) -> pl.Expr:
    """Whether keys that differ in a part mean one record that does not tell it."""
    return pl.col(name).drop_nulls().n_unique().over(ID) > 1


def _is_same(name: str) -> pl.Expr:
    """Whether a part of the key is told and the record's: untold twice is no match."""
    return (pl.col(name) == pl.col(f"was.{name}")).fill_null(value=False)


def _problem(text: str) -> pl.Expr:
    advice = "Tell the cedant and the inception."
    names = ["treaty_reference", "__called"][: text.count("{}")]
    return pl.format(f"{text}. {advice}", *names)
