"""Amounts of a premium that would stand beside others that they do not go with.

An entry has what was told last of each column.  A commission that was told with a
gross premium of 100 does not go with one of 200, nor an amount at 100 % with our share.
A row is asked for what it leaves out (:mod:`premium_settled_rules`); here are amounts
that come back at an undo, or from a row that comes late.
"""

from collections.abc import Iterable, Iterator

import polars as pl

from reinsurance.choices import AmountsAre
from reinsurance.ledger.beside import plain
from reinsurance.ledger.premium_lines import LINE, with_lines
from reinsurance.ledger.premium_restating import is_last
from reinsurance.ledger.premium_settled_rules import FOLLOWS, MEANT_BY
from reinsurance.ledger.premium_standing import GROUP, has_bit, lacked

_BASES = {**MEANT_BY, **FOLLOWS}
"""Columns, each with the amounts that go with what it says."""
AMOUNTS = list(dict.fromkeys(n for amounts in _BASES.values() for n in amounts))
TOGETHER = list(dict.fromkeys([*_BASES, *AMOUNTS, "rate_of_exchange"]))
"""Columns that have to go together."""
_ROW = [*GROUP, LINE]
"""What is told of one row of premium, of rows that add up each by itself."""
_WORDS = ("of_entry", "of_amount", "name", "amount")


def means(name: str) -> str:
    """The column of :func:`with_meanings` with what holds of a column at a telling."""
    return f"means.{name}"


def says(name: str) -> pl.Expr:
    """Whether a telling tells the column; an empty text says nothing."""
    told = pl.col(name).is_not_null() if name in FOLLOWS else pl.col(name) != ""
    return (has_bit(name) & told).fill_null(value=False)


def live_of(
    told: pl.DataFrame, spoken: pl.DataFrame, every: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Tellings that corrections (``spoken``) do not lack, in order, with ``line``.

    ``every``: as of :func:`premium_standing.lacked`.
    """
    live = told.join(lacked(told, spoken, every), on="__n", how="anti").sort("__n")
    return with_lines(live)


def with_meanings(live: pl.DataFrame) -> pl.DataFrame:
    """Live tellings with what they were read with, ``means.<column>``.

    What a row does not say itself is as files before its own said it.
    """
    said = {n: pl.when(says(n)).then(n) for n in _BASES}
    return (
        live.with_columns(
            said[n].forward_fill().over(_ROW).alias(means(n)) for n in _BASES
        )
        .with_columns(pl.col(means(n)).shift(1).over(_ROW) for n in _BASES)
        .with_columns(pl.coalesce(said[n], means(n)).alias(means(n)) for n in _BASES)
    )


def newly_mixed(live: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Transactions with amounts that do not go together, and did before.

    ``live`` and ``before`` as :func:`with_meanings` gives them.  ``name``: the column
    that says otherwise, ``of_entry`` what it says now and ``of_amount`` what it said
    where ``amount`` was told; ``number`` told the transaction last.
    """
    perhaps = _perhaps_mixed(live)
    groups = perhaps.filter(pl.any_horizontal(AMOUNTS)).select(GROUP)
    live, before = (
        frame.join(
            groups, on=GROUP, how="semi", nulls_equal=True, maintain_order="left"
        )
        for frame in (live, before)
    )
    found = [live.clear().select(*GROUP, "number", **dict.fromkeys(_WORDS, pl.lit("")))]
    for name, amounts in _BASES.items():
        for amount in amounts:
            if not perhaps[amount].any():
                continue
            mixed = _mixed(live, name, amount)
            if not mixed.height:
                continue
            was = _mixed(before, name, amount)
            found.append(
                mixed.join(was, on=GROUP, how="anti", nulls_equal=True).with_columns(
                    of_entry=_shown(name, "of_entry"),
                    of_amount=_shown(name, "of_amount"),
                    name=pl.lit(name),
                    amount=pl.lit(amount),
                )
            )
    return pl.concat(found)


def now_and_then(
    told: pl.DataFrame,
    spoken: pl.DataFrame,
    before: pl.DataFrame,
    spoken_before: pl.DataFrame,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Live tellings beside those of before: now, and at each end of lists of the year.

    ``told``: all tellings, with ``spoken``, the corrections; ``before``: as it was.
    What a later list tells anew, or leaves out, stood until then: only premiums of
    which lists leave something out are there at the ends.
    """
    yield live_of(told, spoken), live_of(before, spoken_before)
    lists = told.filter(pl.col("same_sender").is_not_null())
    tells = [has_bit(n) & pl.col(n).is_not_null() for n in TOGETHER]
    left_out = lists.group_by(GROUP).agg(
        is_left=pl.any_horizontal(one.any() & ~one.all() for one in tells)
    )
    groups = left_out.filter("is_left").select(GROUP)
    lists = lists.join(groups, on=GROUP, how="semi", nulls_equal=True)
    for day in lists["period_end"].unique().sort():
        here = lists.filter(pl.col("period_end") == day).select(GROUP).unique()
        until = pl.col("period_end") <= day
        now, was = (
            live_of(
                frame.filter(until).join(here, on=GROUP, how="semi", nulls_equal=True),
                corrections.filter(until),
                frame,
            )
            for frame, corrections in ((told, spoken), (before, spoken_before))
        )
        yield now, was


def mixed_ever(pairs: Iterable[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """As :func:`newly_mixed`, of all that :func:`now_and_then` gives."""
    return pl.concat(
        newly_mixed(with_meanings(now), with_meanings(was)) for now, was in pairs
    )


def _tells(amount: str) -> pl.Expr:
    """Whether a telling tells the amount."""
    return (has_bit(amount) & pl.col(amount).is_not_null()).fill_null(value=False)


def _perhaps_mixed(live: pl.DataFrame) -> pl.DataFrame:
    """Of each row of premium, whether it lacks an amount that was told before.

    Of most books none does, and what :func:`_mixed` asks thirty times is spared.
    """
    was_told = {n: _tells(n) & ~pl.col("__is_last") & (pl.col(n) != 0) for n in AMOUNTS}
    return (
        live.with_columns(__is_last=is_last())
        .group_by(_ROW)
        .agg(
            (was_told[n].any() & (~_tells(n) & pl.col("__is_last")).any()).alias(n)
            for n in AMOUNTS
        )
    )


def _mixed(live: pl.DataFrame, name: str, amount: str) -> pl.DataFrame:
    """Entries without an amount that was told before with another word than theirs."""
    tells = _tells(amount)
    before = (
        live.filter(tells & ~is_last())
        .group_by(_ROW, maintain_order=True)
        .agg(pl.col(amount).last(), of_amount=pl.col(means(name)).last())
        .filter(pl.col(amount) != 0)
        .drop(amount)
    )
    mixed = (
        live.filter(~tells & is_last())
        .select(
            *_ROW,
            "number",
            of_entry=pl.col(means(name)),
            has_net=pl.col(means("net_premium")).is_not_null(),
        )
        .join(before, on=_ROW, nulls_equal=True, maintain_order="left")
        .filter(pl.col("of_entry") != pl.col("of_amount"))
    )
    if name in FOLLOWS and name != "net_premium" and amount == "net_premium_settlement":
        mixed = mixed.filter(~pl.col("has_net"))  # settled is net, where that is told
    return mixed.drop("has_net", LINE)


def _shown(name: str, column: str) -> pl.Expr:
    """What a column says, for people."""
    if name in FOLLOWS:
        return plain(pl.col(column))
    return pl.col(column).replace({v: str(label) for v, label in AmountsAre.choices})
