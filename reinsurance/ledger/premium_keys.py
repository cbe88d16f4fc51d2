"""Which transaction a premium is about, where a part of its key is not told.

An untold part of a key is no value: it matches the one record that fits, and is filled
in when it is told; where several fit, somebody has to say which.  Worked out anew from
all that stands, in the order of receipt, so that an undo takes back what was filled in.
"""

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

PARTS = ("certificate_reference", "section", "risk_code", "instalment_number")
"""Parts of the key that a sender may leave out."""
FIRM = [
    *("treaty_reference", "policy_reference", "transaction_type", "effective_date"),
    *("currency", "same_period", "same_start", "same_sender"),
]
"""What two transactions have in common that may be one."""

Parts = tuple[Any, ...]


@dataclass(slots=True)
class _Record:
    """A transaction: the parts of its key that are known, and who told it."""

    parts: Parts
    tellings: list[dict[str, Any]] = field(default_factory=list)


def with_whole_keys(
    told: pl.DataFrame, spoken: pl.DataFrame, held: pl.DataFrame
) -> pl.DataFrame:
    """The frame with untold parts of the key from what fits, and ``fits_several``.

    ``told`` has the key, ``number``, ``row``, ``sender``, ``period_end`` and what
    groups it; ``spoken`` are corrections that stand, ``held`` what rows held out of
    them name.  ``apart``: the row fills in no other.  ``fits_several``: another row or
    several records fit just as well.
    """
    told = told.with_row_index("__told")
    is_mixed = pl.any_horizontal(
        (is_untold(n).any() & (~is_untold(n)).any()).over(FIRM) for n in PARTS
    )
    mixed = told.filter(is_mixed)
    if not mixed.height:
        return told.drop("__told").with_columns(fits_several=pl.lit(value=False))
    whose = ("__told", "number", "row", "sender", "period_end", "apart")
    columns = [*whose, *FIRM, *PARTS]
    lines = mixed.select(columns).sort("number", "row", "__told")
    found: list[tuple[Any, ...]] = []
    corrections = _by_contract(spoken, held)
    for group in lines.partition_by(FIRM, maintain_order=True):
        found += _resolve(group, corrections)
    schema = {"__told": told.schema["__told"], "__unclear": pl.Boolean()}
    its = pl.DataFrame(
        found,
        schema={**schema, **{f"its_{n}": told.schema[n] for n in PARTS}},
        orient="row",
    )
    return (
        told.join(its, on="__told", how="left", maintain_order="left")
        .with_columns(
            *(
                pl.when(pl.col("__unclear").is_null())
                .then(n)
                .otherwise(f"its_{n}")
                .alias(n)
                for n in PARTS
            ),
            fits_several=pl.col("__unclear").fill_null(value=False),
        )
        .drop("__told", "__unclear", *(f"its_{n}" for n in PARTS))
    )


def is_untold(name: str) -> pl.Expr:
    """Whether a row leaves the part of the key out."""
    return pl.col(name).cast(pl.String).fill_null("") == ""


def fitting(mine: pl.DataFrame, others: pl.DataFrame, firm: list[str]) -> pl.DataFrame:
    """Each of ``mine`` beside others that may be the same, with ``_other`` as suffix.

    They have ``firm`` in common, and differ in parts only that one of them leaves out.
    """
    is_mixed = pl.any_horizontal(
        is_untold(n).any() & (~is_untold(n)).any() for n in PARTS
    )
    keys = [*firm, *PARTS]
    parts = pl.concat([mine.select(keys), others.select(keys)])
    mixed = parts.group_by(firm).agg(mixed=is_mixed).filter("mixed").select(firm)
    exact = mine.join(others, on=keys, nulls_equal=True, suffix="_other")
    loose = (
        mine.join(mixed, on=firm, how="semi", nulls_equal=True)
        .join(others, on=firm, nulls_equal=True, suffix="_other")
        .filter(
            pl.all_horizontal(
                (pl.col(n) == pl.col(f"{n}_other"))
                | is_untold(n)
                | is_untold(f"{n}_other")
                for n in PARTS
            )
        )
    )
    return pl.concat([exact, loose.select(exact.columns)])


def _by_contract(spoken: pl.DataFrame, held: pl.DataFrame) -> dict[Any, Any]:
    """Corrections by contract: number, period, sender and what rows held out name.

    A period is its start, where known, and its end.
    """
    named: dict[Any, set[tuple[str, datetime.date | None]]] = {}
    for number, treaty, policy, end in held.iter_rows():
        named.setdefault((number, treaty), set()).add((policy, end))
    found: dict[Any, list[Any]] = {}
    whose = ["treaty_reference", "correction", "sender", "period_start", "period_end"]
    picked = spoken.select(whose).unique().sort("correction")
    for treaty, number, sender, *period in picked.iter_rows():
        rows = found.setdefault(treaty, [])
        rows.append((number, period, sender, named.get((number, treaty), set())))
    return found


def _resolve(group: pl.DataFrame, corrections: dict[Any, Any]) -> Iterator[Any]:
    """Each telling (``__told``), whether it is unclear, and the parts of its record."""
    records: list[_Record] = []
    of: dict[int, _Record] = {}
    unclear: set[int] = set()
    told = [
        {**line, "parts": tuple(line[name] or None for name in PARTS)}
        for line in group.iter_rows(named=True)
    ]
    columns = list(zip(*(line["parts"] for line in told), strict=True))
    mixed = [n for n, parts in enumerate(columns) if None in parts and any(parts)]
    policy = told[0]["policy_reference"]
    waiting = list(corrections.get(told[0]["treaty_reference"], ()))
    before: list[Any] = []
    for number, file in groupby(told, itemgetter("number")):
        while waiting and waiting[0][0] < number:
            before.append(waiting.pop(0))
            records = _leave_out(records, before[-1], policy)
        unclear |= _take(records, list(file), of, mixed)
        if told[0]["same_sender"] is not None:
            for correction in before:  # of a later list than this one
                records = _leave_out(records, correction, policy)
    for line in told:
        filled = [
            "" if part is None and group.schema[name] == pl.String else part
            for name, part in zip(PARTS, of[line["__told"]].parts, strict=True)
        ]
        yield (line["__told"], line["__told"] in unclear, *filled)


def _leave_out(records: list[_Record], correction: Any, policy: str) -> list[_Record]:
    """The records without those that a correction lacks: they fit nothing any more."""
    number, (start, end), sender, named = correction
    ends = {end for name, end in named if name == policy}
    return [
        record
        for record in records
        if any(
            telling["number"] == number
            or telling["sender"] != sender
            or not _speaks_for(number, start, end, telling)
            or _is_held(ends, telling)
            for telling in record.tellings
        )
    ]


def _is_held(ends: set[datetime.date | None], telling: dict[str, Any]) -> bool:
    """Whether rows held out that are of these periods, or of any, may be of it."""
    its = telling["period_end"]
    if telling["same_sender"] is None or its is None:
        return bool(ends & {None, its})
    return any(end is None or end.year == its.year for end in ends)


def _speaks_for(
    number: int,
    start: datetime.date | None,
    end: datetime.date,
    telling: dict[str, Any],
) -> bool:
    """Whether a correction of this number and period is of a telling's, and after it.

    One that lists the year to date is of the year up to then, and after earlier lists
    whenever they were received.
    """
    its = telling["period_end"]
    is_before = bool(telling["number"] < number)
    if its is None or telling["same_sender"] is None:
        is_start = start is None or telling["same_start"] in {None, start}
        return is_before and is_start and bool(its == end)
    return bool(its.year == end.year and (its < end or (its == end and is_before)))


def _take(
    records: list[_Record],
    file: list[dict[str, Any]],
    of: dict[int, _Record],
    mixed: list[int],
) -> set[int]:
    """Find the records of one file's rows among those before it; who fits several.

    ``mixed``: parts that some tellings leave out and others do not.  A key that has all
    of them fits no other such key, so that very many need not be held against each
    other.
    """

    def is_loose(parts: Parts) -> bool:
        return any(parts[index] is None for index in mixed)

    keys: dict[Parts, list[dict[str, Any]]] = {}
    for line in file:
        keys.setdefault(line["parts"], []).append(line)
    same = {record.parts: record for record in records}
    loose = [record for record in records if is_loose(record.parts)]
    chosen = {key: same[key] for key in keys if key in same}
    several: set[Parts] = set()
    for key, lines in keys.items():
        if key not in chosen and not lines[0]["apart"]:
            near = records if is_loose(key) else loose
            fits = [record for record in near if _are_one(record.parts, key)]
            if len(fits) == 1:
                chosen[key] = fits[0]
            elif fits:
                several.add(key)
        if is_loose(key):
            others = [k for k in keys if k != key and _are_one(k, key)]
            several.update([key, *others] if others else ())
    sharing = Counter(id(record) for record in chosen.values())
    for key, record in list(chosen.items()):
        if key != record.parts and (sharing[id(record)] > 1 or key in several):
            several.add(key)
            del chosen[key]
    for key, lines in keys.items():
        record = chosen.get(key) or _Record(key)
        if key not in chosen:
            records.append(record)
        record.parts = tuple(
            a if b is None else b for a, b in zip(record.parts, key, strict=True)
        )
        record.tellings += lines
        of.update((line["__told"], record) for line in lines)
    return {line["__told"] for key in several for line in keys[key]}


def _are_one(first: Parts, second: Parts) -> bool:
    """Whether two keys differ only in parts that one of them leaves out."""
    return all(
        a == b or a is None or b is None for a, b in zip(first, second, strict=True)
    )
