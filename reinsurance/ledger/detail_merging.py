"""Further details of claims, the latest told of each name."""

import json
from typing import Any

import polars as pl


def with_details(
    frame: pl.DataFrame, rows: pl.DataFrame, old: pl.DataFrame, number: int
) -> tuple[pl.DataFrame, pl.Series]:
    """Further details by name, the latest told of each; claims where they change."""
    told = rows.filter(pl.col("details").is_not_null())
    was = pl.when(pl.col("stands")).then(pl.col("was_details"))
    frame = frame.with_columns(details=was)
    changed: list[int] = []
    if not told.height:
        return frame, pl.Series(changed, dtype=pl.Int64)
    columns = ("claim", "period_end", "number", "row", "details")
    tellings = pl.concat(
        [
            old.select(columns),
            told.select(
                "claim",
                pl.col("__period").alias("period_end"),
                pl.lit(number, dtype=pl.Int64).alias("number"),
                "row",
                "details",
            ),
        ]
    ).filter(
        pl.col("details").is_not_null() & pl.col("claim").is_in(told["claim"].implode())
    )
    merged: dict[int, dict[str, Any]] = {}
    for claim, _, _, _, text in tellings.sort(
        "claim", "period_end", "number", "row"
    ).iter_rows():
        merged.setdefault(claim, {}).update(json.loads(text))
    known = dict(frame.select("claim", "details").iter_rows())
    for claim, images in merged.items():
        if json.loads(known.get(claim) or "{}") != images:
            changed.append(claim)
    book = pl.DataFrame(
        {
            "claim": pl.Series(list(merged), dtype=pl.Int64),
            "__merged": pl.Series(
                [json.dumps(m, ensure_ascii=False) for m in merged.values()],
                dtype=pl.String,
            ),
        }
    )
    frame = frame.join(book, on="claim", how="left", maintain_order="left")
    return (
        frame.with_columns(details=pl.coalesce("__merged", "details")).drop("__merged"),
        pl.Series(changed, dtype=pl.Int64),
    )


def with_merged(frame: pl.DataFrame, tellings: pl.DataFrame) -> pl.DataFrame:
    """The frame of claims with ``details`` merged from tellings in their order."""
    merged: dict[int, dict[str, Any]] = {}
    told = tellings.filter(pl.col("details").is_not_null())
    for claim, text in told.select("claim", "details").iter_rows():
        merged.setdefault(claim, {}).update(json.loads(text))
    book = pl.DataFrame(
        {
            "claim": pl.Series(list(merged), dtype=pl.Int64),
            "details": pl.Series(
                [json.dumps(m, ensure_ascii=False) for m in merged.values()],
                dtype=pl.String,
            ),
        }
    )
    return frame.join(book, on="claim", how="left", maintain_order="left").with_columns(
        pl.col("details").fill_null("{}")
    )
