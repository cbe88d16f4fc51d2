"""Treaty scopes: which risks a treaty covers (OED ReinsScope)."""

import polars as pl

from reinsurance.models import TreatyScope
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.contracts import locate_contracts
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.layers import RISK_LEVEL
from reinsurance.resources.widgets import DateWidget, ShareWidget, TextWidget


class TreatyScopeResource(DomainResource):
    """What a treaty covers (OED ReinsScope): filters of a row, rows as alternatives."""

    treaty_reference = references.treaty(kind="scope")
    treaty_cedant = references.party(
        None,
        "Treaty cedant",
        shows="treaty__cedant__code",
        explanation="Tells contracts of one reference apart; not stored.",
    )
    treaty_inception = Column(
        None,
        "Treaty inception",
        DateWidget(),
        shows="treaty__inception",
        explanation="Tells periods of one contract apart; not stored.",
    )
    portfolio = Column(
        "portfolio", "Portfolio", TextWidget(40), synonyms=("Portfolio number",)
    )
    account = Column("account", "Account", TextWidget(40), synonyms=("Account number",))
    policy = Column("policy", "Policy", TextWidget(40), synonyms=("Policy number",))
    location_group = Column("location_group", "Location group", TextWidget(40))
    location = Column(
        "location", "Location", TextWidget(40), synonyms=("Location number",)
    )
    cedant_name = Column("cedant_name", "Cedant name", TextWidget(200))
    producer_name = Column("producer_name", "Producer name", TextWidget(200))
    scope_line_of_business = Column(
        "line_of_business", "Line of business", TextWidget(80), synonyms=("LOB",)
    )
    country_code = Column("country_code", "Country code", TextWidget(20))
    tag = Column("tag", "Tag", TextWidget(80), synonyms=("Reinsurance tag",))
    scope_risk_level = Column("risk_level", "Risk level", RISK_LEVEL)
    scope_ceded_share = Column(
        "ceded_share", "Ceded share", ShareWidget(), synonyms=("Ceded %", "% Ceded")
    )

    class Meta(DomainResource.Meta):
        model = TreatyScope
        import_id_fields = (
            "treaty_reference",
            "portfolio",
            "account",
            "policy",
            "location_group",
            "location",
            "cedant_name",
            "producer_name",
            "scope_line_of_business",
            "country_code",
            "tag",
        )

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The contract of each row."""
        return locate_contracts(frame, conventions=context.conventions, kind="scope")
