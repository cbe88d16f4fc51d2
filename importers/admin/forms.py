"""Forms of the ingestion pages: handing a file in, saying what its columns mean."""

from collections.abc import Mapping as Map
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from importers import record_types
from importers.models import Ingestion, Mapping, Source
from importers.record_types import RecordType
from importers.services import permissions
from importers.services.ingestions import DIRECT
from importers.values import Declared
from reinsurance.resources.charges import ChargesWidget
from reinsurance.resources.widgets import ShareWidget
from reinsurance.visibility import cedants_of, seen_by

MEGABYTE = 1024 * 1024
IGNORE = "-"


def most_bytes() -> int:
    """The largest file that may be handed in."""
    return int(settings.MAX_UPLOAD_MB) * MEGABYTE


class KindChoice(forms.ChoiceField):
    """The kinds of records there are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=self._kinds, label="Kind of record", **options)

    @staticmethod
    def _kinds() -> list[tuple[str, str]]:
        return [("", "Choose…"), *record_types.choices()]


class SenderChoice(forms.ModelChoiceField):
    """The senders whose files come by themselves: all but direct uploads."""

    def __init__(self, **options: Any) -> None:
        senders = Source.objects.exclude(code=DIRECT)
        super().__init__(senders, label="Sender", **options)


class MappingChoice(forms.ModelChoiceField):
    """Mappings by name, kind of file and sender."""

    def __init__(self, **options: Any) -> None:
        super().__init__(Mapping.objects.select_related("source"), **options)

    def label_from_instance(self, mapping: Any) -> str:
        """Enough to tell mappings of one name apart."""
        kind = record_types.RECORD_TYPES.get(mapping.record_type)
        sender = mapping.source.name if mapping.source else "any sender"
        return (
            f"{kind.label if kind else mapping.record_type}: {mapping.name} ({sender})"
        )


class DayInput(forms.DateInput):
    """A calendar to pick a day from."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__({"class": "form-control"}, format="%Y-%m-%d")


class UploadForm(forms.Form):
    """A file, what it holds and who sent it."""

    record_type = forms.ChoiceField(
        label="Kind of file",
        widget=forms.Select({"class": "form-select"}),
        help_text="What each row of the file holds.",
    )
    source = forms.ModelChoiceField(
        Source.objects.filter(is_active=True).exclude(code=DIRECT),
        required=False,
        empty_label="Direct upload (no particular sender)",
        widget=forms.Select({"class": "form-select"}),
        help_text="Who sent it. What you confirm about its columns is remembered "
        "for this sender.",
    )
    file = forms.FileField(
        allow_empty_file=True,
        widget=forms.FileInput(
            {
                "class": "form-control form-control-lg",
                "accept": ".csv,.txt,.tsv,.xlsx,.xlsm,.xlsb,.xls,.ods,.jsonl,.ndjson",
            }
        ),
    )
    period_start = forms.DateField(
        required=False, widget=DayInput(), label="Period from"
    )
    period_end = forms.DateField(
        required=False,
        widget=DayInput(),
        label="Period to",
        help_text="For bordereaux: the reporting period. Needed where the file has "
        "payments of the period instead of payments to date.",
    )
    declared = forms.ChoiceField(
        required=False,
        label="Second file of its period",
        choices=[
            ("", "No, or not known"),
            (Declared.ADDITIONAL.value, "Additional: it adds to the file before"),
            (Declared.CORRECTION.value, "Correction: it takes the place of the file"),
        ],
        widget=forms.Select({"class": "form-select"}),
        help_text="Of one sender, contract and period. You are asked where it has to "
        "be known; on the first file of a period it does no harm.",
    )
    sheet = forms.CharField(
        required=False,
        max_length=120,
        widget=forms.TextInput({"class": "form-control"}),
        help_text="Name of the sheet of a workbook. Empty: the first one with data.",
    )
    mapping = MappingChoice(
        required=False,
        empty_label="Recognise the columns (usual)",
        widget=forms.Select({"class": "form-select"}),
        help_text="Read the file by a mapping that is already known.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind.slug, kind.label) for kind in permissions.kinds_for(user)]
        self._choices("record_type").choices = [("", "Choose…"), *kinds]
        for name in ("source", "mapping"):
            field = self._choices(name)
            field.queryset = seen_by(field.queryset, user)
        if cedants_of(user) is not None:
            self.fields["source"].required = True
            self._choices("source").empty_label = "Choose…"
        megabytes = most_bytes() // MEGABYTE
        self.fields["file"].help_text = (
            f"CSV or Excel (xlsx, xlsm, xlsb, xls, ods), at most {megabytes:,} MB. "
            "It is kept exactly as it is."
        )

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    def clean_file(self) -> UploadedFile:
        """The file, if it is not too large."""
        file = self.cleaned_data["file"]
        if file.size > most_bytes():
            raise forms.ValidationError(
                f"The file has {file.size / MEGABYTE:,.0f} MB; at most "
                f"{most_bytes() // MEGABYTE:,} MB can be handed in. Split it."
            )
        return file

    def clean(self) -> dict[str, Any]:
        """The period in order, and a mapping that is for such a file."""
        data = super().clean() or {}
        start, end = data.get("period_start"), data.get("period_end")
        if start and end and end < start:
            self.add_error("period_end", "The period ends before it starts.")
        mapping = data.get("mapping")
        if mapping and data.get("record_type"):
            if mapping.record_type != data["record_type"]:
                self.add_error("mapping", "This mapping is for another kind of file.")
            elif mapping.source_id and mapping.source != data.get("source"):
                self.add_error("mapping", "This mapping is for another sender.")
        return data


class ReasonForm(forms.Form):
    """Why a file is sent back, or its load undone."""

    reason = forms.CharField(
        max_length=400,
        strip=True,
        widget=forms.Textarea({"class": "form-control", "rows": 2}),
        error_messages={"required": "Say why."},
    )


def share_fields(kind: RecordType) -> set[str]:
    """Names of the columns that hold shares, which senders may write as per cent."""
    shares = (ShareWidget, ChargesWidget)
    return {n for n, c in kind.columns.items() if isinstance(c.widget, shares)}


class ColumnsForm(forms.Form):
    """What each header of a file means, and values that every row has."""

    def __init__(
        self,
        *args: Any,
        ingestion: Ingestion,
        kind: RecordType,
        samples: Map[str, list[str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.samples = samples
        self.shares = share_fields(kind)
        self.matches = ingestion.matches.get("columns", {})
        self.headers = [h for h in ingestion.table.get("header", ()) if h.strip()]
        for position, header in enumerate(self.headers):
            self._add_column(position, self.matches.get(header, {}))
        constants = ingestion.matches.get("constants", {})
        self.gaps = {*ingestion.matches.get("missing", ()), *constants}
        self.needed = [n for n in kind.columns if n in kind.required]
        for name in self.needed:
            self.fields[f"constant-{name}"] = forms.CharField(
                required=False,
                max_length=200,
                initial=constants.get(name, ""),
                label=str(kind.columns[name].column_name),
                widget=forms.TextInput({"class": "form-control"}),
            )

    def _add_column(self, position: int, match: dict[str, Any]) -> None:
        decision = match.get("decision", "ignore")
        field = match.get("field") or ""
        initial = {"auto": field, "ignore": IGNORE}.get(decision, "")
        self.fields[f"field-{position}"] = forms.ChoiceField(
            choices=self._choices(match.get("candidates", ())),
            initial=initial,
            widget=forms.Select({"class": "form-select form-select-sm js-field"}),
            error_messages={
                "required": "Choose what this column is, or ignore it.",
            },
        )
        self.fields[f"percent-{position}"] = forms.BooleanField(
            required=False,
            initial=match.get("percent", False),
            widget=forms.CheckboxInput({"class": "form-check-input"}),
        )

    def _choices(self, candidates: Any) -> list[Any]:
        labels = {n: str(c.column_name) for n, c in self.kind.columns.items()}
        required = [
            (n, label) for n, label in labels.items() if n in self.kind.required
        ]
        other = [
            (n, label) for n, label in labels.items() if (n, label) not in required
        ]
        suggested = [(n, labels[n]) for n in candidates if n in labels]
        return [
            ("", "Choose…"),
            (IGNORE, "Ignore this column"),
            *([("Suggested", suggested)] if suggested else []),
            ("Required", required),
            ("Other", other),
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Header, samples and fields of each line of the form."""
        return [
            {
                "header": header,
                "decision": self.matches.get(header, {}).get("decision", "ignore"),
                "samples": self.samples.get(header, []),
                "field": self[f"field-{position}"],
                "percent": self[f"percent-{position}"] if self.shares else None,
            }
            for position, header in enumerate(self.headers)
        ]

    def constants(self) -> list[forms.BoundField]:
        """Inputs for required values that no column brings."""
        gaps = set(self.gaps)
        if self.is_bound:
            chosen = {self.data.get(f"field-{n}") for n in range(len(self.headers))}
            filled = {n for n in self.needed if self.data.get(f"constant-{n}")}
            gaps |= {n for n in self.needed if n not in chosen} | filled
        return [self[f"constant-{n}"] for n in self.needed if n in gaps]

    def chosen_columns(self) -> dict[str, dict[str, Any]]:
        """As ``services.ingestions.confirm_mapping`` takes them."""
        columns = {}
        for position, header in enumerate(self.headers):
            name = self.cleaned_data[f"field-{position}"]
            name = "" if name == IGNORE else name
            percent = name in self.shares and self.cleaned_data[f"percent-{position}"]
            columns[header] = {"field": name, "percent": percent}
        return columns

    def chosen_constants(self) -> dict[str, str]:
        """As ``services.ingestions.confirm_mapping`` takes them."""
        texts = {n: self.cleaned_data[f"constant-{n}"] for n in self.needed}
        return {name: text for name, text in texts.items() if text}
