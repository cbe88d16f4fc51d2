"""Closed lists of the trade, as the London market and Open Exposure Data use them."""

from django.db.models import TextChoices


class TreatyType(TextChoices):
    """Type of contract (OED ``ReinsType``, and what the trade has beside it)."""

    FACULTATIVE = "FAC", "Facultative"
    QUOTA_SHARE = "QS", "Quota share"
    SURPLUS = "SS", "Surplus"
    PER_RISK = "PR", "Per-risk excess of loss"
    CATASTROPHE = "CXL", "Catastrophe excess of loss"
    AGGREGATE = "AXL", "Aggregate excess of loss"
    EXCESS_OF_LOSS = "XL", "Excess of loss (kind not told)"
    STOP_LOSS = "SL", "Stop loss"
    FACULTATIVE_OBLIGATORY = "FACOB", "Facultative obligatory"
    BINDER = "BINDER", "Binding authority"


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
    CANCELLATION = "CANCEL", "Cancellation"


class AmountsAre(TextChoices):
    """Whose share the amounts of a premium are."""

    WHOLE = "whole", "100 %"
    OURS = "ours", "Our share"


class BordereauKind(TextChoices):
    """What a bordereau reports."""

    CLAIMS = "claims", "Claims"
    PREMIUMS = "premiums", "Premiums"


class BordereauStatus(TextChoices):
    """Where a bordereau stands."""

    EXPECTED = "expected", "Expected"
    RECEIVED = "received", "Received"
    LOADED = "loaded", "Loaded"
