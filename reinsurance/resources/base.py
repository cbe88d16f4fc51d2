"""What all Resources share: columns with synonyms, row rules, a safe export."""

from collections.abc import Mapping
from typing import Any, ClassVar

import polars as pl
import tablib
from django.core.exceptions import ValidationError
from django.db import models
from import_export.fields import Field
from import_export.resources import ModelResource

from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.conventions import FileContext
from reinsurance.resources.exports import flat, related_to, table
from reinsurance.resources.issues import no_issues
from reinsurance.resources.rules import Rule
from reinsurance.resources.widgets import CellWidget

UNTOLD = "untold."
"""Before the name of a column: whether the row leaves it empty, whatever it is taken
for, as by a default or by what the books know."""


class Column(Field):
    """A column of a file: what it is called, what it means, how it is read.

    ``shows`` is the attribute exported where it is not the one imported (a treaty's
    reference for its key); ``total`` marks amounts whose sums are control totals;
    ``ask`` lists headers that might mean this column but are never taken for it
    without asking; a column without ``attribute`` only feeds rules and sums.
    ``gives_way``: its headers mean another column first, as long as that has no other.
    """

    widget: CellWidget

    def __init__(
        self,
        attribute: str | None,
        column_name: str,
        widget: CellWidget,
        *,
        shows: str | None = None,
        synonyms: tuple[str, ...] = (),
        ask: tuple[str, ...] = (),
        required: bool = False,
        total: bool = False,
        gives_way: bool = False,
        explanation: str = "",
        **options: Any,
    ) -> None:
        super().__init__(attribute, column_name, widget, **options)
        self.shows = shows
        self.synonyms = synonyms
        self.ask = ask
        self.required = required
        self.total = total
        self.gives_way = gives_way
        self.explanation = explanation

    def __deepcopy__(self, memo: dict[int, Any]) -> "Column":
        """The column itself: a declaration, the same for every Resource object.

        import-export copies all of them each time it makes one (40 ms for claims).
        """
        return self

    def clean(self, row: Any, **kwargs: Any) -> Any:
        """The cell's value; CellError where it is missing or not understood."""
        value = super().clean(row, **kwargs)
        if self.required and value in self.empty_values:
            raise self.missing()
        return value

    def save(
        self, instance: Any, row: Any, is_m2m: bool = False, **kwargs: Any
    ) -> None:
        """Set the value; an empty cell leaves what the record says already."""
        is_blank = tidy(row.get(self.column_name)) in self.empty_values
        if is_blank and instance.pk is not None:
            return
        super().save(instance, row, is_m2m, **kwargs)

    def missing(self) -> CellError:
        """The error of a row that has nothing in a required column."""
        return CellError("missing_value", f"{self.column_name} is missing. Fill it in.")

    def get_value(self, instance: Any) -> Any:
        """The value to export."""
        if self.shows is None:
            return super().get_value(instance)
        value = instance
        for name in self.shows.split("__"):
            value = getattr(value, name, None)
        return value


class DomainResource(ModelResource):
    """Base of the Resources: one model, its columns, its key and its row rules.

    ``parent`` is the Resource whose record this one belongs to where both stand in
    one row (a layer's treaty); ``parent_column`` is the key column that then means
    that record.  An ``is_optional`` record is there only in rows that fill its own
    key.  ``unique`` names columns, key apart, of which no two records share a value
    (an empty one is none).  ``may_differ`` names columns that rows of one record may
    tell differently: the first counts.  ``related`` names attributes of records the row
    refers to that rules need.  ``seen_together`` names columns of which all good rows
    of a file are looked at in one go (:meth:`judge_together`).
    """

    rules: ClassVar[tuple[Rule, ...]] = ()
    related: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    parent: ClassVar["type[DomainResource] | None"] = None
    parent_column: ClassVar[str] = ""
    is_optional: ClassVar[bool] = False
    unique: ClassVar[tuple[str, ...]] = ()
    may_differ: ClassVar[frozenset[str]] = frozenset()
    seen_together: ClassVar[tuple[str, ...]] = ()
    fields: dict[str, Column]
    inputs: Mapping[str, Any] = {}

    class Meta:
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        fields: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **options: Any) -> None:
        """The columns declared, in their order, are all there are: none is inferred.

        import-export reads ``Meta`` after this; without the names it would add a
        column for every other field of the model.
        """
        super().__init_subclass__(**options)
        cls.Meta.fields = tuple(cls.fields)

    @classmethod
    def model(cls) -> type[models.Model]:
        """The model whose records these are."""
        return cls._meta.model

    @classmethod
    def key(cls) -> tuple[str, ...]:
        """Names of the columns that tell one record from another."""
        return tuple(cls._meta.import_id_fields)

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """Columns by name, in the order of the file."""
        return {name: cls.fields[name] for name in cls._meta.fields}

    def prepare(
        self, frame: pl.DataFrame, context: FileContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What takes whole rows, the sender or the books to be understood.

        Issues name the columns of the Resource.  Nothing by default.
        """
        return frame, no_issues()

    @classmethod
    def find_records(cls, keys: pl.DataFrame, context: FileContext) -> pl.Series | None:
        """Keys of the records that rows mean; None: those of the very same key."""
        return None

    @classmethod
    def is_told(cls, frame: pl.DataFrame) -> pl.Expr:
        """Whether a row tells of such a record of a parent that is in the books."""
        return pl.lit(value=True)

    def judge(self, compared: pl.DataFrame, context: FileContext) -> pl.DataFrame:
        """What has to be looked at in rows beside the books (``was.<name>``)."""
        return no_issues()

    def judge_together(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What only all good rows of a file show: the same before and after its load.

        ``rows`` has ``row`` and the columns of ``seen_together``.
        """
        return no_issues()

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add values that follow from others in the row; nothing by default."""
        return frame

    def get_queryset(self) -> models.QuerySet:
        """All records, with what the export shows of related ones."""
        related = related_to(self.fields.values())
        return super().get_queryset().select_related(*related)

    def export(
        self, queryset: models.QuerySet | None = None, **kwargs: Any
    ) -> tablib.Dataset:
        """The records as a table that can be handed in again and changes nothing."""
        records = self.get_queryset() if queryset is None else queryset
        if related := related_to(self.fields.values()):
            records = records.select_related(*related)
        return table(self.columns(), flat(self.columns(), records))

    def import_instance(self, instance: models.Model, row: Any, **kwargs: Any) -> None:
        """Set the instance's values from the row, derived ones included."""
        super().import_instance(instance, row, **kwargs)
        self.inputs = {
            name: column.clean(row)
            for name, column in self.fields.items()
            if column.attribute is None and column.column_name in row
        }
        before = self.frame_of(instance)
        after = self.derive(before)
        for name, column in self.fields.items():
            if column.attribute and not after[name].equals(
                before[name], null_equal=True
            ):
                setattr(instance, column.attribute, after[name].item())

    def validate_instance(
        self,
        instance: models.Model,
        import_validation_errors: dict | None = None,
        validate_unique: bool = True,
    ) -> None:
        """Model checks, then the row rules of severity *error*."""
        super().validate_instance(instance, import_validation_errors, validate_unique)
        frame = self.derive(self.frame_of(instance))
        for rule in self.rules:
            if rule.severity == "error" and rule.needs <= set(frame.columns):
                broken = frame.filter(rule.broken)
                if broken.height:
                    text = broken.select(rule.text()).item()
                    raise ValidationError(text, code=rule.code)

    def frame_of(self, instance: models.Model) -> pl.DataFrame:
        """One row: the instance's columns and what rules need of related records."""
        values: dict[str, pl.Series] = {}
        for name, column in self.fields.items():
            if column.attribute:
                value = getattr(instance, column.attribute, None)
            elif name in self.inputs:
                value = self.inputs[name]
            else:
                continue
            values[name] = pl.Series(
                name, [value], dtype=column.widget.dtype, strict=False
            )
        for name, attributes in self.related.items():
            attribute = (self.fields[name].attribute or "").removesuffix("_id")
            record = getattr(instance, attribute, None)
            for related in attributes:
                field = record_field(self, name, related)
                values[f"{name}__{related}"] = pl.Series(
                    [getattr(record, field.attname, None)],
                    dtype=dtype_of(field),
                    strict=False,
                )
        return pl.DataFrame(values)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        """Cut the blanks around every cell, as the columnar road does."""
        for name in list(row):
            row[name] = tidy(row[name])


def record_field(
    resource: DomainResource | type[DomainResource], name: str, attribute: str
) -> models.Field:
    """The field ``attribute`` of the model that the column ``name`` refers to."""
    key = resource.fields[name].attribute or ""
    target = resource._meta.model._meta.get_field(key.removesuffix("_id"))
    return target.related_model._meta.get_field(attribute)


def record_field_of(resource: type[DomainResource], name: str) -> models.Field | None:
    """The field of the resource's model that a column is stored in; None: in none."""
    attribute = resource.fields[name].attribute
    if not attribute or "__" in attribute:
        return None
    return resource._meta.model._meta.get_field(attribute.removesuffix("_id"))


def dtype_of(field: models.Field) -> pl.DataType:
    """The polars type that holds every value of a model field."""
    if isinstance(field, models.ForeignKey):
        return dtype_of(field.target_field)
    if isinstance(field, models.DecimalField):
        return pl.Decimal(field.max_digits, field.decimal_places)
    if isinstance(field, models.DateTimeField):
        return pl.Datetime("us", "UTC")
    for kind, dtype in (
        (models.DateField, pl.Date()),
        (models.BooleanField, pl.Boolean()),
        (models.IntegerField, pl.Int64()),
    ):
        if isinstance(field, kind):
            return dtype
    return pl.String()
