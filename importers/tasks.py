"""What the cluster runs: thin functions, named by dotted path, that return nothing."""

from importers.services import undoing, work


def check(ingestion: int) -> None:
    """Check a received ingestion."""
    work.check(ingestion)


def load(ingestion: int) -> None:
    """Load an approved ingestion."""
    work.load(ingestion)


def undo(ingestion: int) -> None:
    """Take a loaded ingestion back."""
    undoing.undo(ingestion)
