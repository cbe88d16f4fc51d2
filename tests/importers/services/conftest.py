"""Files on their way, as the tests of the machine's pages have them."""

from tests.importers.admin.conftest import andes, as_clerk, sent

__all__ = ["andes", "as_clerk", "sent"]
