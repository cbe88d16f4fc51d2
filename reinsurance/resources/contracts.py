"""Which contract a row means: a reference alone names one only where it is unique.

A row finds its claim first; a new claim or premium finds its contract by the year of
account, then by the date that the contract's basis looks at.  What is not unique is
asked, never guessed.  Registers name the whole key, or the parts of it they know.
"""

from collections.abc import Iterable
from typing import Literal

import polars as pl
from django.db.models import Q

from reinsurance.models import Claim
from reinsurance.resources.contract_candidates import (
    candidates,
    has_limits,
    in_words,
    is_own,
    may_attach,
)
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import ROW, issues_at, no_issues

Kind = Literal["claims", "premiums", "scope"]

REFERENCE = "treaty_reference"
ADVICE = "Correct the reference, load the treaty register, or pick the contract."
_DAYS: dict[str, tuple[str, str]] = {
    "claims": ("date_of_loss", "policy_inception"),
    "premiums": ("effective_date", "risk_inception"),
    "scope": ("", ""),
}
"""The dates that fall in a contract's period: losses occurring, risks attaching."""


def locate_contracts(
    frame: pl.DataFrame, *, conventions: Conventions, kind: Kind
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with the contract's key for its reference, and what is wrong.

    ``frame`` has ``row`` and ``treaty_reference`` (text), and what the file tells of
    ``claim_reference``, ``year_of_account``, the dates of its ``kind``,
    ``treaty_inception`` and ``treaty_cedant`` (key).  The issues name the column by
    its field: ``unknown_treaty`` and ``several_treaties`` mean that the row needs a
    contract; ``claim_moves_contract`` and ``not_the_senders_contract`` do not.
    """
    told = _told(frame, kind)
    texts = [t for t in told["text"].drop_nulls().unique().to_list() if t]
    contracts = candidates(texts, conventions)
    rivals = contracts.with_columns(is_alone=pl.len().over("text") == 1)
    pairs = told.join(rivals, on="text").with_columns(_fits())
    # Most files name one contract, and no row objects to it: nothing to choose.
    is_plain = pl.col("is_alone") & pl.all_horizontal(
        pl.col("year_fits", "cedant_fits", "inception_fits").fill_null(value=True)
    )
    chosen, issues = _choose(pairs.filter(~is_plain), conventions, kind)
    count = pl.len().over(ROW)
    found = pl.concat([pairs.filter(is_plain), chosen.filter(count == 1)])
    issues.append(_several(chosen.filter(count > 1)))
    lost = told.filter(pl.col("text") != "").join(found, on=ROW, how="anti")
    lost = lost.join(chosen, on=ROW, how="anti")
    issues.append(_unknown(lost, set(contracts["text"])))
    issues.append(_foreign(found, conventions))
    keys = found.select(ROW, pl.col("key").alias(REFERENCE))
    located = frame.drop(REFERENCE).join(
        keys, on=ROW, how="left", maintain_order="left"
    )
    return located.select(frame.columns), pl.concat(issues)


# ------------------------------------------------------------- rows and contracts
def _told(frame: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """What the rows say of their contract, under the names used here."""

    def cell(name: str, dtype: pl.DataType) -> pl.Expr:
        has = name in frame.columns
        return (pl.col(name) if has else pl.lit(None)).cast(dtype)

    occurring, attaching = _DAYS[kind]
    return frame.select(
        ROW,
        text=pl.col(REFERENCE),
        claim=cell("claim_reference", pl.String()),
        year=cell("year_of_account", pl.Int64()),
        occurring=cell(occurring, pl.Date()),
        attaching=cell(attaching, pl.Date()),
        told_inception=cell("treaty_inception", pl.Date()),
        told_cedant=cell("treaty_cedant", pl.Int64()),
    )


def _fits() -> tuple[pl.Expr, ...]:
    """Whether what a row tells fits a contract; null where one of them is silent."""
    day = (
        pl.when(pl.col("basis") == "LO")
        .then("occurring")
        .when(pl.col("basis") == "RA")
        .then("attaching")
    )
    is_told = pl.col("inception").is_not_null() | pl.col("expiry").is_not_null()
    since = (day >= pl.col("inception")).fill_null(value=True)
    until = (day <= pl.col("expiry")).fill_null(value=True)
    return (
        may_attach().alias("may_fit"),
        pl.when("is_answer")
        .then(pl.lit(value=True))
        .otherwise(pl.col("year") == pl.col("contract_year"))
        .alias("year_fits"),
        pl.when(is_told & day.is_not_null()).then(since & until).alias("day_fits"),
        (pl.col("told_cedant") == pl.col("cedant")).alias("cedant_fits"),
        (pl.col("told_inception") == pl.col("inception")).alias("inception_fits"),
    )


# ----------------------------------------------------------------------- choosing
def _choose(
    pairs: pl.DataFrame, conventions: Conventions, kind: Kind
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The contracts that are left for each row, and the claims that would move."""
    names = pairs.columns
    pairs = _narrow(_narrow(_own(pairs, conventions), "cedant_fits"), "inception_fits")
    issues = [no_issues()]
    if kind == "claims":
        pairs, moved = _by_claim(pairs)
        issues.append(moved)
    return _by_dates(pairs).select(names), issues


def _narrow(pairs: pl.DataFrame, fits: str) -> pl.DataFrame:
    """Of each row: the contracts that fit, else those that do not say."""
    any_fits = pl.col(fits).any().over(ROW)
    return pairs.filter(
        pl.when(any_fits)
        .then(pl.col(fits).fill_null(value=False))
        .otherwise(pl.col(fits).is_null())
    )


def _own(pairs: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    """Of each row: the sender's own contracts, if any of them has the number."""
    if not has_limits(conventions):
        return pairs
    own = is_own(conventions) | pl.col("is_answer")
    return pairs.filter(own | ~own.any().over(ROW))


def _by_claim(pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A claim that is in the books fixes the contract, unless the dates object.

    They do not where the contract has no date to look at, and may be meant.  A claim
    that does not stand any more only decides where nothing else does.
    """
    doubtful = (pl.len().over(ROW) > 1) | ~pl.col("year_fits")
    asked = pairs.filter(doubtful & (pl.col("claim") != ""))
    pairs = pairs.join(_claims(asked), on=["claim", "key"], how="left")
    holds = pl.col("stands").fill_null(value=False)
    held = holds.sum().over(ROW)
    speaks = pl.coalesce("year_fits", "day_fits").fill_null(value=False)
    unsure = pl.col("day_fits").is_null() & ~pl.col("year_fits").any().over(ROW)
    stays = speaks | (pl.col("year_fits").is_null() & unsure & pl.col("may_fit"))
    moves = (held == 1) & (holds & ~stays).any().over(ROW)
    other = pairs.filter(moves & ~holds & speaks).unique(ROW, maintain_order=True)
    moved = pairs.filter(holds).join(
        other.select(ROW, other=pl.col("inception")), on=ROW
    )
    issues = issues_at(
        moved,
        column=REFERENCE,
        value=pl.col("text"),
        code="claim_moves_contract",
        severity="error",
        message=pl.format(
            "Claim “{}” stands under contract “{}” of {}, but this row speaks for the "
            "one of {}. Correct the row, or have the claim moved.",
            "claim",
            "text",
            _day("inception"),
            _day("other"),
        ),
    )
    fixed = pl.when(held == 1).then(pl.lit(value=True)).otherwise("year_fits")
    return pairs.with_columns(year_fits=fixed).filter((held == 0) | holds), issues


def _claims(asked: pl.DataFrame) -> pl.DataFrame:
    """The claims of those references and contracts, and whether they stand."""
    schema = {"claim": pl.String(), "key": pl.Int64(), "stands": pl.Boolean()}
    if not asked.height:
        return pl.DataFrame(schema=schema)
    wanted = Q(
        treaty_id__in=asked["key"].unique().to_list(),
        reference__in=asked["claim"].unique().to_list(),
    )
    fields = ("reference", "treaty_id", "pk")
    rows = list(Claim.all_objects.filter(wanted).values_list(*fields))
    standing: set[int] = set()
    if rows:
        standing = set(Claim.objects.filter(wanted).values_list("pk", flat=True))
    return pl.DataFrame(
        [(claim, key, pk in standing) for claim, key, pk in rows],
        schema=schema,
        orient="row",
    )


def _by_dates(pairs: pl.DataFrame) -> pl.DataFrame:
    """Of each row: the contracts of its year of account, then of its dates.

    Where one contract is left its dates are a matter of the rules.  One that has no
    date to look at stays beside one that fits, unless it cannot be meant at all.
    """
    pairs = _narrow(pairs, "year_fits")
    alone = pl.len().over(ROW) == 1
    fits, any_fits = pl.col("day_fits"), pl.col("day_fits").any().over(ROW)
    silent = fits.is_null().any().over(ROW)
    left = pl.when(any_fits).then(fits.fill_null(pl.col("may_fit"))).otherwise(silent)
    pairs = pairs.filter(alone | left)
    if "stands" in pairs.columns:
        had = pl.col("stands").is_not_null()
        pairs = pairs.filter((had.sum().over(ROW) != 1) | had)
    return pairs


# ------------------------------------------------------------------------- issues
def _day(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("no known inception")


def _several(pairs: pl.DataFrame) -> pl.DataFrame:
    called = in_words(pairs, cedant="cedant", inception="inception")
    rows = (
        pairs.sort("inception", "key", nulls_last=True)
        .group_by(ROW, "text", maintain_order=True)
        .agg(told=called.head(6).str.join(", "))
        .sort(ROW)
    )
    return issues_at(
        rows,
        column=REFERENCE,
        value=pl.col("text"),
        code="several_treaties",
        severity="error",
        message=pl.format(
            "Several contracts “{}” are in the books, of {}, and the row does not say "
            "which. Pick the contract.",
            "text",
            "told",
        ),
    )


def _unknown(rows: pl.DataFrame, known: Iterable[str]) -> pl.DataFrame:
    is_known = pl.col("text").is_in(list(known))
    year = pl.format(" for year of account {}", pl.col("year"))
    why = pl.when(is_known).then(year.fill_null(" for the row's dates"))
    return issues_at(
        rows,
        column=REFERENCE,
        value=pl.col("text"),
        code="unknown_treaty",
        severity="error",
        message=pl.format(
            f"No contract “{{}}” is in the books{{}}. {ADVICE}",
            pl.col("text").str.slice(0, 100),
            why.fill_null(""),
        ),
    )


def _foreign(found: pl.DataFrame, conventions: Conventions) -> pl.DataFrame:
    if not has_limits(conventions):
        return no_issues()
    is_refused = conventions.other_contracts == "hold out"
    return issues_at(
        found.filter(~is_own(conventions)).sort(ROW),
        column=REFERENCE,
        value=pl.col("text"),
        code="not_the_senders_contract",
        severity="error" if is_refused else "breach",
        message=pl.format(
            "The sender is neither cedant nor broker of contract “{}”. "
            "Correct the reference, or have somebody look at it.",
            "text",
        ),
    )
