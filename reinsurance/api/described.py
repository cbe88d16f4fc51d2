"""How an operation of the API is described (Swagger 2.0), true to what it does."""

from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector, SwaggerAutoSchema
from rest_framework import serializers

from reinsurance.api import streams
from reinsurance.api.problems import MEDIA_TYPE, PROBLEMS, phrase

COMMON = ("not_signed_in", "not_allowed", "missing_scope", "too_many_requests")
WITH_PARAMETERS = ("invalid", "bad_cursor")
WITH_BODY = ("invalid", "unreadable_body", "wrong_media_type")


class WrongField(serializers.Serializer):
    """What is wrong with one field or parameter."""

    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    code = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """A problem as RFC 9457 has it."""

    type = serializers.CharField(help_text="Address of a page about the problem.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong and what to do.")
    code = serializers.CharField(help_text="The kind of problem, for programs.")
    errors = WrongField(many=True, required=False)

    class Meta:
        ref_name = "Problem"


def _header(name: str, about: str, **more: Any) -> openapi.Parameter:
    return openapi.Parameter(
        name, openapi.IN_HEADER, description=about, type=openapi.TYPE_STRING, **more
    )


IF_NONE_MATCH = _header(
    "If-None-Match", "ETag of the answer that you have: 304 if it is still the same."
)
IDEMPOTENCY_KEY = _header(
    "Idempotency-Key",
    "Any text of your own, at most 200 characters. The same key gives the same answer "
    "and is acted upon once.",
    maxLength=200,
    pattern=r"^[!-~]{1,200}$",
)
FIELDS = openapi.Parameter(
    "fields",
    openapi.IN_QUERY,
    description="Names of the fields wanted, separated by commas; usually all.",
    type=openapi.TYPE_STRING,
)
FORMAT = openapi.Parameter(
    "format",
    openapi.IN_QUERY,
    description="csv and jsonl give the whole list as a stream (also by Accept).",
    type=openapi.TYPE_STRING,
    enum=list(streams.FORMATS),
)


class MayBeEmpty(FieldInspector):
    """A text that is only shown may be empty; so may what need not be, one of a few."""

    def process_result(
        self, result: Any, method_name: str, obj: Any, **kwargs: Any
    ) -> Any:
        """The field's schema without what an empty text would break."""
        if isinstance(result, openapi.Schema) and getattr(obj, "read_only", False):
            result.pop("minLength", None)
        if isinstance(result, openapi.Schema) and getattr(obj, "allow_blank", False):
            result.pop("format", None)
            if "enum" in result and "" not in result["enum"]:
                result["enum"] = [*result["enum"], ""]
        return result


class Described(SwaggerAutoSchema):
    """An operation with the headers, parameters and problems that it really has."""

    field_inspectors = (MayBeEmpty, *SwaggerAutoSchema.field_inspectors)

    @property
    def action(self) -> str:
        """The name of the view's method."""
        return str(getattr(self.view, "action", "") or self.method.lower())

    @property
    def is_list(self) -> bool:
        """Whether the operation gives pages and streams."""
        return self.action == "list" and hasattr(self.view, "order_choices")

    def get_tags(self, operation_keys: Any = None) -> list[str]:
        """The collection's name."""
        keys = operation_keys or self.operation_keys
        return self.overrides.get("tags") or [keys[0]]

    def get_operation_id(self, operation_keys: Any = None) -> str:
        """Collection and action, such as ``claims_list``."""
        keys = operation_keys or self.operation_keys
        return super().get_operation_id([k.replace("-", "_") for k in keys])

    def get_summary_and_description(self) -> tuple[str | None, str]:
        """The method's words; for lists and details those of their collection."""
        summary, description = super().get_summary_and_description()
        about = (type(self.view).__doc__ or "").strip()
        if self.action in {"list", "retrieve"} and not summary:
            told = f"{about} {description}" if self.action == "list" else description
            return about.partition("\n")[0][:119], told
        if summary:
            return summary, description
        first, _, rest = description.partition("\n")
        return first[:119], description if rest else ""

    def get_security(self) -> Any:
        """None for what is open to everybody."""
        return [] if getattr(self.view, "is_public", False) else None

    def get_produces(self) -> list[str]:
        """JSON, what the operation gives beside it, and problems."""
        kinds = list(getattr(self.view, "produces", {}).get(self.action, ()))
        if self.is_list:
            kinds = list(streams.FORMATS.values())
        return [*(kinds or ["application/json"]), MEDIA_TYPE]

    def get_query_parameters(self) -> list[Any]:
        """Filters and pages; sorting, fields and formats where the view has them."""
        found = super().get_query_parameters()
        if self.is_list:
            names = self.view.order_choices()
            found.append(
                openapi.Parameter(
                    "ordering",
                    openapi.IN_QUERY,
                    description="How the list is sorted; - before a name: downwards.",
                    type=openapi.TYPE_STRING,
                    enum=names,
                )
            )
            found += [FIELDS, FORMAT]
        elif self.action == "retrieve" and hasattr(self.view, "order_choices"):
            found.append(FIELDS)
        return found

    def add_manual_parameters(self, parameters: Any) -> Any:
        """With the headers that every operation of its method heeds."""
        found = super().add_manual_parameters(parameters)
        if self.method == "POST" and getattr(self.view, "is_idempotent", False):
            return [*found, IDEMPOTENCY_KEY]
        if self.method == "GET" and not getattr(self.view, "produces", {}).get(
            self.action
        ):
            return [*found, IF_NONE_MATCH]
        return found

    def get_responses(self) -> openapi.Responses:
        """The answers, among them each problem that can come of it."""
        responses = super().get_responses()
        schema = self.serializer_to_schema(ProblemSerializer())
        by_status: dict[int, list[str]] = {}
        for code in self.problem_codes():
            by_status.setdefault(PROBLEMS[code].status, []).append(code)
        for status, codes in sorted(by_status.items()):
            said = "; ".join(f"`{code}`: {PROBLEMS[code].title}" for code in codes)
            responses[str(status)] = openapi.Response(
                f"{phrase(status)}. {said}.", schema
            )
        if self.method == "GET" and IF_NONE_MATCH in self.add_manual_parameters([]):
            responses["304"] = openapi.Response("Still as you have it.")
        return responses

    def problem_codes(self) -> list[str]:
        """Codes of the problems that the operation may answer with."""
        own = getattr(self.view, "problems", {})
        is_public = getattr(self.view, "is_public", False)
        common = ("too_many_requests",) if is_public else COMMON
        codes = [*common, *own.get(self.action, ()), *own.get("*", ())]
        if self.get_query_parameters():
            codes += WITH_PARAMETERS
        if "{" in self.path:
            codes.append("not_found")
        if self.method in {"POST", "PUT", "PATCH"}:
            codes += WITH_BODY
            codes += getattr(self.view, "posting_problems", ())
        return list(dict.fromkeys(codes))
