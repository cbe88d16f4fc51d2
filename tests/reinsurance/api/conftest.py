"""Books and callers for the tests of the records' API."""

from tests.reinsurance.admin.conftest import as_admin, as_clerk, as_manager, book

__all__ = ["as_admin", "as_clerk", "as_manager", "book"]
