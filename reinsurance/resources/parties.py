"""Parties as files list them."""

from reinsurance.models import Party
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.widgets import LeiWidget, TextWidget


class PartyResource(DomainResource):
    """One company a row."""

    party_code = Column(
        "code",
        "Party code",
        TextWidget(40),
        synonyms=("Code", "Party ID", "Party", "Company code", "Account code"),
        required=True,
        explanation="Your own short code for the company.",
    )
    party_name = Column(
        "name",
        "Party name",
        TextWidget(200),
        synonyms=("Name", "Company", "Company name", "Legal name", "Undertaking Name"),
        required=True,
    )
    lei = Column(
        "lei", "LEI", LeiWidget(), synonyms=("Legal Entity Identifier", "LEI code")
    )
    country = references.country(
        synonyms=("Country code", "Domicile", "Incorporation Country", "Country name")
    )

    unique = ("lei",)

    class Meta(DomainResource.Meta):
        model = Party
        import_id_fields = ("party_code",)
