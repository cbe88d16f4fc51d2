"""How far a contract's layers reach: for each risk, and for each occurrence."""

import polars as pl

from reinsurance.models import Layer

_KINDS = {"risk": "risk_top", "occurrence": "event_top"}
RANGES = tuple(f"{kind}_{term}" for kind in _KINDS for term in ("attachment", "limit"))
"""What is told of where a layer begins and how far it reaches."""


def layer_tops(treaties: list[int]) -> pl.DataFrame:
    """``treaty``, ``risk_top`` and ``event_top``; null: no such terms, or no top.

    A layer has terms of a kind where its attachment or limit is told; without a limit
    it is unlimited.  There is no top where such a layer begins within, or just above,
    what the limited ones cover.
    """
    rows = Layer.objects.filter(treaty_id__in=treaties)
    layers = pl.DataFrame(
        list(rows.values_list("treaty_id", *RANGES)),
        schema={"treaty": pl.Int64, **dict.fromkeys(RANGES, pl.Float64)},
        orient="row",
    )
    return tops_of(layers)


def tops_of(layers: pl.DataFrame) -> pl.DataFrame:
    """The same of layers with their ``treaty`` and :data:`RANGES`."""
    return layers.group_by("treaty").agg(
        _top(f"{kind}_attachment", f"{kind}_limit").alias(name)
        for kind, name in _KINDS.items()
    )


def _top(attachment: str, limit: str) -> pl.Expr:
    start, height = pl.col(attachment), pl.col(limit)
    top = (start.fill_null(0) + height).max()
    unlimited = start.filter(height.is_null()).min()
    return pl.when((unlimited <= top).fill_null(value=False)).then(None).otherwise(top)
