"""Issues of rules over what would stand in the books."""

import polars as pl

from reinsurance.resources.issues import issues_at


def rule_issue(
    rows: pl.DataFrame,
    code: str,
    severity: str,
    column: str,
    message: pl.Expr,
    value: pl.Expr | None = None,
) -> pl.DataFrame:
    return issues_at(
        rows, column=column, value=value, code=code, severity=severity, message=message
    )
