"""What must not be true of the panel of a layer: lines above the whole, two leads.

Panels are judged as they stand after a load or a change by hand: what a row leaves
blank is what the books have.  What is found passes, and somebody looks at it.
"""

import polars as pl

from reinsurance.resources.issues import ROW, issues_at

LINES = {
    ROW: pl.Int64(),
    "treaty": pl.Int64(),
    "treaty_reference": pl.String(),
    "layer_number": pl.Int64(),
    "reinsurer": pl.String(),
    "written_line": pl.Float64(),
    "signed_line": pl.Float64(),
    "is_lead": pl.Boolean(),
}
"""Columns of a panel's lines: ``row`` of the file that told one, null where none did;
``treaty`` tells contracts apart, ``reinsurer`` is a code."""

FULL = 1.000_000_01
"""Above this the lines are more than the whole: lines have eight decimals."""

_LAYER = ("treaty", "layer_number")


def panel_issues(lines: pl.DataFrame) -> pl.DataFrame:
    """Issues ``signed_above_written``, ``signed_lines_above_one`` and ``two_leads``.

    A row (:data:`LINES`) for each line of each layer that the file names, those of the
    books that it does not name included.
    """
    return pl.concat([_above_written(lines), _above_one(lines), _leads(lines)])


def _above_written(lines: pl.DataFrame) -> pl.DataFrame:
    return _issues(
        lines.filter(pl.col("signed_line") > pl.col("written_line")),
        column="signed_line",
        value=pl.col("signed_line"),
        code="signed_above_written",
        severity="warning",
        message=pl.format(
            "The signed line {} of {} on layer {} of “{}” is above its written line "
            "{}. A reinsurer signs at most what it wrote: correct one of the two.",
            pl.col("signed_line").cast(pl.String),
            "reinsurer",
            "layer_number",
            "treaty_reference",
            pl.col("written_line").cast(pl.String),
        ),
    )


def _above_one(lines: pl.DataFrame) -> pl.DataFrame:
    layers = lines.group_by(_LAYER, maintain_order=True).agg(
        pl.col(ROW).min(),
        pl.col("treaty_reference").first(),
        pl.col("signed_line").sum().round(8).alias("total"),
    )
    return _issues(
        layers.filter(pl.col("total") >= FULL),
        column="signed_line",
        value=pl.col("total"),
        code="signed_lines_above_one",
        severity="breach",
        message=pl.format(
            "The signed lines of layer {} of “{}” total {}, more than the whole. "
            "Correct the lines.",
            "layer_number",
            "treaty_reference",
            pl.col("total").cast(pl.String),
        ),
    )


def _leads(lines: pl.DataFrame) -> pl.DataFrame:
    is_lead = pl.col("is_lead").fill_null(value=False)
    layers = lines.group_by(_LAYER, maintain_order=True).agg(
        pl.col(ROW).min(),
        pl.col("treaty_reference").first(),
        pl.col("reinsurer").filter(is_lead).sort().alias("leads"),
    )
    names = pl.col("leads").list.join(", ")
    return _issues(
        layers.filter(pl.col("leads").list.len() > 1),
        column="is_lead",
        value=names,
        code="two_leads",
        severity="breach",
        message=pl.format(
            "Layer {} of “{}” has more than one lead: {}. Say No for who does not "
            "lead, as an empty cell changes nothing, or correct the contract's page.",
            "layer_number",
            "treaty_reference",
            names,
        ),
    )


def _issues(
    rows: pl.DataFrame,
    *,
    column: str,
    value: pl.Expr,
    code: str,
    severity: str,
    message: pl.Expr,
) -> pl.DataFrame:
    """Issues of what the file told, or of what stands beside it."""
    return issues_at(
        rows.filter(pl.col(ROW).is_not_null()).sort(ROW, maintain_order=True),
        column=column,
        value=value,
        code=code,
        severity=severity,
        message=message,
    )
