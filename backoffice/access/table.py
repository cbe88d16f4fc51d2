"""The whole table: every address of the site.

An address that is not in it is closed to everybody; the tests walk every address of
the site, role by role and method by method, and hold it against the table.
"""

from backoffice.access.admin_table import ACCOUNT, ADMIN
from backoffice.access.api_table import API, SIGNING_IN, WATCHING
from backoffice.access.rules import Rule, Rules

TABLE: Rules = {**API, **SIGNING_IN, **WATCHING, **ADMIN, **ACCOUNT}


def rule_of(name: str, method: str) -> Rule | None:
    """The rule of an address and method; None where the table has none."""
    asked = "GET" if method == "HEAD" else method
    return TABLE.get(name, {}).get(asked)
