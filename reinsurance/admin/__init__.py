"""The domain's pages in the admin, one module per module of models."""

from reinsurance.admin import (
    bordereaux,
    claims,
    layers,
    parties,
    premiums,
    proposals,
    reference,
    treaties,
)

__all__ = [
    "bordereaux",
    "claims",
    "layers",
    "parties",
    "premiums",
    "proposals",
    "reference",
    "treaties",
]
