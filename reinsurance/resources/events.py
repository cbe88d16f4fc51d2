"""Loss events as files list them."""

import polars as pl

from reinsurance.models import LossEvent
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.rules import Rule
from reinsurance.resources.widgets import DateWidget, TextWidget


class LossEventResource(DomainResource):
    """One loss event a row."""

    event_code = Column(
        "code",
        "Event code",
        TextWidget(40),
        synonyms=("Code", "Event", "Event ID", "Loss event"),
        required=True,
    )
    event_name = Column(
        "name",
        "Event name",
        TextWidget(200),
        synonyms=("Name", "Catastrophe name"),
        required=True,
    )
    catastrophe_code = Column(
        "catastrophe_code",
        "Catastrophe code",
        TextWidget(20),
        synonyms=("Cat code", "PCS code", "Lloyd's cat code"),
    )
    peril = Column("peril", "Peril", TextWidget(80))
    date_from = Column(
        "date_from", "Date from", DateWidget(), synonyms=("From", "Start date", "Date")
    )
    date_to = Column("date_to", "Date to", DateWidget(), synonyms=("To", "End date"))
    country = references.country(synonyms=("Country code",))

    rules = (
        Rule(
            "event_ends_before_start",
            "error",
            "date_to",
            "The event ends on {date_to}, before it begins on {date_from}. "
            "Correct one of the dates.",
            pl.col("date_to") < pl.col("date_from"),
        ),
    )

    class Meta(DomainResource.Meta):
        model = LossEvent
        import_id_fields = ("event_code",)
