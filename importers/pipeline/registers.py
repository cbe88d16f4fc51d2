"""A treaty register as a whole: who left the panel, and layers beside each other.

A register tells the whole panel of the layers that it names.  Who is missing has left:
a breach before the approval, taken out of the books by the load, back at its undo.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from importers.pipeline import panels
from importers.pipeline.frames import ROW, issues_at, no_issues
from importers.pipeline.standing_panels import standing_panels
from reinsurance.ledger.above_limits import above_limits
from reinsurance.ledger.layer_tops import RANGES
from reinsurance.ledger.lowered_limits import lowered_by, terms_of
from reinsurance.models import Layer, Participation
from reinsurance.resources.contract_keys import ID, find_treaties
from reinsurance.resources.contract_periods import overlap_issues
from reinsurance.resources.conventions import FileContext, HeldOutLine
from reinsurance.resources.no_limits import UNLIMITED, says_none
from reinsurance.resources.panel_rules import panel_issues
from reinsurance.resources.treaty_rules import layer_issues

_TYPES: dict[str, pl.DataType] = {
    ROW: pl.Int64(),
    "treaty_reference": pl.String(),
    "cedant": pl.Int64(),
    "inception": pl.Date(),
    "expiry": pl.Date(),
    "layer_number": pl.Int64(),
    "reinsurer": pl.Int64(),
    "written_line": pl.Float64(),
    "signed_line": pl.Float64(),
    "is_lead": pl.Boolean(),
    "occurrence_attachment": pl.Float64(),
    "occurrence_limit": pl.Float64(),
    "reinstatements": pl.Int64(),
    "reinstatement_charges": pl.String(),
    "inuring_priority": pl.Int64(),
    "risk_attachment": pl.Float64(),
    "risk_limit": pl.Float64(),
    "currency": pl.String(),
    "premium_income_limit": pl.Float64(),
    "loss_notification_threshold": pl.Float64(),
}
_KEY = ("treaty_reference", "cedant", "inception")
_LAYER = (
    *RANGES,
    "reinstatements",
    "reinstatement_charges",
    "inuring_priority",
)

LEFT = (
    "{} is on layer {} of “{}” in the books and not in this register: after the load "
    "it has left the panel. If the file is not the whole register, declare it "
    "additional."
)
PERHAPS_LEFT = (
    "{} is on layer {} of “{}” in the books and in no good row of this register. It "
    "stays, as a row held out may be its line. Has it left? Then hand in the whole "
    "register, corrected."
)


@dataclass(slots=True)
class Register:
    """The good rows of a register, what they say of layers and lines."""

    _chunks: list[pl.DataFrame] = field(default_factory=list)
    _before: pl.DataFrame = field(default_factory=lambda: terms_of([]))

    def add(self, good: pl.DataFrame, context: FileContext) -> None:
        """Take up the rows of a chunk, before any of them is written."""
        known = set(_contracts(good, context).drop_nulls()) - {*self._before["treaty"]}
        self._before = pl.concat([self._before, terms_of(sorted(known))])
        self._chunks.append(
            good.select(
                pl.when(says_none(good, name))
                .then(UNLIMITED if dtype == pl.Float64 else None)
                .otherwise(pl.col(name) if name in good.columns else None)
                .cast(dtype)
                .alias(name)
                for name, dtype in _TYPES.items()
            )
        )

    def _rows(self, context: FileContext) -> pl.DataFrame:
        """All rows with ``treaty``: the contract's key, or what tells a new one."""
        if not self._chunks:
            return pl.DataFrame(schema={**_TYPES, "treaty": pl.Int64()})
        rows = pl.concat(self._chunks).with_columns(
            pl.col("layer_number").fill_null(1), pl.col("inuring_priority").fill_null(1)
        )
        new = -pl.struct(_KEY).rank("dense").cast(pl.Int64)
        found = _contracts(rows, context)
        return rows.with_columns(found.alias("__found")).with_columns(
            treaty=pl.coalesce("__found", new)
        )

    def _missing(self, rows: pl.DataFrame) -> list[Participation]:
        """Lines of the books, of layers whose panel the file tells, that it lacks."""
        told = _lines(rows)
        named = set(told.select("treaty", "layer_number").unique().iter_rows())
        held = set(told.select("treaty", "layer_number", "reinsurer").iter_rows())
        lines = Participation.objects.filter(
            layer__treaty_id__in={treaty for treaty, _ in named}
        ).select_related("layer__treaty__cedant", "reinsurer")
        return [
            line
            for line in lines.order_by("pk")
            if (line.layer.treaty_id, line.layer.number) in named
            and (line.layer.treaty_id, line.layer.number, line.reinsurer_id) not in held
        ]

    def _left(self, rows: pl.DataFrame, context: FileContext) -> list[Participation]:
        """Who leaves: whom the file lacks, also in the rows held out.

        Nobody where the file only adds to another one.
        """
        if context.conventions.is_additional:
            return []
        return [
            line
            for line in self._missing(rows)
            if not _may_be(context.held_out_lines, line.layer, line.reinsurer_id)
        ]

    def _doubtful(
        self, rows: pl.DataFrame, context: FileContext
    ) -> list[Participation]:
        """Who stays only because nobody knows whose line a row held out is."""
        if context.conventions.is_additional:
            return []
        lines = context.held_out_lines
        clear = [line for line in lines if line.reinsurer is not None]
        return [
            line
            for line in self._missing(rows)
            if _may_be(lines, line.layer, line.reinsurer_id)
            and not _may_be(clear, line.layer, line.reinsurer_id)
        ]

    def issues(self, cursor: Any, context: FileContext) -> pl.DataFrame:
        """Breaches that only the whole register shows, by the names of fields."""
        rows = self._rows(context)
        if not rows.height:
            return no_issues()
        left = self._left(rows, context)
        gone = {line.pk for line in left}
        layers = self._layers(rows)
        first = {
            (treaty, number): row
            for treaty, number, row in rows.group_by("treaty", "layer_number")
            .agg(pl.col(ROW).min())
            .iter_rows()
        }
        return pl.concat(
            [
                _at_lines(left, first, "left_the_panel", "breach", LEFT),
                _at_lines(
                    self._doubtful(rows, context),
                    first,
                    "perhaps_left_the_panel",
                    "warning",
                    PERHAPS_LEFT,
                ),
                panel_issues(standing_panels(rows, gone)),
                layer_issues(layers),
                above_limits(lowered_by(rows, layers, self._before)),
                overlap_issues(rows, conventions=context.conventions),
            ]
        )

    def _layers(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Each layer of each contract that the file names, as after the load."""
        told = rows.sort(ROW).unique(["treaty", "layer_number"], keep="first")
        named = set(told.select("treaty", "layer_number").iter_rows())
        books = {
            (layer.treaty_id, layer.number): layer
            for layer in Layer.objects.filter(
                treaty_id__in={t for t, _ in named if t > 0}
            ).select_related("treaty")
        }
        columns = [ROW, "treaty", "treaty_reference", "layer_number", *_LAYER]
        told = told.select(columns)
        filled = []
        for row in told.iter_rows(named=True):
            layer = books.get((row["treaty"], row["layer_number"]))
            for name in _LAYER:
                if row[name] is None and layer is not None:
                    row[name] = _plain(getattr(layer, name))
                elif row[name] == UNLIMITED:
                    row[name] = None
            filled.append(tuple(row.values()))
        filled += [
            (
                None,
                treaty,
                layer.treaty.reference,
                number,
                *(_plain(getattr(layer, name)) for name in _LAYER),
            )
            for (treaty, number), layer in books.items()
            if (treaty, number) not in named
        ]
        return pl.DataFrame(filled, schema=told.schema, orient="row")

    def leave(self, cursor: Any, context: FileContext) -> None:
        """Take out of the books who has left; who left before stays away."""
        if context.conventions.is_additional:
            return
        rows = self._rows(context)
        named = set(_lines(rows).select("treaty", "layer_number").unique().iter_rows())
        panels.leave(cursor, context.number, self._left(rows, context))
        layers = {
            layer.pk: layer
            for layer in Layer.objects.filter(
                treaty_id__in={treaty for treaty, _ in named}
            ).select_related("treaty")
            if (layer.treaty_id, layer.number) in named
        }
        panels.stay_away(
            context.number,
            layers,
            lambda seat: _may_be(context.held_out_lines, layers[seat[0]], seat[1]),
        )


def _lines(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that tell a line of a contract of the books."""
    return rows.filter((pl.col("treaty") > 0) & pl.col("reinsurer").is_not_null())


def _contracts(rows: pl.DataFrame, context: FileContext) -> pl.Series:
    """The contracts of the books that rows name; null: none."""
    keys = rows.select(
        (pl.col(n) if n in rows.columns else pl.lit(None)).cast(_TYPES[n]).alias(n)
        for n in _KEY
    )
    found: pl.Series = find_treaties(keys, conventions=context.conventions)[ID]
    return found


def _may_be(lines: Iterable[HeldOutLine], layer: Layer, reinsurer: int) -> bool:
    """Whether one of the rows held out may be that reinsurer's line on the layer."""
    treaty = layer.treaty
    return any(
        line.reference in {None, treaty.reference}
        and (treaty.cedant_id is None or line.cedant in {None, treaty.cedant_id})
        and (treaty.inception is None or line.inception in {None, treaty.inception})
        and line.layer in {None, layer.number}
        and line.reinsurer in {None, reinsurer}
        for line in lines
    )


def _at_lines(
    lines: list[Participation],
    first: dict[tuple[int, int], int],
    code: str,
    severity: str,
    message: str,
) -> pl.DataFrame:
    """One issue for each line, at the first row of its layer."""
    rows = pl.DataFrame(
        [
            (
                first.get((line.layer.treaty_id, line.layer.number), 0),
                line.reinsurer.code,
                message.format(line.reinsurer, line.layer.number, line.layer.treaty),
            )
            for line in lines
        ],
        schema={ROW: pl.Int64, "reinsurer": pl.String, "said": pl.String},
        orient="row",
    )
    return issues_at(
        rows,
        column="reinsurer",
        value=pl.col("reinsurer"),
        code=code,
        severity=severity,
        message=pl.col("said"),
    )


def _plain(value: Any) -> Any:
    return (
        float(value)
        if value is not None and not isinstance(value, int | str)
        else value
    )
