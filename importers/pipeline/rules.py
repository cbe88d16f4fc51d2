"""The issues of rows that break rules, named as the sender calls the columns."""

from collections.abc import Iterable, Mapping

import polars as pl

from importers.pipeline.frames import issues_at, no_issues
from reinsurance.resources.rules import Rule


def named(issues: pl.DataFrame, headers: Mapping[str, str]) -> pl.DataFrame:
    """Issues of columns by the names of fields, with the sender's headers instead."""
    if not issues.height:
        return issues
    return issues.with_columns(pl.col("column").replace(dict(headers)))


def broken_rules(
    rules: Iterable[Rule], frame: pl.DataFrame, headers: Mapping[str, str]
) -> pl.DataFrame:
    """The issues of rows that break a rule; one without its columns is not asked."""
    found = [no_issues()]
    for rule in rules:
        if not rule.needs <= set(frame.columns):
            continue
        rows = frame.filter(rule.broken)
        if rows.height:
            has_column = rule.column in rows.columns
            found.append(
                issues_at(
                    rows,
                    column=headers.get(rule.column, rule.column),
                    value=pl.col(rule.column) if has_column else None,
                    code=rule.code,
                    severity=rule.severity,
                    message=rule.text(),
                )
            )
    return pl.concat(found)
