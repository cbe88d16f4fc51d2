"""The panels of layers: as they would stand after a register's load, and as they do."""

from collections.abc import Collection
from decimal import Decimal

import polars as pl

from importers.pipeline.frames import ROW
from reinsurance.models import Participation, Party
from reinsurance.resources.panel_rules import LINES

_SEAT = ("treaty", "layer_number", "reinsurer")
_TOLD = ("written_line", "signed_line", "is_lead")


def standing_panels(rows: pl.DataFrame, gone: Collection[int]) -> pl.DataFrame:
    """Each line of each layer whose panel the file tells, as :data:`LINES`.

    ``rows`` are the register's good rows, with ``treaty`` (below zero: a new contract)
    and the key of the ``reinsurer``; ``gone`` are the lines that leave.  A blank cell
    tells nothing: what the books have stays.
    """
    told = (
        rows.filter(pl.col("reinsurer").is_not_null())
        .sort(ROW)
        .unique(_SEAT, keep="first", maintain_order=True)
        .select(ROW, "treaty_reference", *_SEAT, *_TOLD)
    )
    if not told.height:
        return pl.DataFrame(schema=LINES)
    layers = told.select("treaty", "layer_number").unique()
    contracts = told.filter(pl.col("treaty") > 0)["treaty"].unique().to_list()
    known = _of_the_books(contracts, gone).join(layers, on=layers.columns, how="semi")
    known = known.rename({name: f"was.{name}" for name in _TOLD})
    lines = told.join(known.drop("treaty_reference"), on=_SEAT, how="left")
    lines = lines.with_columns(pl.coalesce(n, f"was.{n}").alias(n) for n in _TOLD)
    others = known.join(told, on=_SEAT, how="anti").rename(
        {f"was.{name}": name for name in _TOLD}
    )
    return _with_codes(pl.concat([lines.select(told.columns), others], how="diagonal"))


def panels_now(treaties: Collection[int]) -> pl.DataFrame:
    """Each line of each layer of contracts, as the books have it (:data:`LINES`)."""
    lines = _of_the_books(treaties, ())
    return _with_codes(lines.with_columns(pl.lit(0, LINES[ROW]).alias(ROW)))


def _with_codes(lines: pl.DataFrame) -> pl.DataFrame:
    keys = lines["reinsurer"].unique().to_list()
    codes = dict(Party.objects.filter(pk__in=keys).values_list("pk", "code"))
    code = pl.col("reinsurer").replace_strict(codes, return_dtype=pl.String)
    return lines.with_columns(code.alias("reinsurer")).select(list(LINES))


def _of_the_books(treaties: Collection[int], gone: Collection[int]) -> pl.DataFrame:
    """Lines that the books have of the contracts, without those that leave."""
    lines = Participation.objects.filter(layer__treaty_id__in=treaties).exclude(
        pk__in=gone
    )
    paths = {
        "treaty_reference": "layer__treaty__reference",
        "treaty": "layer__treaty_id",
        "layer_number": "layer__number",
        "reinsurer": "reinsurer_id",
        **{name: name for name in _TOLD},
    }
    schema = {name: LINES[name] for name in paths} | {"reinsurer": pl.Int64()}
    found = lines.order_by("pk").values_list(*paths.values())
    return pl.DataFrame(
        [
            tuple(float(x) if isinstance(x, Decimal) else x for x in line)
            for line in found
        ],
        schema=schema,
        orient="row",
    )
