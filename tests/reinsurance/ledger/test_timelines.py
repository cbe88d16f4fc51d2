"""What holds at the end of each period, from statements alone, against the oracle."""

import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import given, note, settings
from hypothesis import strategies as st

from reinsurance.ledger import timelines
from reinsurance.ledger.amounts import (
    AS_AT,
    BASES,
    POSITION,
    TOLD,
    told_as,
)
from reinsurance.ledger.timelines import MONEY, NO_PERIOD
from tests import examples
from tests.reinsurance.ledger.reference import File, Ledger, Period, Row

NAMES = dict(zip(("to", "this", "prev"), BASES, strict=True))
SCHEMA: dict[str, Any] = {
    "position": pl.Int64,
    "number": pl.Int64,
    "row": pl.Int64,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "is_correction": pl.Boolean,
    "status": pl.String,
    **dict.fromkeys(TOLD, MONEY),
}
Told = dict[str, dict[str, Any]]


def months(first: int, last: int | None = None) -> Period:
    """From the first month of 2025 to the last, counted from 1."""
    last = last or first
    following = datetime.date(2025 + last // 12, last % 12 + 1, 1)
    return datetime.date(2025, first, 1), following - datetime.timedelta(days=1)


def end(month: int) -> datetime.date:
    found = months(month)[1]
    assert found is not None
    return found


def frame_of(ledger: Ledger) -> pl.DataFrame:
    """The live rows as statements; columns that nobody tells are missing."""
    rows = []
    for (receipt, _), row in ledger.live():
        told = {
            (amount if amount in AS_AT else told_as(amount, NAMES[basis])): value
            for amount, bases in row.told.items()
            if amount != "status"
            for basis, value in bases.items()
        }
        rows.append(
            {
                **dict.fromkeys(SCHEMA),
                "position": int(row.position[1]),
                "number": receipt,
                "row": row.number,
                "period_start": row.period[0],
                "period_end": row.period[1],
                "is_correction": ledger.files[receipt].is_correction,
                "status": row.told.get("status", {}).get("as"),
                **told,
            }
        )
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    untold = [n for n in TOLD if frame[n].null_count() == frame.height]
    return frame.drop(untold)


def file_of(*rows: tuple[Period, Told], correction: bool = False) -> File:
    return File(
        [Row(n, ("T", "1"), period, told) for n, (period, told) in enumerate(rows, 2)],
        is_correction=correction,
        stands=True,
    )


def line_of(*files: File) -> dict[datetime.date, dict[str, Any]]:
    """The timeline of the only position: end of the period to what holds."""
    line = timelines.timeline(frame_of(Ledger(list(files))))
    return {row["period_end"]: row for row in line.iter_rows(named=True)}


def paid(*files: File) -> list[tuple[datetime.date, Decimal | None]]:
    return [(at, row["paid_indemnity"]) for at, row in line_of(*files).items()]


def to(value: int) -> Told:
    return {"paid_indemnity": {"to": Decimal(value)}}


def this(value: int) -> Told:
    return {"paid_indemnity": {"this": Decimal(value)}}


def previously(value: int, now: int) -> Told:
    return {"paid_indemnity": {"prev": Decimal(value), "this": Decimal(now)}}


def test_payments_of_periods_add_up_after_the_last_to_date() -> None:
    files = [
        file_of((months(2), to(150))),
        file_of((months(1), this(120))),
        file_of((months(3), this(10))),
    ]
    assert paid(*files) == [(end(1), 120), (end(2), 150), (end(3), 160)]


def test_to_date_and_this_period_stand_side_by_side() -> None:
    files = [file_of((months(4), to(500))), file_of((months(4), this(50)))]
    assert paid(*files) == [(end(4), 500)]


def test_previously_opens_the_period_before() -> None:
    assert paid(file_of((months(10), previously(500, 50)))) == [
        (end(9), 500),
        (end(10), 550),
    ]


def test_previously_gives_way_to_what_is_told_for_that_period() -> None:
    files = [file_of((months(9), to(480))), file_of((months(10), previously(500, 50)))]
    assert paid(*files) == [(end(9), 480), (end(10), 530)]


def test_to_date_less_this_period_is_what_was_paid_previously() -> None:
    told = {"paid_indemnity": {"to": Decimal(550), "this": Decimal(50)}}
    assert paid(file_of((months(10), told))) == [(end(9), 500), (end(10), 550)]


def test_a_gap_is_closed_by_what_was_paid_previously() -> None:
    files = [file_of((months(8), to(340))), file_of((months(10), previously(500, 50)))]
    assert paid(*files) == [(end(8), 340), (end(9), 500), (end(10), 550)]


def test_a_correction_replaces_amounts_in_every_basis() -> None:
    wrong = file_of((months(3), previously(100, 7)))
    right = file_of((months(3), to(100)), correction=True)
    assert paid(wrong, right) == [(end(3), 100)]
    again = file_of((months(3), this(5)))
    assert paid(wrong, right, again) == [(end(2), 95), (end(3), 100)][1:]


def test_a_correction_leaves_amounts_that_it_does_not_tell() -> None:
    told = {**to(100), "recovered": {"to": Decimal(30)}, "status": {"as": "OPEN"}}
    wrong = file_of((months(3), told))
    right = file_of((months(3), this(90)), correction=True)
    row = line_of(wrong, right)[end(3)]
    assert (row["paid_indemnity"], row["recovered"], row["status"]) == (90, 30, "OPEN")


def test_a_blank_tells_nothing() -> None:
    told = {**to(100), "reserve_indemnity": {"as": Decimal(400)}}
    files = [file_of((months(1), told)), file_of((months(2), {}))]
    row = line_of(*files)[end(2)]
    assert (row["paid_indemnity"], row["reserve_indemnity"]) == (100, 400)
    assert (row["number"], row["row"]) == (1, 2)


def test_a_statement_without_a_period_is_the_latest_word() -> None:
    files = [
        file_of((months(1), to(100))),
        file_of(((None, None), to(120))),
        file_of((months(2), to(130))),
    ]
    assert paid(*files) == [(end(1), 120), (end(2), 130)]
    assert paid(file_of(((None, None), to(120)))) == [(NO_PERIOD, 120)]


def test_what_was_paid_previously_outlives_a_statement_without_a_period() -> None:
    late: Told = {"reserve_indemnity": {"as": Decimal(1)}}
    files = [file_of((months(2), previously(50, 10))), file_of(((None, None), late))]
    assert paid(*files) == [(end(1), 50), (end(2), 60)]


def fees(**told: dict[str, int]) -> Told:
    return {
        name: {basis: Decimal(value) for basis, value in bases.items()}
        for name, bases in told.items()
    }


def test_fees_are_their_kinds_and_what_is_told_beside_them() -> None:
    files = [
        file_of(
            (months(1), fees(paid_fees={"to": 100}, reserve_fees={"as": 50})),
            (
                months(2),
                fees(
                    paid_defence={"this": 30},
                    paid_tpa={"this": 10},
                    reserve_defence={"as": 20},
                ),
            ),
            (months(3), fees(paid_fees={"to": 150})),
            (months(4), fees(paid_fees={"this": 25}, paid_defence={"this": 5})),
        )
    ]
    line = line_of(*files)
    assert [(row["paid_fees"], row["paid_defence"]) for row in line.values()] == [
        (100, None),
        (140, 30),
        (150, 30),
        (175, 35),
    ]
    assert [row["reserve_fees"] for row in line.values()] == [50, 70, 70, 70]


def test_a_total_of_reserves_holds_until_a_kind_of_it_moves() -> None:
    files = [
        file_of(
            (months(1), fees(reserve_fees={"as": 50}, reserve_tpa={"as": 20})),
            (months(2), fees(reserve_tpa={"as": 25})),
            (months(3), fees(reserve_fees={"as": 10})),
        )
    ]
    assert [row["reserve_fees"] for row in line_of(*files).values()] == [50, 55, 10]


def test_periods_of_several_lengths_add_up() -> None:
    files = [
        file_of((months(1, 3), this(90))),
        file_of((months(4), previously(90, 10))),
        file_of((months(5, 6), this(7))),
    ]
    assert paid(*files) == [(end(3), 90), (end(4), 100), (end(6), 107)]


def test_movements_are_the_differences_between_told_periods() -> None:
    told = {**previously(500, 50), "reserve_indemnity": {"as": Decimal(8)}}
    frame = frame_of(Ledger([file_of((months(10), told), (months(12), to(540)))]))
    moved = timelines.movements(timelines.timeline(frame))
    amounts = moved.select("period_end", "paid_indemnity", "reserve_indemnity").rows()
    assert amounts == [(end(9), 500, 0), (end(10), 50, 8), (end(12), -10, 0)]


def test_nothing_is_the_timeline_of_nothing() -> None:
    assert timelines.timeline(frame_of(Ledger())).height == 0
    assert timelines.latest(timelines.timeline(frame_of(Ledger()))).height == 0


# ------------------------------------------------------------ against the oracle
value = st.integers(-2, 6).map(lambda n: Decimal(n * 10))
kinds = ("paid_expenses", "paid_tpa")
reserves = ("reserve_indemnity", "reserve_fees", "reserve_tpa", "recoverable")
paid_amounts = st.dictionaries(
    st.sampled_from(("paid_indemnity", "paid_fees", *kinds, "recovered")),
    st.dictionaries(
        st.sampled_from(("to", "this", "prev")), value, min_size=1, max_size=3
    ),
    max_size=3,
)
as_at = st.dictionaries(
    st.sampled_from(reserves), value.map(lambda v: {"as": v}), max_size=2
)
status = st.sampled_from([{}, {}, {"status": {"as": "OPEN"}}, {"status": {"as": "X"}}])
amounts = st.builds(lambda a, b, c: {**a, **b, **c}, paid_amounts, as_at, status)
periods = st.one_of(
    st.integers(1, 4).map(months),
    st.tuples(st.integers(1, 2), st.integers(2, 5)).map(lambda pair: months(*pair)),
)


def _without_period(told: Told) -> Told:
    """What may be told without a period: amounts to date, and as at now."""
    kept = {
        amount: {basis: v for basis, v in bases.items() if basis in {"to", "as"}}
        for amount, bases in told.items()
    }
    return {amount: bases for amount, bases in kept.items() if bases}


@st.composite
def files_of(draw: st.DrawFn) -> File:
    is_correction = draw(st.integers(0, 3)) == 0
    rows = []
    for number in range(2, 2 + draw(st.integers(1, 3))):
        period: Period = draw(periods)
        told = draw(amounts)
        if not is_correction and draw(st.integers(0, 7)) == 0:
            period, told = (None, None), _without_period(told)
        position = ("T", draw(st.sampled_from("12")))
        if not any((r.position, r.period[1]) == (position, period[1]) for r in rows):
            rows.append(Row(number, position, period, told))
    return File(rows, is_correction=is_correction, stands=draw(st.integers(0, 9)) > 0)


@settings(
    max_examples=examples.some(300),
    deadline=None,
    derandomize=not examples.is_long_form(),
)
@given(st.lists(files_of(), min_size=1, max_size=5))
def test_a_timeline_is_what_the_oracle_says(files: list[File]) -> None:
    note(str(files))
    ledger = Ledger(files)
    line = timelines.timeline(frame_of(ledger))
    got = {
        (row["position"], row["period_end"]): row for row in line.iter_rows(named=True)
    }
    wanted = {}
    for position, of in ledger.lines().items():
        for at in of.told_ends():
            wanted[int(position[1]), at] = {
                "status": of.status(at),
                **of.amounts(at),
            }
    assert got.keys() == wanted.keys()
    for key, want in wanted.items():
        told = {name: got[key].get(name) for name in want}
        want = {n: v for n, v in want.items() if n in told}
        assert _plain(told) == _plain(want), key
    sums = (
        timelines.movements(line).group_by("position").agg(pl.col(_amounts(line)).sum())
    )
    now = timelines.latest(line).select("position", pl.col(_amounts(line)).fill_null(0))
    assert sums.sort("position").equals(now.sort("position"))


def _amounts(line: pl.DataFrame) -> list[str]:
    return [name for name in POSITION if name in line.columns]


def _plain(amounts: dict[str, Any]) -> dict[str, Any]:
    """Totals of fees that are nil because nothing was told are as good as untold."""
    totals = {n: amounts[n] or Decimal(0) for n in ("paid_fees", "reserve_fees")}
    return {**amounts, **totals}
