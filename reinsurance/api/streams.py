"""Records as text: the database writes the lines, we pass them on.

Each line is made by PostgreSQL from the serializer's own fields.  Pages, details and
streams are made of the same lines, so they say the same, and none costs an object for
each row and value.  A stream is read from one snapshot of the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Cast
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework import serializers
from rest_framework.request import Request

from reinsurance.api.problems import ApiProblem
from reinsurance.models.base import MoneyField

CSV = "text/csv"
JSON_LINES = "application/jsonl"
FORMATS = {"json": "application/json", "csv": CSV, "jsonl": JSON_LINES}
BATCH = 2000
MOST_KEY = 2**63 - 1
RISKY = r"^''*[=+\-@\t\r\n＝＋－＠]"  # noqa: RUF001 full-width forms are meant
NUMBER = r"^''*[+-]?[0-9][0-9,.'' ]*%?$"


def wanted_format(request: Request) -> str:
    """``json``, ``csv`` or ``jsonl``: by ``format``, else by the header Accept."""
    name = request.query_params.get("format", "")
    if name:
        if name not in FORMATS:
            said = f"“format” is one of: {', '.join(FORMATS)}."
            errors = [{"field": "format", "message": said, "code": "invalid_choice"}]
            raise ApiProblem("invalid", said, errors=errors)
        return name
    for part in request.headers.get("Accept", "").split(","):
        media_type = part.partition(";")[0].strip().lower()
        for name, known in FORMATS.items():
            if media_type == known:
                return name
    return "json"


@dataclass(frozen=True, slots=True)
class OutColumn:
    """A column of a stream: its name, where it comes from, whether it is free text."""

    name: str
    expression: Any
    is_text: bool


class _Moment(models.Func):
    """A time stamp as REST framework writes it."""

    output_field = models.TextField()
    template = (
        "replace(to_char(%(expressions)s AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), '.000000Z', 'Z')"
    )


class _Amount(models.Func):
    """Money with two decimals, and those beyond that say something."""

    output_field = models.TextField()
    template = "round(%(expressions)s, greatest(2, scale(trim_scale(%(expressions)s))))"

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, Any]:
        """The rounded amount as text; what is rounded stands in it twice."""
        sql, parameters = super().as_sql(compiler, connection, **extra_context)
        return f"{sql}::text", (*parameters, *parameters)


class MadeField(serializers.ReadOnlyField):
    """A field that the database makes of others: JSON, by an expression of a query.

    ``schema``: what it looks like, for the description.
    """

    def __init__(self, expression: Any, schema: Any, **options: Any) -> None:
        super().__init__(**options)
        self.expression = expression
        self.Meta = type("Meta", (), {"swagger_schema_fields": schema})


def columns_of(
    model: type[models.Model], fields: Mapping[str, serializers.Field]
) -> list[OutColumn]:
    """The serializer's fields as columns of a query on the model."""
    return [
        _column(model, name, field)
        for name, field in fields.items()
        if not field.write_only
    ]


def _column(
    model: type[models.Model], name: str, field: serializers.Field
) -> OutColumn:
    if isinstance(field, MadeField):
        return OutColumn(name, field.expression, True)
    path = "__".join(field.source_attrs)
    target = model_field(model, field.source_attrs)
    if isinstance(target, MoneyField):
        return OutColumn(name, _Amount(F(path)), False)
    if isinstance(target, models.DecimalField):
        return OutColumn(name, Cast(F(path), models.TextField()), False)
    if isinstance(target, models.DateTimeField):
        return OutColumn(name, _Moment(F(path)), False)
    is_text = isinstance(target, models.CharField | models.TextField | models.JSONField)
    return OutColumn(name, F(path), is_text)


def model_field(model: type[models.Model], path: list[str]) -> models.Field:
    """The field at the end of a path of relations; of a key, the one it refers to."""
    for name in path[:-1]:
        model = model._meta.get_field(name).related_model
    last: Any = model._meta.pk if path[-1] == "pk" else model._meta.get_field(path[-1])
    while isinstance(last, models.ForeignKey):
        last = last.target_field
    if isinstance(last, models.GeneratedField):
        last = last.output_field
    field: models.Field = last
    return field


def stream(
    queryset: QuerySet, columns: Sequence[OutColumn], *, kind: str, name: str
) -> StreamingHttpResponse:
    """The records as an attachment ``name.csv`` or ``name.jsonl``."""
    lines = csv_lines if kind == "csv" else json_lines
    return StreamingHttpResponse(
        lines(queryset, columns),
        content_type=f"{FORMATS[kind]}; charset=utf-8",
        headers={
            "Content-Disposition": content_disposition_header(True, f"{name}.{kind}"),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


def csv_lines(queryset: QuerySet, columns: Sequence[OutColumn]) -> Iterator[bytes]:
    """Header and rows (RFC 4180), texts made harmless for spreadsheet programs."""
    yield (",".join(column.name for column in columns) + "\r\n").encode()
    parts = [
        _csv_text(f"q.c{n}::text") if column.is_text else f"q.c{n}::text"
        for n, column in enumerate(columns)
    ]
    line = " || ',' || ".join(f"coalesce({part}, '')" for part in parts)
    yield from _lines(queryset, columns, line, b"\r\n")


def _csv_text(value: str) -> str:
    """SQL: text in quotes where it must be, with an apostrophe before a formula."""
    safe = (
        f"CASE WHEN {value} ~ '{RISKY}' AND {value} !~ '{NUMBER}' "
        f"THEN '''' || {value} ELSE {value} END"
    )
    return (
        f"CASE WHEN {value} ~ '[\",\\r\\n]' "
        f"THEN '\"' || replace({safe}, '\"', '\"\"') || '\"' ELSE {safe} END"
    )


def json_lines(queryset: QuerySet, columns: Sequence[OutColumn]) -> Iterator[bytes]:
    """One JSON object a line."""
    yield from _lines(queryset, columns, _json_line(columns), b"\n")


def json_rows(
    queryset: QuerySet, columns: Sequence[OutColumn], keys: Sequence[str] = ()
) -> list[tuple[str, list[Any]]]:
    """Each record as a JSON object, and its values of the columns ``keys``."""
    names = {f"k{n}": F(key) for n, key in enumerate(keys)}
    line = ", ".join([_json_line(columns), *(f"q.{name}" for name in names)])
    asked = _asked(queryset, columns, line, names)
    if asked is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(*asked)
        return [(text, values) for text, *values in cursor.fetchall()]


def statement_for_one(queryset: QuerySet, columns: Sequence[OutColumn]) -> str:
    """The statement of :func:`one`: making it takes longer than the database does."""
    asked = _asked(queryset.filter(pk="0"), columns, _json_line(columns), {})
    if asked is None or len(asked[1]) != 1:
        raise ValueError("Only the key may be a parameter.")
    return asked[0]


def one(statement: str, pk: int | str) -> str | None:
    """The record of that key as a JSON object; None where there is none."""
    if isinstance(pk, int) and pk > MOST_KEY:
        return None
    with connection.cursor() as cursor:
        cursor.execute(statement, [pk])
        row = cursor.fetchone()
    return row[0] if row else None


def _json_line(columns: Sequence[OutColumn]) -> str:
    quote = connection.ops.quote_name
    named = ", ".join(f"q.c{n} AS {quote(c.name)}" for n, c in enumerate(columns))
    return f"(SELECT row_to_json(r)::text FROM (SELECT {named}) r)"  # noqa: S608


def _lines(
    queryset: QuerySet, columns: Sequence[OutColumn], line: str, end: bytes
) -> Iterator[bytes]:
    asked = _asked(queryset, columns, line, {})
    if asked is None:
        return
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(*asked)
        while rows := cursor.fetchmany(BATCH):
            yield b"".join([text.encode() + end for (text,) in rows])


def _asked(
    queryset: QuerySet,
    columns: Sequence[OutColumn],
    line: str,
    more: Mapping[str, Any],
) -> tuple[str, Any] | None:
    """The statement that gives ``line`` for each record; None: there can be none."""
    named = {f"c{n}": column.expression for n, column in enumerate(columns)}
    try:
        sql, parameters = queryset.values(**named, **more).query.sql_with_params()
    except EmptyResultSet:  # a number that no record can have
        return None
    escaped = line.replace("%", "%%")  # what is no parameter
    return f"SELECT {escaped} FROM ({sql}) q", parameters  # noqa: S608 names are ours
