"""Further details: what a row tells in fields that have no place of their own."""

import json
from collections.abc import Iterable, Mapping

import polars as pl

PREFIX = "further_"


def merged(details: Iterable[str]) -> str | None:
    """Further details of several rows in one, each as the last that tells it says."""
    whole: dict[str, str] = {}
    for text in details:
        whole |= json.loads(text)
    names = sorted(whole, key=_in_database)
    return (
        json.dumps({n: whole[n] for n in names}, ensure_ascii=False) if names else None
    )


def _in_database(name: str) -> tuple[int, bytes]:
    """The order in which the database keeps names (``jsonb``)."""
    return len(name.encode()), name.encode()


def details_of(rows: pl.DataFrame, labels: Mapping[str, str]) -> pl.Series:
    """A JSON object of the further fields that each row fills in; null where none.

    ``labels``: the name under which a column's texts are kept.  Names are in the order
    in which the database keeps them (``jsonb``), so that the texts can be compared.
    """
    names = [n for n in rows.columns if n.startswith(PREFIX) and n in labels]
    names.sort(key=lambda n: _in_database(labels[n]))
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
