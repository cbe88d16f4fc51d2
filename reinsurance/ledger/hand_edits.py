"""What people wrote into claims by hand, where statements are gone through anew."""

from collections.abc import Collection, Mapping
from datetime import datetime

import polars as pl

from reinsurance.ledger.descriptions import FIELDS, has_bit, model_field, table_column
from reinsurance.models import Edit, Load
from reinsurance.resources.base import dtype_of

_NAMES = {table_column(name): name for name in FIELDS}


def with_edits(
    frame: pl.DataFrame, tellings: pl.DataFrame, names: Collection[str] = FIELDS
) -> pl.DataFrame:
    """Claims with what a person wrote after the last telling of a field was loaded.

    ``frame`` has ``claim`` and the fields (``names``); ``tellings`` are live statements
    in order: the last counts.
    """
    edits = Edit.objects.filter(model="claim", status="applied")
    if not edits.exists():
        return frame
    edits = edits.filter(object_id__in=frame["claim"].to_list()).order_by("at")
    loads = Load.objects.filter(pk__in=tellings["load"].unique().to_list())
    loaded = dict(loads.values_list("pk", "loaded_at"))
    written: dict[str, dict[int, str | None]] = {}
    for claim, after, at in edits.values_list("object_id", "after", "at"):
        for column, text in after.items():
            name = _NAMES.get(column)
            if name is None or name not in names or claim is None:
                continue
            told = _told_at(tellings, claim, name, loaded)
            if told is None or told < at:
                written.setdefault(name, {})[claim] = text
    for name, texts in written.items():
        frame = _written(frame, name, texts)
    return frame


def _told_at(
    tellings: pl.DataFrame, claim: int, name: str, loaded: Mapping[int, datetime]
) -> datetime | None:
    """When the telling of the field that counts was loaded; None: nobody told it."""
    found = tellings.filter((pl.col("claim") == claim) & has_bit(name))["load"]
    return loaded.get(found[-1]) if found.len() else None


def _written(
    frame: pl.DataFrame, name: str, texts: Mapping[int, str | None]
) -> pl.DataFrame:
    dtype = dtype_of(model_field(name))
    text = pl.col("__text")
    typed = text.str.to_date("%Y-%m-%d") if dtype == pl.Date else text.cast(dtype)
    book = pl.DataFrame(
        {
            "claim": pl.Series(list(texts), dtype=pl.Int64),
            "__text": pl.Series([t or None for t in texts.values()], dtype=pl.String),
            "__is_written": True,
        }
    )
    nothing = "" if dtype == pl.String and not model_field(name).null else None
    return (
        frame.join(book, on="claim", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("__is_written"))
            .then(typed.fill_null(pl.lit(nothing, dtype=dtype)))
            .otherwise(pl.col(name))
            .alias(name)
        )
        .drop("__text", "__is_written")
    )
