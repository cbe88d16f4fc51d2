"""What rows make of the claims' descriptions, and of what older statements told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reinsurance.caching import Topic, remembered
from reinsurance.ledger.copying import copy_out, sought
from reinsurance.ledger.descriptions import (
    FIELDS,
    empty,
    has_bit,
    is_told,
    model_field,
    table_column,
)
from reinsurance.ledger.matching import WAS
from reinsurance.models import ClaimStatus
from reinsurance.resources.base import dtype_of

OPEN, CLOSED = "OPEN", "CLOSED"


@dataclass(frozen=True, slots=True)
class Described:
    """The claims that are new or differ, the statements to add, what older ones told.

    ``changed_rows``: rows that change what a claim says.  ``claims`` has ``claim``,
    ``treaty``, ``reference``, ``stands``, ``is_changed``, the fields, ``was.<field>``,
    ``status`` and ``details``.
    """

    claims: pl.DataFrame
    statements: pl.DataFrame
    overrides: pl.DataFrame
    changed_rows: pl.Series


def open_statuses() -> frozenset[str]:
    """Codes of the statuses under which more may be paid or reserved."""
    return remembered(
        Topic.REFERENCE,
        "open claim statuses",
        lambda: frozenset(
            ClaimStatus.objects.filter(is_open=True).values_list("pk", flat=True)
        ),
    )


def describe(
    cursor: Any,
    good: pl.DataFrame,
    mine: pl.DataFrame,
    old: pl.DataFrame,
    claims: pl.DataFrame,
    positions: pl.DataFrame,
    after: pl.DataFrame,
    counting: pl.Series,
    *,
    number: int,
) -> Described:
    """Settle what describes the claims of the rows.

    ``good``: the rows with their fields; ``mine``: the same as statements with
    periods; ``old``: live statements, with periods; ``after``: the positions as they
    will stand; ``counting``: the rows that count, as no later correction lacks them.
    """
    fields = [name for name in FIELDS if name in good.columns]
    rows = (
        good.join(mine.select("row", pl.col("period_end").alias("__period")), on="row")
        .with_columns(__counts=pl.col("row").is_in(counting.implode()))
        .sort("claim", "__period", "row")
    )
    told = rows.group_by("claim", maintain_order=True).agg(
        pl.col("treaty", "reference").first(),
        pl.col("__counts").any().alias("is_live"),
        *(
            pl.col(n).filter(is_told(n) & pl.col("__counts")).last().alias(n)
            for n in fields
        ),
        *(
            pl.col("__period")
            .filter(is_told(n) & pl.col("__counts"))
            .last()
            .alias(f"__p_{n}")
            for n in fields
        ),
    )
    frame = told.join(
        claims.drop("treaty", "reference"),
        on="claim",
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("stands").fill_null(value=False))
    frame = _winners(frame, old, fields, number)
    frame = _with_status(frame, after.filter("is_live"), positions)
    frame, detailed = _with_details(frame, rows.filter("__counts"), old, number)
    changed = [n for n in FIELDS if n in frame.columns]
    frame = frame.with_columns(
        is_changed=pl.col("is_live") & ~pl.col("stands")
        | pl.col("stands")
        & pl.any_horizontal(
            *(pl.col(n).ne_missing(pl.col(WAS + n)) for n in changed),
            pl.col("status").ne_missing(pl.col("was_status")),
            pl.col("claim").is_in(detailed.implode()),
        )
    )
    return Described(
        claims=frame,
        statements=_statements(mine, rows, frame, fields),
        overrides=overrides_of(cursor, frame),
        changed_rows=_changed_rows(rows.filter("__counts"), frame, fields, detailed),
    )


def _winners(
    frame: pl.DataFrame, old: pl.DataFrame, fields: Sequence[str], number: int
) -> pl.DataFrame:
    """Each field: the new value where no older telling is of a later period."""
    known = (
        old.sort("claim", "period_end", "number")
        .group_by("claim", maintain_order=True)
        .agg(
            pl.struct("period_end", "number")
            .filter(has_bit(name))
            .last()
            .alias(f"__old_{name}")
            for name in fields
        )
        if old.height and fields
        else None
    )
    if known is not None:
        frame = frame.join(known, on="claim", how="left", maintain_order="left")
    frame = _with_hidden(frame, old)
    for name in fields:
        new, was = pl.col(name), pl.col(WAS + name)
        if name == "date_closed":
            was = pl.coalesce("__hidden", was)
        nothing = pl.lit(empty(name), dtype=dtype_of(model_field(name)))
        was_known = pl.when(pl.col("stands")).then(was).otherwise(nothing)
        wins = new.is_not_null()
        if known is not None:
            before = pl.col(f"__old_{name}")
            period = before.struct.field("period_end")
            wins &= (
                period.is_null()
                | (pl.col(f"__p_{name}") > period)
                | (
                    (pl.col(f"__p_{name}") == period)
                    & (before.struct.field("number") <= number)
                )
            )
        frame = frame.with_columns(
            pl.when(wins).then(new).otherwise(was_known).alias(name)
        )
    if "date_closed" not in fields:
        told = pl.coalesce("__hidden", WAS + "date_closed")
        frame = frame.with_columns(date_closed=pl.when(pl.col("stands")).then(told))
    return frame.drop("^__(p|old)_.*$", "__hidden")


def _with_hidden(frame: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
    """The frame with ``__hidden``: the date closed that an open claim does not show."""
    if not old.height:
        return frame.with_columns(__hidden=pl.lit(None, dtype=pl.Date))
    told = (
        old.filter(has_bit("date_closed"))
        .sort("claim", "period_end", "number", "row")
        .group_by("claim", maintain_order=True)
        .agg(
            __hidden=pl.col("values")
            .last()
            .str.json_path_match("$.date_closed")
            .str.to_date("%Y-%m-%d")
        )
    )
    return frame.join(told, on="claim", how="left", maintain_order="left")


def _with_status(
    frame: pl.DataFrame, after: pl.DataFrame, positions: pl.DataFrame
) -> pl.DataFrame:
    """A claim is open if any of its positions is; then it shows no date closed."""
    opens = list(open_statuses())
    others = positions.filter(
        pl.col("stands") & ~pl.col("position").is_in(after["position"].implode())
    ).select(
        "claim",
        pl.col("was_status").alias("status"),
        pl.col("was_period_end").alias("period_end"),
    )
    every = pl.concat(
        [after.select("claim", "status", "period_end"), others], how="vertical_relaxed"
    ).filter(pl.col("status").is_not_null())
    return status_of(frame, every)


def status_of(frame: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """Claims with ``status``, and their ``date_closed`` only as long as they are closed.

    ``positions``: ``claim``, ``status`` and ``period_end`` of those that stand.  Where
    no status was told of any, the claim is closed if there is a date of it.
    """
    opens = list(open_statuses())
    chosen = (
        positions.with_columns(is_open=pl.col("status").is_in(opens))
        .sort("is_open", "period_end", "status", nulls_last=False)
        .group_by("claim", maintain_order=True)
        .last()
        .select("claim", "status")
    )
    closed = pl.col("date_closed").is_not_null()
    untold = pl.when(closed).then(pl.lit(CLOSED)).otherwise(pl.lit(OPEN))
    return (
        frame.join(chosen, on="claim", how="left", maintain_order="left")
        .with_columns(status=pl.coalesce("status", untold))
        .with_columns(
            pl.when(~pl.col("status").is_in(opens))
            .then("date_closed")
            .alias("date_closed")
        )
    )


def _with_details(
    frame: pl.DataFrame, rows: pl.DataFrame, old: pl.DataFrame, number: int
) -> tuple[pl.DataFrame, pl.Series]:
    """Further details by name, the latest told of each; claims where they change."""
    told = rows.filter(pl.col("details").is_not_null())
    was = pl.when(pl.col("stands")).then(pl.col("was_details"))
    frame = frame.with_columns(details=was)
    changed: list[int] = []
    if not told.height:
        return frame, pl.Series(changed, dtype=pl.Int64)
    columns = ("claim", "period_end", "number", "row", "details")
    tellings = pl.concat(
        [
            old.select(columns),
            told.select(
                "claim",
                pl.col("__period").alias("period_end"),
                pl.lit(number, dtype=pl.Int64).alias("number"),
                "row",
                "details",
            ),
        ]
    ).filter(
        pl.col("details").is_not_null() & pl.col("claim").is_in(told["claim"].implode())
    )
    merged: dict[int, dict[str, Any]] = {}
    for claim, _, _, _, text in tellings.sort(
        "claim", "period_end", "number", "row"
    ).iter_rows():
        merged.setdefault(claim, {}).update(json.loads(text))
    known = dict(frame.select("claim", "details").iter_rows())
    for claim, images in merged.items():
        if json.loads(known.get(claim) or "{}") != images:
            changed.append(claim)
    book = pl.DataFrame(
        {
            "claim": pl.Series(list(merged), dtype=pl.Int64),
            "__merged": pl.Series(
                [json.dumps(m, ensure_ascii=False) for m in merged.values()],
                dtype=pl.String,
            ),
        }
    )
    frame = frame.join(book, on="claim", how="left", maintain_order="left")
    return (
        frame.with_columns(details=pl.coalesce("__merged", "details")).drop("__merged"),
        pl.Series(changed, dtype=pl.Int64),
    )


def _images(frame: pl.DataFrame, names: Sequence[str], key: str) -> pl.DataFrame:
    """``key`` and a JSON object of the fields whose ``__has_<field>`` is true."""
    found: dict[int, dict[str, Any]] = {}
    for name in names:
        here = frame.filter(pl.col(f"__has_{name}")).select(
            key, pl.col(f"__text_{name}")
        )
        for owner, text in here.iter_rows():
            found.setdefault(owner, {})[name] = text
    return pl.DataFrame(
        {
            key: pl.Series(list(found), dtype=pl.Int64),
            "values": pl.Series(
                [json.dumps(v, ensure_ascii=False) for v in found.values()],
                dtype=pl.String,
            ),
        }
    )


def _statements(
    mine: pl.DataFrame,
    rows: pl.DataFrame,
    claims: pl.DataFrame,
    fields: Sequence[str],
) -> pl.DataFrame:
    """The statements to add, with what they tell otherwise than their claim says."""
    told = rows.select("row", "claim", *fields).join(
        claims.select("claim", *(pl.col(n).alias(f"__now_{n}") for n in fields)),
        on="claim",
        maintain_order="left",
    )
    told = told.with_columns(
        *(
            (is_told(n) & pl.col(n).ne_missing(pl.col(f"__now_{n}"))).alias(
                f"__has_{n}"
            )
            for n in fields
        ),
        *(pl.col(n).cast(pl.String).alias(f"__text_{n}") for n in fields),
    )
    images = _images(told, fields, "row")
    periods = rows.select("row", pl.col("__period_end").alias("__own_end"))
    return (
        mine.drop("statement", "number", "sender", "is_correction", "claim", "treaty")
        .join(periods, on="row", maintain_order="left")
        .with_columns(period_end=pl.col("__own_end"))
        .drop("__own_end")
        .join(images, on="row", how="left", maintain_order="left")
    )


def overrides_of(cursor: Any, claims: pl.DataFrame) -> pl.DataFrame:
    """What statements of the books told before their claim's value changes.

    ``statement`` and ``values`` (JSON); of all statements, whether they count or not:
    those of a load that is undone, or that a correction lacks, told what they told.
    ``claims``: as they will stand, with ``stands`` and ``is_changed``.
    """
    schema = {"statement": pl.Int64(), "values": pl.String()}
    changed = claims.filter((pl.col("claim") > 0) & pl.col("is_changed"))
    here = [n for n in FIELDS if n in changed.columns]
    if changed.height:
        differs = (pl.col(n).ne_missing(pl.col(WAS + n)) for n in here)
        changed = changed.filter(~pl.col("stands") | pl.any_horizontal(*differs))
    if not changed.height:
        return pl.DataFrame(schema=schema)
    seen = _tellings(cursor, changed["claim"])
    if not seen.height:
        return pl.DataFrame(schema=schema)
    # A claim that comes back has nothing in the fields that its rows do not have.
    nothing = {n: pl.lit(empty(n), dtype=dtype_of(model_field(n))) for n in FIELDS}
    seen = seen.join(changed.select("claim", "stands", *here), on="claim").with_columns(
        (
            has_bit(n)
            & (
                pl.col(n).ne_missing(pl.col(WAS + n))
                if n in here
                else ~pl.col("stands") & pl.col(WAS + n).ne_missing(nothing[n])
            )
        ).alias(f"__has_{n}")
        for n in FIELDS
    )
    seen = seen.with_columns(
        pl.col(WAS + n).cast(pl.String).alias(f"__text_{n}") for n in FIELDS
    )
    images = _images(seen, FIELDS, "statement")
    return _merged(images, dict(seen.select("statement", "values").iter_rows()))


def _tellings(cursor: Any, claims: pl.Series) -> pl.DataFrame:
    """All statements that tell something descriptive, and what their claim says now."""
    sought(cursor, "told_claim", id=("bigint", claims))
    picked = ", ".join(f'c."{table_column(name)}"' for name in FIELDS)
    found = copy_out(
        cursor,
        f'SELECT s.id, c.id, s.told, s."values", {picked} FROM told_claim k '  # noqa: S608
        "JOIN reinsurance_claim c ON c.id = k.id "
        "JOIN reinsurance_claimposition p ON p.claim_id = c.id "
        "JOIN reinsurance_claimstatement s ON s.position_id = p.id WHERE s.told <> 0",
        {
            "statement": pl.Int64(),
            "claim": pl.Int64(),
            "told": pl.Int64(),
            "values": pl.String(),
            **{WAS + name: dtype_of(model_field(name)) for name in FIELDS},
        },
    )
    return found.with_columns(
        pl.col(WAS + name).fill_null("") for name in FIELDS if empty(name) == ""
    )


def _merged(images: pl.DataFrame, held: Mapping[int, str | None]) -> pl.DataFrame:
    """The images, with what a statement has already kept as it is."""
    texts = [
        json.dumps({**json.loads(text), **json.loads(held[key])}, ensure_ascii=False)  # type: ignore[arg-type]
        if held.get(key)
        else text
        for key, text in images.iter_rows()
    ]
    return images.with_columns(pl.Series("values", texts, dtype=pl.String))


def _changed_rows(
    rows: pl.DataFrame,
    claims: pl.DataFrame,
    fields: Sequence[str],
    detailed: pl.Series,
) -> pl.Series:
    """Rows whose word changes what a standing claim says."""
    seen = rows.select("row", "claim", "details", *fields).join(
        claims.select(
            "claim",
            *(pl.col(n).alias(f"__now_{n}") for n in fields),
            *(pl.col(WAS + n).alias(f"__was_{n}") for n in fields),
        ),
        on="claim",
    )
    brings = [
        is_told(n)
        & pl.col(n).eq_missing(pl.col(f"__now_{n}"))
        & pl.col(f"__now_{n}").ne_missing(pl.col(f"__was_{n}"))
        for n in fields
    ]
    detail = pl.col("details").is_not_null() & pl.col("claim").is_in(detailed.implode())
    return seen.filter(pl.any_horizontal(*brings, detail))["row"]


def with_merged(frame: pl.DataFrame, tellings: pl.DataFrame) -> pl.DataFrame:
    """The frame of claims with ``details`` merged from tellings in their order."""
    merged: dict[int, dict[str, Any]] = {}
    told = tellings.filter(pl.col("details").is_not_null())
    for claim, text in told.select("claim", "details").iter_rows():
        merged.setdefault(claim, {}).update(json.loads(text))
    book = pl.DataFrame(
        {
            "claim": pl.Series(list(merged), dtype=pl.Int64),
            "details": pl.Series(
                [json.dumps(m, ensure_ascii=False) for m in merged.values()],
                dtype=pl.String,
            ),
        }
    )
    return frame.join(book, on="claim", how="left", maintain_order="left").with_columns(
        pl.col("details").fill_null("{}")
    )
