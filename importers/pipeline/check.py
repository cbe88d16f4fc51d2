"""Stage five: rules over rows, and rows against the other rows of the file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from importers.pipeline.across import Across
from importers.pipeline.frames import BROKEN, ROW, issues_at, no_issues
from importers.pipeline.keys import KeyBook
from importers.pipeline.rules import broken_rules, named
from importers.pipeline.waiting_rows import without_contract
from importers.record_types import RecordType
from reinsurance.resources.base import DomainResource, dtype_of, record_field
from reinsurance.resources.claim_tellers import NEEDED, tellers, unplaced
from reinsurance.resources.conventions import FileContext

KEEP = "Keep the right one."
GAPS = (
    "An empty cell beside a filled one is a difference as well: write the same in each "
    "of them."
)


def full_key(record_type: RecordType, resource: type[DomainResource]) -> list[str]:
    """Columns of the file that tell a resource's records apart: parents' and own."""
    own = list(resource.key())
    if resource.parent in record_type.resources:
        outer = full_key(record_type, resource.parent)
        return outer + [name for name in own if name not in outer]
    return own


def own_columns(resource: type[DomainResource], frame: pl.DataFrame) -> list[str]:
    """Columns of the frame that are stored on the resource's record."""
    return [
        name
        for name, column in resource.fields.items()
        if column.attribute and name in frame.columns and name != resource.parent_column
    ]


def has_record(resource: type[DomainResource], frame: pl.DataFrame) -> pl.Expr:
    """Whether a row has such a record: always, but where the resource is optional."""
    if not resource.is_optional:
        return pl.lit(value=True)
    own = [n for n in resource.key() if n != resource.parent_column]
    if not set(own) <= set(frame.columns):
        return pl.lit(value=False)
    return pl.all_horizontal(pl.col(name).is_not_null() for name in own)


class Checker:
    """Rules of a record type over row frames, and memory of the keys seen."""

    def __init__(
        self,
        record_type: RecordType,
        headers: Mapping[str, str],
        folder: Path,
        context: FileContext,
    ) -> None:
        self.record_type = record_type
        self.headers = headers
        self.context = context
        self._resources = [resource() for resource in record_type.resources]
        adds = context.conventions.equal_rows_add
        self._adds_up = record_type.ledger is not None and adds
        self._without_contract: list[pl.DataFrame] = []
        self._tellers: list[pl.DataFrame] = []
        self._related: dict[str, dict[Any, tuple]] = {}
        count = range(len(self._resources))
        self._books = [KeyBook(folder, f"keys-{index}") for index in count]
        single = len(self._resources) == 1
        self._rows = self._books[0] if single else KeyBook(folder, "keys-row")
        self._unique = [
            (resource, name, KeyBook(folder, f"unique-{name}"))
            for resource in self._resources
            for name in resource.unique
        ]

    # ------------------------------------------------------------- row by row
    def check(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The frame with derived values and broken rows marked, and the issues."""
        found = [no_issues()]
        texts = frame
        for resource in self._resources:
            frame, unclear = resource.prepare(frame, self.context)
            found.append(named(unclear, self.headers))
            frame = resource.derive(frame)
            seen = self.with_related(resource, frame)
            found.append(broken_rules(resource.rules, seen, self.headers))
        found += [
            self._taken(resource, name, frame)
            for resource, name, _ in self._unique
            if name in frame.columns
        ]
        issues = pl.concat(found)
        errors = issues.filter(pl.col("severity") == "error")["row"].unique()
        frame = frame.with_columns(pl.col(BROKEN) | pl.col(ROW).is_in(errors.implode()))
        self._remember(frame)
        if self.record_type.ledger == "claims" and set(frame.columns) >= NEEDED:
            conventions = self.context.conventions
            self._tellers.append(tellers(texts, frame, conventions))
        if self._adds_up:
            ledger = self.record_type.ledger or ""
            self._without_contract.append(without_contract(frame, ledger))
        return frame, issues

    def with_related(
        self, resource: DomainResource, frame: pl.DataFrame
    ) -> pl.DataFrame:
        for name, attributes in resource.related.items():
            if name not in frame.columns or name == resource.parent_column:
                continue
            column = resource.fields[name]
            key = (column.attribute or "").removesuffix("_id")
            target = resource._meta.model._meta.get_field(key).related_model
            known = self._related.setdefault(f"{type(resource).__name__}.{name}", {})
            distinct = frame.get_column(name).drop_nulls().unique().to_list()
            new = [pk for pk in distinct if pk not in known]
            if new:
                rows = target._default_manager.filter(pk__in=new)
                for pk, *values in rows.values_list("pk", *attributes):
                    known[pk] = tuple(values)
            here = [pk for pk in distinct if pk in known]
            book = pl.DataFrame(
                {
                    name: pl.Series(here, dtype=frame.schema[name]),
                    **{
                        f"{name}__{attribute}": pl.Series(
                            [known[pk][index] for pk in here],
                            dtype=dtype_of(record_field(resource, name, attribute)),
                        )
                        for index, attribute in enumerate(attributes)
                    },
                }
            )
            frame = frame.join(book, on=name, how="left", maintain_order="left")
        return frame

    def _taken(
        self, resource: DomainResource, name: str, frame: pl.DataFrame
    ) -> pl.DataFrame:
        """Rows whose value another record of the books has already."""
        model, key = resource._meta.model, resource.key()[0]
        attribute, owner = (resource.fields[n].attribute or "" for n in (name, key))
        values = frame.filter(pl.col(name) != "").get_column(name).unique().to_list()
        owners = model._default_manager.filter(**{f"{attribute}__in": values})
        book = pl.DataFrame(
            list(owners.values_list(attribute, owner)),
            schema={name: pl.String(), "__owner": pl.String()},
            orient="row",
        )
        rows = frame.join(book, on=name, maintain_order="left").filter(
            pl.col("__owner") != pl.col(key)
        )
        return issues_at(
            rows,
            column=self.headers.get(name, name),
            value=pl.col(name),
            code=f"{name}_taken",
            severity="error",
            message=pl.format(
                "“{}” is that of “{}” in the books. Correct one of the two.",
                pl.col(name),
                pl.col("__owner"),
            ),
        )

    # --------------------------------------------------- rows against each other
    def _remember(self, frame: pl.DataFrame) -> None:
        """Write down keys and contents of the good rows.

        Where rows add up also those of broken ones: the others wait for them.
        """
        good = frame.filter(~pl.col(BROKEN))
        if self.record_type.ledger is not None:
            rows = frame if self._adds_up else good
            self._rows.add(rows, list(self.record_type.group), [])
            return
        row_key: list[str] = []
        for resource, book in zip(self._resources, self._books, strict=True):
            key = full_key(self.record_type, type(resource))
            if not set(key) <= set(good.columns):
                continue
            rows = good.filter(has_record(resource, good))
            apart = {*key, *resource.may_differ}
            content = [n for n in own_columns(resource, good) if n not in apart]
            book.add(rows, key, content)
            row_key = key
        for resource, name, book in self._unique:
            if name in good.columns:
                book.add(good.filter(pl.col(name) != ""), [name], list(resource.key()))
        if self._rows is not self._books[0]:
            self._rows.add(good, row_key, [])

    def across(self) -> Across:
        """Issues between rows of the whole file, and which row carries a record."""
        if self.record_type.ledger is not None:
            lost = self._without_contract
            unclear = [unplaced(pl.concat(self._tellers))] if self._tellers else []
            issues = pl.concat([no_issues(), *unclear])
            return Across(
                named(issues, self.headers),
                issues[ROW].cast(pl.UInt32),
                without_contract=pl.concat(lost) if lost else None,
            )
        found = [no_issues()]
        for resource, book in zip(self._resources, self._books, strict=True):
            found += [self._conflicts(resource, rows) for rows in book.shared()]
        for _, name, book in self._unique:
            label = str(self.record_type.columns[name].column_name)
            found += [self._disagreements(rows, name, label) for rows in book.shared()]
        refused = pl.concat(found)["row"].cast(pl.UInt32).unique()
        repeats = [
            _repeats(rows.filter(~pl.col(ROW).is_in(refused.implode())))
            for rows in self._rows.shared()
        ]
        issues = pl.concat([*found, *repeats])
        refused = issues["row"].cast(pl.UInt32).unique()
        return Across(
            issues,
            refused,
            {index: _later(book, refused) for index, book in enumerate(self._books)},
        )

    def groups(self) -> Iterator[pl.DataFrame]:
        """Rows about a record that others are about, too (``k1`` and ``k2``: which)."""
        yield from self._rows.shared()

    def _conflicts(self, resource: DomainResource, keys: pl.DataFrame) -> pl.DataFrame:
        """Rows that share a record's key but disagree about the record."""
        key = [n for n in resource.key() if n != resource.parent_column]
        label = str(resource._meta.model._meta.verbose_name)
        return self._disagreements(keys, key[-1] if key else resource.key()[-1], label)

    def _disagreements(
        self, keys: pl.DataFrame, column: str, label: str
    ) -> pl.DataFrame:
        """Rows that share a key and say different things, shown at ``column``."""
        groups = (
            keys.group_by("k1", "k2")
            .agg(
                ROW,
                pl.col("content").n_unique().alias("versions"),
                pl.col("gaps").n_unique().alias("gaps"),
            )
            .filter(pl.col("versions") > 1)
            .with_columns(
                rows=pl.col(ROW).list.sort().list.head(5).cast(pl.List(pl.String)),
                more=pl.when(pl.col(ROW).list.len() > 5)
                .then(pl.lit(" and more"))
                .otherwise(pl.lit("")),
            )
        )
        return issues_at(
            groups.explode(ROW).sort(ROW),
            column=self.headers.get(column, column),
            value=None,
            code="conflicting_rows",
            severity="error",
            message=pl.format(
                "Rows {}{} give different values for the same {}. {}",
                pl.col("rows").list.join(", "),
                pl.col("more"),
                pl.lit(label),
                pl.when(pl.col("gaps") > 1).then(pl.lit(GAPS)).otherwise(pl.lit(KEEP)),
            ),
        )


def _later(book: KeyBook, refused: pl.Series) -> pl.Series:
    """Good rows whose record an earlier good row has brought already."""
    found = [pl.Series(dtype=pl.UInt32)]
    for rows in book.shared():
        good = rows.filter(~pl.col(ROW).is_in(refused.implode()))
        first = good.select(pl.struct("k1", "k2").is_first_distinct()).to_series()
        found.append(good[ROW].filter(~first))
    return pl.concat(found)


def _repeats(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that say again what an earlier row said."""
    first = pl.col(ROW).first().over("k1", "k2")
    again = rows.with_columns(first=first).filter(pl.col("first") != pl.col(ROW))
    return issues_at(
        again,
        column="",
        value=None,
        code="duplicate_row",
        severity="error",
        message=pl.format(
            "The row repeats row {}; it is not loaded twice.", pl.col("first")
        ),
    )
