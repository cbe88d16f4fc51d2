"""Names and shapes that the columnar stages share.

A *row frame* has ``row`` (source row number), one column for each field of the record
type under its name, and columns of the machine's own, which begin with two
underscores.
"""

from reinsurance.resources.issues import BROKEN, ISSUES, ROW, issues_at, no_issues

__all__ = ["BROKEN", "ISSUES", "ROW", "issues_at", "no_issues"]
