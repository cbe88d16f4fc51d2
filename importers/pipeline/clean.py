"""Stage four: columns of text become columns of values, each distinct text once.

A cell means what the Resource's widget says it means.  The widget's fast path takes
the cells beyond doubt for a whole column; every other distinct text goes through the
widget itself, once, and is joined back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
from import_export.fields import NOT_PROVIDED

from importers.pipeline.currency_cells import contradicting
from importers.pipeline.frames import BROKEN, ISSUES, ROW, issues_at, no_issues
from importers.pipeline.match import Matches
from importers.record_types import RecordType
from reinsurance.resources import cells
from reinsurance.resources.base import UNTOLD, Column
from reinsurance.resources.cells import BLANKS, CellError, CellOptions, tidy
from reinsurance.resources.formats import unguarded
from reinsurance.resources.no_limits import NONE
from reinsurance.resources.widgets import AmountWidget, CellWidget, LimitWidget

ROW_IN_FILE = "Row in the file"
"""Header of the first column that rows held out are given."""
REMEMBERED = 200_000
"""Distinct texts of a column whose meaning is kept from chunk to chunk."""


def guards_of(header: Sequence[str], record_type: RecordType) -> int:
    """How often we have guarded the cells of a file against being run as formulas.

    An export is: it calls what is required as we do.  Each time that rows are held out
    they are guarded, and given a number and what is wrong.  A sender's own file is not.
    """
    texts = [text.strip() for text in header]
    required = {str(record_type.columns[n].column_name) for n in record_type.required}
    is_ours = bool(required) and required <= set(texts)
    return is_ours + sum(text.startswith(ROW_IN_FILE) for text in texts)


class ColumnCleaner:
    """One column of one file: text in, values and cell errors out."""

    def __init__(
        self, column: Column, widget: CellWidget, header: str, *, is_key: bool
    ) -> None:
        self.is_key = is_key
        self.column = column
        self.widget = widget
        self.header = header
        self._known: dict[str, Any] = {}

    def clean(self, frame: pl.DataFrame, name: str) -> tuple[pl.Series, pl.DataFrame]:
        """Values of the text column ``name``, and the issues of its cells."""
        texts = frame.get_column(name)
        values = self._fast(texts)
        pending = frame.select(ROW, text=texts).filter((texts != "") & values.is_null())
        issues = no_issues()
        if pending.height:
            values, issues = self._slow(frame, texts, values, pending)
        if self.is_key:
            values = self._fill(values, texts, issues)
        if self.column.required:
            empty = values.is_null() | (texts == "")
            gaps = frame.filter(empty & ~frame[ROW].is_in(issues["row"].implode()))
            if gaps.height:
                error = self.column.missing()
                missing = issues_at(
                    gaps,
                    column=self.header,
                    value=None,
                    code=error.code,
                    severity="error",
                    message=pl.lit(error.message),
                )
                issues = pl.concat([issues, missing])
        return values.alias(name), issues

    def _fast(self, texts: pl.Series) -> pl.Series:
        expression = self.widget.vectorised(pl.col("t"))
        if expression is None:
            return pl.Series([None], dtype=self.widget.dtype).new_from_index(
                0, texts.len()
            )
        return texts.alias("t").to_frame().select(expression.alias("v")).to_series()

    def _slow(
        self,
        frame: pl.DataFrame,
        texts: pl.Series,
        values: pl.Series,
        pending: pl.DataFrame,
    ) -> tuple[pl.Series, pl.DataFrame]:
        distinct = pending.get_column("text").unique(maintain_order=True).to_list()
        if len(self._known) > REMEMBERED:
            self._known.clear()
        parsed = self.widget.parse_many([t for t in distinct if t not in self._known])
        meant = [parsed.get(text, self._known.get(text)) for text in distinct]
        # Not the errors: each is a sentence, and there may be one a row.
        self._known.update(
            (text, value)
            for text, value in parsed.items()
            if not isinstance(value, CellError)
        )
        errors = [m if isinstance(m, CellError) else None for m in meant]
        book = pl.DataFrame(
            {
                "text": distinct,
                "value": pl.Series(
                    [None if e else m for e, m in zip(errors, meant, strict=True)],
                    dtype=self.widget.dtype,
                    strict=False,
                ),
                "code": pl.Series([e and e.code for e in errors], dtype=pl.String),
                "message": pl.Series(
                    [e and e.message for e in errors], dtype=pl.String
                ),
            }
        )
        joined = pl.DataFrame({"text": texts, "fast": values}).join(
            book, on="text", how="left", maintain_order="left"
        )
        found = pending.join(
            book.filter(pl.col("code").is_not_null()), on="text", maintain_order="left"
        )
        issues = found.select(
            pl.col(ROW).cast(pl.Int64),
            column=pl.lit(self.header),
            value=pl.col("text").str.slice(0, 200),
            code="code",
            severity=pl.lit("error"),
            message=pl.col("message").str.slice(0, 400),
        )
        return joined.select(pl.coalesce("fast", "value")).to_series(), issues

    def _fill(
        self, values: pl.Series, texts: pl.Series, issues: pl.DataFrame
    ) -> pl.Series:
        """Empty cells of a key: the column's default, else what nothing means there.

        Other empty cells say nothing, and what the books know stays.

        A cell that is not understood stays without a value, so that no rule takes it
        for an empty one.
        """
        default = self.column.default
        filler = self.widget.blank if default is NOT_PROVIDED else default
        if filler is None:
            return values
        filled = pl.Series([filler], dtype=self.widget.dtype, strict=False)
        literal = pl.lit(filled.item(), dtype=self.widget.dtype)
        empty = values.is_null()
        if values.dtype == pl.String:
            empty |= values == ""
        if issues.height:
            empty &= ~texts.str.slice(0, 200).is_in(issues["value"].unique().implode())
        return pl.select(pl.when(empty).then(literal).otherwise(values)).to_series()


class Cleaner:
    """All columns of one file, chunk by chunk, with what was looked up so far."""

    def __init__(
        self, record_type: RecordType, matches: Matches, options: CellOptions
    ) -> None:
        self.record_type = record_type
        self.guards = guards_of([m.header for m in matches.columns], record_type)
        self.used = matches.used
        self.constants = {
            name: tidy(text)
            for name, text in matches.constants.items()
            if name not in self.used
        }
        keys = {n for resource in record_type.resources for n in resource.key()}
        self._columns: dict[str, ColumnCleaner] = {}
        for name, column in record_type.columns.items():
            match = self.used.get(name)
            if match is None and name not in self.constants:
                continue
            percent = match.percent if match else False
            widget = column.widget.configured(replace(options, percent=percent))
            header = match.header if match else str(column.column_name)
            self._columns[name] = ColumnCleaner(
                column, widget, header, is_key=name in keys
            )

    @property
    def _amounts(self) -> list[str]:
        """Columns of amounts in the currency of the row."""
        return [
            name
            for name, cleaner in self._columns.items()
            if isinstance(cleaner.widget, AmountWidget) and "settlement" not in name
        ]

    @property
    def headers(self) -> Mapping[str, str]:
        """How the sender calls each field that the file has."""
        return {name: cleaner.header for name, cleaner in self._columns.items()}

    def clean(self, chunk: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Row frame and issues of a chunk (``row``, ``c0`` … as text).

        Beside a column with a default: whether that was taken for an empty cell;
        beside one of limits: whether the row says that there is none.
        """
        texts = chunk.select(
            pl.col(ROW),
            *(
                self._as_written(f"c{match.position}").alias(name)
                for name, match in self.used.items()
            ),
            *(pl.lit(text).alias(name) for name, text in self.constants.items()),
        )
        values: list[pl.Series] = [texts.get_column(ROW)]
        found: list[pl.DataFrame] = []
        for name, cleaner in self._columns.items():
            column, issues = cleaner.clean(texts, name)
            values.append(column)
            found.append(issues)
            if cleaner.is_key and cleaner.column.default is not NOT_PROVIDED:
                text = texts.get_column(name).fill_null("").str.to_lowercase()
                values.append(text.is_in(["", *cells.NIL]).alias(UNTOLD + name))
            if isinstance(cleaner.widget, LimitWidget):
                is_none = cleaner.widget.means_none(texts[name], column)
                is_none &= ~texts[ROW].is_in(issues["row"].implode())
                values.append(is_none.alias(NONE + name))
        frame = pl.DataFrame(values)
        if "currency" in frame.columns:
            found += contradicting(
                texts, frame["currency"], self._amounts, self.headers
            )
        issues = pl.concat(found) if found else pl.DataFrame(schema=ISSUES)
        broken = frame[ROW].is_in(issues["row"].unique().implode())
        return self._keys(frame).with_columns(broken.alias(BROKEN)), issues

    def _as_written(self, name: str) -> pl.Expr:
        """A text column without blanks around it and without our own guards."""
        texts = pl.col(name).str.strip_chars(BLANKS)
        for _ in range(self.guards):
            texts = unguarded(texts).str.strip_chars(BLANKS)
        return texts

    def _keys(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the key columns that the file does not have, by their defaults."""
        for resource in self.record_type.resources:
            if resource.is_optional:
                continue
            for name in resource.key():
                column = self.record_type.columns[name]
                if name in frame.columns or column.required:
                    continue
                value = (
                    column.widget.blank
                    if column.default is NOT_PROVIDED
                    else column.default
                )
                frame = frame.with_columns(
                    pl.lit(value, dtype=column.widget.dtype).alias(name)
                )
                if column.default is not NOT_PROVIDED:
                    frame = frame.with_columns(pl.lit(value=True).alias(UNTOLD + name))
        return frame
