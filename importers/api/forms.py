"""What callers send: a file, what its columns mean, a reason."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from importers import record_types
from importers.values import Declared

_DECLARED = [(value.value, value.value) for value in Declared]


class Upload(serializers.Serializer):
    """A file, what its rows hold and who sent it."""

    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV, Excel or JSON lines."
    )
    record_type = serializers.ChoiceField(
        record_types.choices(), help_text="What each row of the file holds."
    )
    source = serializers.CharField(
        max_length=40, help_text="Code of the sender, as the list of sources has it."
    )
    mapping = serializers.CharField(
        required=False,
        max_length=120,
        help_text="Name of a mapping; without it the columns are recognised.",
    )
    declared = serializers.ChoiceField(
        _DECLARED,
        required=False,
        allow_blank=True,
        help_text="What a second file of one sender, contract and period is; "
        "without an answer such a file waits for one.",
    )
    sheet = serializers.CharField(
        required=False, max_length=120, help_text="Sheet of a workbook."
    )
    period_start = serializers.DateField(required=False)
    period_end = serializers.DateField(
        required=False, help_text="End of the reporting period of a bordereau."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The period is in order."""
        start, end = attrs.get("period_start"), attrs.get("period_end")
        if start and end and end < start:
            raise serializers.ValidationError(
                {"period_end": "The period ends before it starts."}
            )
        return attrs


class ColumnChoice(serializers.Serializer):
    """What a column of the file is."""

    field = serializers.CharField(
        allow_blank=True, max_length=80, help_text="Name of a field; empty: ignored."
    )
    percent = serializers.BooleanField(
        default=False, help_text="Shares are written as per cent."
    )


class MappingChoice(serializers.Serializer):
    """What every column of the file is, and values that all rows have."""

    columns = serializers.DictField(
        child=ColumnChoice(), help_text="Header as in the file, to what it is."
    )
    constants = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=200),
        required=False,
        help_text="Name of a field, to the value that every row has.",
    )


class Approval(serializers.Serializer):
    """What was looked at."""

    effect = serializers.CharField(
        max_length=64,
        help_text="The fingerprint `effect` that the ingestion's answer had.",
    )


class Declaration(serializers.Serializer):
    """What a second file of a contract and period is."""

    declared = serializers.ChoiceField(
        _DECLARED,
        help_text="additional: it adds to the file before; correction: it takes its "
        "place, and what it leaves out does not count any more.",
    )


class Answers(serializers.Serializer):
    """Which contract the rows of each reference are about."""

    answers = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        allow_empty=False,
        help_text="Reference as the file has it, to the contract's id.",
    )


class Reason(serializers.Serializer):
    """Why."""

    reason = serializers.CharField(max_length=400)


class OptionalReason(serializers.Serializer):
    """Why, if there is something to say."""

    reason = serializers.CharField(required=False, max_length=400)


def reason_of(request: Request) -> str:
    """The reason that the body gives."""
    form = Reason(data=request.data)
    form.is_valid(raise_exception=True)
    text: str = form.validated_data["reason"]
    return text
