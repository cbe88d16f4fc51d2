"""The forms of a feed: its rules are those of ``services.feed_rules``."""

from copy import copy
from typing import Any

from django import forms
from django.forms.models import construct_instance

from importers.admin.fields import JsonField, JsonInput, number_input, tell, text_input
from importers.admin.forms import KindChoice, MappingChoice, SenderChoice
from importers.admin.words import ASKS_FOR, DEVIATIONS, FORMATS, PAGINGS
from importers.models import Feed
from importers.services import feed_rules
from importers.values import Incremental, Paging

NUMBERED = f"{Paging.PAGE}|{Paging.OFFSET}"
NEWS = f"{Incremental.CURSOR}|{Incremental.WINDOWS}"

FIELDSETS: Any = (
    (
        "What",
        {
            "fields": (
                "name", "code", "service", "record_type", "source", "mapping",
                "loads_itself", "is_active",
            )
        },
    ),
    (
        "Where and how",
        {
            "fields": (
                "path", "parameters", "format", "records_path", "page_values", "unfold",
            )
        },
    ),
    (
        "Pages",
        {
            "fields": (
                "paging", "page_parameter", "first_page", "size_parameter",
                "page_size", "cursor_path", "more_path", "next_path", "total_path",
                "snapshot_path", "most_pages",
            )
        },
    ),
    (
        "What is new",
        {
            "fields": (
                "incremental", "cursor_field", "cursor_start", "overlap",
                "window_days", "cursor",
            )
        },
    ),
    ("Contract", {"fields": ("contract_mode", "contract")}),
    ("Patience", {"fields": ("deadline_minutes",)}),
)  # fmt: skip


class FeedForm(forms.ModelForm):
    """A feed as it is edited; its cursor only where somebody really changed it."""

    record_type = KindChoice()
    source = SenderChoice(
        help_text="Whose files these records would otherwise come in."
    )
    mapping = MappingChoice(
        required=False,
        empty_label="Recognise the fields (usual)",
        help_text="Read the records by a mapping that is already known.",
    )
    parameters = JsonField(
        empty={},
        help_text="Name and value, sent with the first page: "
        '<code>{"status": "open", "updated_since": "{cursor}"}</code>. A value may '
        "hold {cursor}, {from}, {to} and {today}.",
    )
    format = forms.ChoiceField(choices=list(FORMATS.items()))
    page_values = JsonField(
        empty={},
        label="Values of the page",
        help_text="Name and path of values that every record of a page gets: "
        '<code>{"as_of": "meta.date"}</code>',
    )
    unfold = JsonField(
        empty=[],
        help_text="For records that are kept by key, names for the keys and the value: "
        '<code>["day", "currency", "rate"]</code>',
    )
    paging = forms.ChoiceField(
        label="How pages follow each other", choices=list(PAGINGS.items())
    )
    incremental = forms.ChoiceField(label="Asks for", choices=list(ASKS_FOR.items()))
    cursor = forms.CharField(
        label="Next sync asks from",
        required=False,
        max_length=200,
        show_hidden_initial=True,
        help_text="Moves by itself when what was fetched has been loaded. Change it to "
        "fetch something once more; empty it to begin anew.",
        widget=text_input(incremental=NEWS),
    )
    contract = JsonField(
        empty=None,
        help_text="A JSON Schema (2020-12) of one record. “Test connection” makes a "
        "first draft of what the service sends.",
        widget=JsonInput(),
    )
    contract_mode = forms.ChoiceField(
        label="Records that deviate", choices=list(DEVIATIONS.items())
    )

    class Meta:
        model = Feed
        fields = (
            "name", "code", "service", "record_type", "source", "mapping",
            "loads_itself", "is_active", "path", "parameters", "format",
            "records_path", "page_values", "unfold", "paging", "page_parameter",
            "first_page", "size_parameter", "page_size", "cursor_path", "next_path",
            "more_path", "total_path", "snapshot_path", "most_pages", "incremental",
            "cursor_field", "cursor_start", "overlap", "window_days", "cursor",
            "contract", "contract_mode", "deadline_minutes",
        )  # fmt: skip
        labels = {
            "page_parameter": "Parameter of the page",
            "size_parameter": "Parameter of the size",
            "more_path": "“Has more” at",
            "deadline_minutes": "Longest sync, in minutes",
            "most_pages": "Most pages",
        }
        help_texts = {
            "page_parameter": "Empty: page, offset or cursor.",
            "size_parameter": "Empty: limit, $top or page[size], as is usual.",
            "total_path": "Where an answer tells how many records there are; they are "
            "counted at the end.",
            "next_path": "Empty: found by itself at the usual places.",
            "cursor_start": "Where the first sync begins: a date, time or number.",
            "deadline_minutes": "What was fetched until then is kept, and the next "
            "sync goes on from there.",
        }
        widgets = {
            "page_parameter": text_input(paging=f"{NUMBERED}|{Paging.CURSOR}"),
            "first_page": number_input(paging=Paging.PAGE),
            "cursor_path": text_input(paging=Paging.CURSOR),
            "more_path": text_input(paging=Paging.CURSOR),
            "next_path": text_input(paging=Paging.NEXT_LINK),
            "cursor_field": text_input(incremental=Incremental.CURSOR),
            "cursor_start": text_input(incremental=NEWS),
            "overlap": number_input(incremental=NEWS),
            "window_days": number_input(incremental=Incremental.WINDOWS),
        }

    def clean_parameters(self) -> Any:
        """Names and texts."""
        values = self.cleaned_data["parameters"]
        return feed_rules.texts(values) if isinstance(values, dict) else values

    def clean(self) -> dict[str, Any]:
        """The rules that every door shares."""
        data = super().clean() or {}
        after = construct_instance(self, copy(self.instance), self.fields)
        tell(self, feed_rules.problems_of_feed(after))
        return data


class ContractForm(forms.Form):
    """The agreed shape of a feed's records, as a test of the connection proposes it."""

    contract = JsonField(
        required=True,
        label="Contract",
        help_text="A JSON Schema (2020-12) of one record. Take out what need not be, "
        "and say what must: “required” names the fields that every record has.",
        error_messages={"required": "Write a JSON Schema."},
    )
    contract_mode = forms.ChoiceField(
        label="Records that deviate",
        choices=list(DEVIATIONS.items()),
        widget=forms.Select({"class": "form-select"}),
    )

    def __init__(self, *args: Any, feed: Feed, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.feed = feed

    def clean(self) -> dict[str, Any]:
        """The contract by the rules of the feed's own form."""
        data = super().clean() or {}
        if "contract" in data and "contract_mode" in data:
            self.feed.contract = data["contract"]
            self.feed.contract_mode = data["contract_mode"]
            if said := feed_rules.problems_of_feed(self.feed).get("contract"):
                self.add_error("contract", said)
        return data


class TimesForm(forms.Form):
    """When a feed is synced: the services say whether it makes sense."""

    cron = forms.CharField(required=False, max_length=100, strip=True)
    minutes = forms.IntegerField(required=False, min_value=1)
