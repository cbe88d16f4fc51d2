"""Browsers and feeds, as the tests of the machine's pages have them."""

from tests.importers.admin.conftest import (
    andes,
    as_admin,
    as_clerk,
    as_manager,
    as_operator,
    feed,
    loaded,
    ready,
    sent,
    service,
)

__all__ = [
    "andes",
    "as_admin",
    "as_clerk",
    "as_manager",
    "as_operator",
    "feed",
    "loaded",
    "ready",
    "sent",
    "service",
]
