"""Closed lists of the trade, as the London market and Open Exposure Data use them."""

from django.db.models import TextChoices


class TreatyType(TextChoices):
    """Type of contract (OED ``ReinsType``; aggregate excess added)."""

    FACULTATIVE = "FAC", "Facultative"
    QUOTA_SHARE = "QS", "Quota share"
    SURPLUS = "SS", "Surplus"
    PER_RISK = "PR", "Per-risk excess of loss"
    CATASTROPHE = "CXL", "Catastrophe excess of loss"
    AGGREGATE = "AXL", "Aggregate excess of loss"


class AttachmentBasis(TextChoices):
    """Which losses a treaty responds to (OED ``AttachmentBasis``)."""

    LOSSES_OCCURRING = "LO", "Losses occurring"
    RISKS_ATTACHING = "RA", "Risks attaching"


class RiskLevel(TextChoices):
    """What one "risk" is for the per-risk terms (OED ``RiskLevel``)."""

    LOCATION = "LOC", "Location"
    LOCATION_GROUP = "LGR", "Location group"
    POLICY = "POL", "Policy"
    ACCOUNT = "ACC", "Account"
    SELECTION = "SEL", "Selection in the scope"


class PremiumTransaction(TextChoices):
    """Premium transaction type (CRS CR0056)."""

    ORIGINAL = "ORIGINAL", "Original"
    ADDITIONAL = "ADDITIONAL", "Additional"
    RETURN = "RETURN", "Return premium"


class BordereauKind(TextChoices):
    """What a bordereau reports."""

    CLAIMS = "claims", "Claims"
    PREMIUMS = "premiums", "Premiums"


class BordereauStatus(TextChoices):
    """Where a bordereau stands."""

    EXPECTED = "expected", "Expected"
    RECEIVED = "received", "Received"
    LOADED = "loaded", "Loaded"
