"""Columns that refer to other records, the same in every Resource."""

from typing import Any, Literal

from reinsurance.models import (
    ClaimStatus,
    Country,
    Currency,
    LineOfBusiness,
    LossEvent,
)
from reinsurance.resources.base import Column
from reinsurance.resources.lookups import (
    CodeWidget,
    ContractWidget,
    ReferenceWidget,
    party_widget,
)
from reinsurance.resources.widgets import TextWidget

TREATY_SYNONYMS = (
    "UMR",
    "Unique Market Reference",
    "Unique Market Reference (UMR)",
    "Treaty No",
    "Treaty Number",
    "Treaty Ref",
    "Treaty ID",
    "Treaty",
    "Contract ID",
    "Contract No",
    "Contract Ref",
    "Contract Reference",
    "Contract Number",
    "Agreement No",
    "Agreement Number",
    "CR0005",
    "CR0006",
)


def treaty(
    attribute: str = "treaty_id",
    *,
    kind: Literal["claims", "premiums", "scope", "register"] = "claims",
    **options: Any,
) -> Column:
    """The reference of a treaty; other cells of the row may tell which it names."""
    options = {"shows": "treaty__reference", "required": True, **options}
    return Column(
        attribute,
        "Treaty reference",
        ContractWidget(kind),
        synonyms=TREATY_SYNONYMS,
        **options,
    )


def agreement() -> Column:
    """The agreement's number beside its UMR, for further details.

    Where the file has no other reference of the contract it is the contract's.
    """
    return Column(
        None,
        "Agreement No",
        TextWidget(500),
        synonyms=("Agreement Number", "CR0006"),
        gives_way=True,
        explanation="Kept with the record's further details.",
    )


def party(attribute: str | None, column_name: str, **options: Any) -> Column:
    """A party that is already in the books, by its code, LEI or name."""
    if attribute:
        shows = f"{attribute.removesuffix('_id')}__code"
        options = {"shows": shows, **options}
    return Column(attribute, column_name, party_widget(), **options)


def loss_event(**options: Any) -> Column:
    """A loss event that is already in the books, by its code."""
    widget = ReferenceWidget(
        LossEvent,
        ("code",),
        names=("name",),
        code="unknown_loss_event",
        advice="Correct it, load the event first, or leave it empty.",
    )
    return Column(
        "loss_event_id", "Loss event", widget, shows="loss_event__code", **options
    )


def currency(
    attribute: str | None = "currency_id",
    column_name: str = "Currency",
    **options: Any,
) -> Column:
    """A currency of ISO 4217."""
    widget = CodeWidget(
        Currency, "name", code="unknown_currency", what="currency (ISO 4217)"
    )
    return Column(attribute, column_name, widget, **options)


def country(
    attribute: str = "country_id", column_name: str = "Country", **options: Any
) -> Column:
    """A country of ISO 3166."""
    widget = CodeWidget(
        Country, "name", "alpha3", code="unknown_country", what="country (ISO 3166)"
    )
    return Column(attribute, column_name, widget, **options)


def line_of_business(**options: Any) -> Column:
    """A line of business."""
    widget = CodeWidget(
        LineOfBusiness,
        "name",
        code="unknown_line_of_business",
        what="line of business",
    )
    synonyms = ("LOB", "Class", "Class of Business", "Risk Class", "Product", "CR0017")
    return Column(
        "line_of_business_id",
        "Line of business",
        widget,
        synonyms=synonyms,
        **options,
    )


def claim_status(**options: Any) -> Column:
    """A claim status of the Coverholder Reporting Standards."""
    widget = CodeWidget(ClaimStatus, "name", code="unknown_status", what="claim status")
    return Column("status_id", "Claim status", widget, **options)
