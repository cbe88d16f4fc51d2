"""Loss events as files list them."""

import polars as pl

from reinsurance.models import LossEvent
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.date_orders import out_of_order
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

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Dates against those of the books, where a row tells one of the two."""
        codes = frame["event_code"].drop_nulls().unique().to_list()
        events = LossEvent.objects.filter(code__in=codes)
        books = pl.DataFrame(
            list(events.values_list("code", "date_from", "date_to")),
            schema={
                "event_code": pl.String,
                "was.date_from": pl.Date,
                "was.date_to": pl.Date,
            },
            orient="row",
        )
        return frame, out_of_order(
            frame.join(books, on="event_code", maintain_order="left"),
            "date_from",
            "date_to",
            code="event_ends_before_start",
            message="With the date that is in the books the event would begin on {} "
            "and end on {}. Tell both dates here, or correct the one of the row.",
        )

    class Meta(DomainResource.Meta):
        model = LossEvent
        import_id_fields = ("event_code",)
