"""Which claim and which position of the books a row is about.

An untold part of a key is no value: it matches the one record that fits, and is filled
in when it is told; where several fit, somebody has to say which.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.ledger.amounts import POSITION
from reinsurance.ledger.copying import by_index, copy_out, sought
from reinsurance.ledger.descriptions import FIELDS, model_field, table_column
from reinsurance.ledger.timelines import MONEY
from reinsurance.resources.base import dtype_of
from reinsurance.resources.issues import issues_at, no_issues

WAS = "was."
PARTS = ("section", "risk_code")
ALWAYS = (
    "loss_event",
    "date_of_loss",
    "date_of_loss_to",
    "date_notified",
    "date_closed",
    "policy_inception",
    "policy_expiry",
)
"""Fields that are looked at whether rows tell them or not."""


def stands(record: str, load: str = "l", lacking: str = "g") -> str:
    """SQL: whether a claim or position stands, by its loads (:func:`with_loads`)."""
    return (
        f"({record}.load_id IS NULL OR {load}.undone_at IS NULL) "
        f"AND ({record}.lacked_by_id IS NULL OR {lacking}.undone_at IS NOT NULL)"
    )


def with_loads(record: str, load: str = "l", lacking: str = "g") -> str:
    """SQL: the loads by which a claim or position stands, or is lacking."""
    return (
        f"LEFT JOIN reinsurance_load {load} ON {load}.id = {record}.load_id "
        f"LEFT JOIN reinsurance_load {lacking} ON {lacking}.id = {record}.lacked_by_id"
    )


def find_claims(cursor: Any, rows: pl.DataFrame) -> pl.DataFrame:
    """The claims in the books that rows name by ``treaty`` and ``reference``.

    ``treaty``, ``reference``, ``claim`` (its key), ``stands``, ``was_status``,
    ``was_details`` (JSON) and ``was.<field>`` of the descriptive fields that rows have.
    """
    names = [n for n in FIELDS if n in rows.columns or n in ALWAYS]
    keys = rows.select("treaty", "reference").unique()
    sought(
        cursor,
        "sought_claim",
        treaty=("bigint", keys["treaty"]),
        reference=("varchar", keys["reference"]),
    )
    picked = ", ".join(f'c."{table_column(name)}"' for name in names)
    with by_index(cursor):
        found = copy_out(
            cursor,
            f"SELECT c.treaty_id, c.reference, c.id, {stands('c')}, "  # noqa: S608
            f"c.status_id, c.details, {picked} FROM sought_claim k CROSS JOIN LATERAL "
            "(SELECT * FROM reinsurance_claim c WHERE c.treaty_id = k.treaty "
            f"AND c.reference = k.reference LIMIT 1) c {with_loads('c')}",
            {
                "treaty": pl.Int64(),
                "reference": pl.String(),
                "claim": pl.Int64(),
                "stands": pl.Boolean(),
                "was_status": pl.String(),
                "was_details": pl.String(),
                **{WAS + name: dtype_of(model_field(name)) for name in names},
            },
        )
    # COPY tells an empty text and no text apart; reading does not.
    return found.with_columns(
        pl.col(WAS + name).fill_null("")
        for name in names
        if dtype_of(model_field(name)) == pl.String and not model_field(name).null
    )


def find_positions(cursor: Any, claims: pl.Series) -> pl.DataFrame:
    """All positions of the claims: key parts, ``stands`` and what they hold now."""
    schema = {
        "claim": pl.Int64(),
        "position": pl.Int64(),
        "section": pl.String(),
        "risk_code": pl.String(),
        "currency": pl.String(),
        "stands": pl.Boolean(),
        "was_status": pl.String(),
        "was_period_end": pl.Date(),
        **{WAS + name: MONEY for name in POSITION},
    }
    keys = claims.drop_nulls().unique()
    if not keys.len():
        return pl.DataFrame(schema=schema)
    sought(cursor, "sought_of", id=("bigint", keys))
    picked = ", ".join(f"p.{name}" for name in POSITION)
    with by_index(cursor):
        found = copy_out(
            cursor,
            "SELECT p.claim_id, p.id, p.section, p.risk_code, p.currency_id, "  # noqa: S608
            f"{stands('p')}, p.status_id, p.period_end, {picked} "
            "FROM sought_of k JOIN reinsurance_claimposition p ON p.claim_id = k.id "
            f"{with_loads('p')}",
            schema,
        )
    return found.with_columns(pl.col(*PARTS).fill_null(""))


@dataclass(frozen=True, slots=True)
class Matched:
    """Rows with ``position`` (null: a new one; see ``fills``) and what is unclear.

    ``fills``: ``position``, ``section``, ``risk_code`` of positions whose untold parts
    rows tell.
    """

    rows: pl.DataFrame
    issues: pl.DataFrame
    fills: pl.DataFrame


def match_positions(
    rows: pl.DataFrame, positions: pl.DataFrame, *, several_currencies: bool
) -> Matched:
    """Which position each row is about.

    ``rows``: ``row``, ``claim`` (null: new), ``section``, ``risk_code``, ``currency``,
    ``__period_end``.
    """
    key = ["claim", *PARTS, "currency"]
    no_fills = pl.DataFrame(
        schema={
            "position": pl.Int64(),
            "section": pl.String(),
            "risk_code": pl.String(),
        }
    )
    if not positions.height:
        return Matched(
            rows.with_columns(position=pl.lit(None, dtype=pl.Int64)),
            no_issues(),
            no_fills,
        )
    exact = rows.join(
        positions.select(*key, "position"), on=key, how="left", maintain_order="left"
    )
    open_rows = exact.filter(pl.col("position").is_null() & (pl.col("claim") > 0))
    standing = positions.filter("stands")
    fits = (
        open_rows.select("row", *key)
        .join(
            standing.select(
                "claim",
                "currency",
                pl.col("position").alias("fitting"),
                *(pl.col(n).alias(f"its_{n}") for n in PARTS),
            ),
            on=["claim", "currency"],
        )
        .filter(
            pl.all_horizontal(
                (pl.col(n) == pl.col(f"its_{n}"))
                | (pl.col(n) == "")
                | (pl.col(f"its_{n}") == "")
                for n in PARTS
            )
        )
    )
    chosen = fits.group_by("row").agg(
        pl.col("fitting").first(),
        pl.len().alias("count"),
        *(pl.col(n).first() for n in PARTS),
        *(pl.col(f"its_{n}").first() for n in PARTS),
        pl.col("its_section").unique().sort().str.join(", ").alias("sections"),
    )
    # A position that one row fills in and another one fills in otherwise is unclear.
    filled = chosen.filter(
        (pl.col("count") == 1)
        & pl.any_horizontal(
            (pl.col(n) != pl.col(f"its_{n}")) & (pl.col(n) != "") for n in PARTS
        )
    ).with_columns(
        pl.struct(PARTS).n_unique().over("fitting").alias("versions"),
    )
    torn = filled.filter(pl.col("versions") > 1)
    several = chosen.filter(pl.col("count") > 1)
    unclear = pl.concat([torn.select("row"), several.select("row")])
    issues = [no_issues()]
    if unclear.height:
        issues.append(
            issues_at(
                unclear.join(chosen, on="row", how="left"),
                column="section",
                value=pl.col("section"),
                code="position_unclear",
                severity="error",
                message=pl.lit(
                    "The claim has money under other sections or risk codes, and it "
                    "is not clear which of it this row tells anew. Write the section "
                    "and the risk code as before."
                ),
            )
        )
    good = chosen.filter(~pl.col("row").is_in(unclear["row"].implode()))
    matched = (
        exact.join(
            good.select("row", "fitting"), on="row", how="left", maintain_order="left"
        )
        .with_columns(position=pl.coalesce("position", "fitting"))
        .drop("fitting")
    )
    fills = (
        filled.filter(pl.col("versions") == 1)
        .select(
            pl.col("fitting").alias("position"),
            *(
                pl.when(pl.col(n) != "").then(n).otherwise(f"its_{n}").alias(n)
                for n in PARTS
            ),
        )
        .unique("position")
    )
    if not several_currencies:
        issues.append(currency_changed(matched, standing))
    return Matched(matched, pl.concat(issues), fills)


def currency_changed(rows: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Rows of a claim in a currency that neither books nor the file list beside it."""
    known = standing.group_by("claim").agg(
        pl.col("currency").unique().sort().alias("known")
    )
    told = rows.group_by("claim", "__period_end").agg(
        pl.col("currency").unique().alias("listed")
    )
    changed = (
        rows.select("row", "claim", "currency", "__period_end")
        .join(known, on="claim")
        .join(told, on=["claim", "__period_end"], nulls_equal=True)
        .filter(
            ~pl.col("currency").is_in(pl.col("known"))
            & (pl.col("known").list.set_intersection("listed").list.len() == 0)
        )
    )
    if not changed.height:
        return no_issues()
    return issues_at(
        changed,
        column="currency",
        value=pl.col("currency"),
        code="currency_changed",
        severity="error",
        message=pl.format(
            "The claim stands in {} in the books and comes in {} now. Correct the "
            "currency; if the claim has both, list both in one file, or allow several "
            "currencies for the sender.",
            pl.col("known").list.join(", "),
            "currency",
        ),
    )
