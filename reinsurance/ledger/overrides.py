"""What statements told where that is not what their claim says now."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.descriptions import (
    FIELDS,
    empty,
    has_bit,
    model_field,
    table_column,
)
from reinsurance.ledger.matching import WAS
from reinsurance.resources.base import dtype_of


def images_of(frame: pl.DataFrame, names: Sequence[str], key: str) -> pl.DataFrame:
    """``key`` and a JSON object of the fields whose ``__has_<field>`` is true."""
    found: dict[int, dict[str, Any]] = {}
    for name in names:
        here = frame.filter(pl.col(f"__has_{name}")).select(
            key, pl.col(f"__text_{name}")
        )
        for owner, text in here.iter_rows():
            found.setdefault(owner, {})[name] = text
    return pl.DataFrame(
        {
            key: pl.Series(list(found), dtype=pl.Int64),
            "values": pl.Series(
                [json.dumps(v, ensure_ascii=False) for v in found.values()],
                dtype=pl.String,
            ),
        }
    )


def overrides_of(cursor: Any, claims: pl.DataFrame) -> pl.DataFrame:
    """What statements of the books told before their claim's value changes.

    ``statement`` and ``values`` (JSON); of all statements, whether they count or not:
    those of a load that is undone, or that a correction lacks, told what they told.
    ``claims``: as they will stand, with ``stands`` and ``is_changed``.
    """
    schema = {"statement": pl.Int64(), "values": pl.String()}
    changed = claims.filter((pl.col("claim") > 0) & pl.col("is_changed"))
    here = [n for n in FIELDS if n in changed.columns]
    if changed.height:
        differs = (pl.col(n).ne_missing(pl.col(WAS + n)) for n in here)
        changed = changed.filter(~pl.col("stands") | pl.any_horizontal(*differs))
    if not changed.height:
        return pl.DataFrame(schema=schema)
    seen = _tellings(cursor, changed["claim"])
    if not seen.height:
        return pl.DataFrame(schema=schema)
    # A claim that comes back has nothing in the fields that its rows do not have.
    nothing = {n: pl.lit(empty(n), dtype=dtype_of(model_field(n))) for n in FIELDS}
    seen = seen.join(changed.select("claim", "stands", *here), on="claim").with_columns(
        (
            has_bit(n)
            & (
                pl.col(n).ne_missing(pl.col(WAS + n))
                if n in here
                else ~pl.col("stands") & pl.col(WAS + n).ne_missing(nothing[n])
            )
        ).alias(f"__has_{n}")
        for n in FIELDS
    )
    seen = seen.with_columns(
        pl.col(WAS + n).cast(pl.String).alias(f"__text_{n}") for n in FIELDS
    )
    images = images_of(seen, FIELDS, "statement")
    return _merged(images, dict(seen.select("statement", "values").iter_rows()))


def _tellings(cursor: Any, claims: pl.Series) -> pl.DataFrame:
    """All statements that tell something descriptive, and what their claim says now."""
    sought(cursor, "told_claim", id=("bigint", claims))
    picked = ", ".join(f'c."{table_column(name)}"' for name in FIELDS)
    found = copy_out(
        cursor,
        f'SELECT s.id, c.id, s.told, s."values", {picked} FROM told_claim k '  # noqa: S608
        "JOIN reinsurance_claim c ON c.id = k.id "
        "JOIN reinsurance_claimposition p ON p.claim_id = c.id "
        "JOIN reinsurance_claimstatement s ON s.position_id = p.id WHERE s.told <> 0",
        {
            "statement": pl.Int64(),
            "claim": pl.Int64(),
            "told": pl.Int64(),
            "values": pl.String(),
            **{WAS + name: dtype_of(model_field(name)) for name in FIELDS},
        },
    )
    return found.with_columns(
        pl.col(WAS + name).fill_null("") for name in FIELDS if empty(name) == ""
    )


def _merged(images: pl.DataFrame, held: Mapping[int, str | None]) -> pl.DataFrame:
    """The images, with what a statement has already kept as it is."""
    texts = [
        json.dumps({**json.loads(text), **json.loads(held[key])}, ensure_ascii=False)  # type: ignore[arg-type]
        if held.get(key)
        else text
        for key, text in images.iter_rows()
    ]
    return images.with_columns(pl.Series("values", texts, dtype=pl.String))
