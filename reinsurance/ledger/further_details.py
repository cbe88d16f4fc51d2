"""Further details: what a row tells in fields that have no place of their own."""

import json
from collections.abc import Mapping

import polars as pl

PREFIX = "further_"


def details_of(rows: pl.DataFrame, labels: Mapping[str, str]) -> pl.Series:
    """A JSON object of the further fields that each row fills in; null where none.

    ``labels``: the name under which a column's texts are kept.  Names are in the order
    in which the database keeps them (``jsonb``), so that the texts can be compared.
    """
    names = [n for n in rows.columns if n.startswith(PREFIX) and n in labels]
    names.sort(key=lambda n: (len(labels[n].encode()), labels[n].encode()))
    nothing = pl.Series("details", [None], dtype=pl.String).new_from_index(
        0, rows.height
    )
    if not names or not rows.height:
        return nothing.alias("details")
    called = [labels[name] for name in names]
    texts = [
        json.dumps(
            {label: text for label, text in zip(called, cells, strict=True) if text},
            ensure_ascii=False,
        )
        if any(cells)
        else None
        for cells in rows.select(names).iter_rows()
    ]
    return pl.Series("details", texts, dtype=pl.String)
