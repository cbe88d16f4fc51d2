"""Exchange rates that do not fit each other, or the last ones of their pair.

A rate that is the wrong way round, or whose decimal mark has moved, makes every limit
and every sum in another currency wrong.
"""

import datetime

import polars as pl
from django.db.models import Q

from reinsurance.models import ExchangeRate
from reinsurance.resources.issues import ROW, issues_at, no_issues

MOST_OFF = 0.02
"""A rate times that of the other direction is 1, and rates are rounded."""
MOST_FACTOR = 1.5
"""So much a rate moves from the last one of the year before."""
KEY = ("base", "quote", "date")
_RATES = {
    "base": pl.String(),
    "quote": pl.String(),
    "date": pl.Date(),
    "rate": pl.Decimal(20, 10),
}


def rate_issues(told: pl.DataFrame) -> pl.DataFrame:
    """Warnings ``rate_against_inverse`` and ``rate_jumps``, each at a row of ``told``.

    ``told`` has ``row``, ``base``, ``quote``, ``date`` and ``rate`` of a whole file.  A
    rate of the books that it tells anew is not looked at, so that the answer is the
    same before and after the load.
    """
    told = told.filter(pl.col("base") != pl.col("quote"))
    if not told.height:
        return no_issues()
    told = told.select(pl.col(ROW).cast(pl.Int64), *_cast())
    books = _books(told).join(told, on=list(KEY), how="anti")
    all_rates = _comparable(pl.concat([told, books], how="diagonal"))
    return pl.concat([_against_inverse(all_rates), _jumps(all_rates)])


def warnings_of(rate: ExchangeRate, was: ExchangeRate | None = None) -> list[str]:
    """A sentence for each thing that a file with this one rate would be warned of.

    ``was``: what it replaces in the books.
    """
    row = (0, rate.base_id, rate.quote_id, rate.date, rate.rate)
    told = pl.DataFrame([row], schema={ROW: pl.Int64(), **_RATES}, orient="row")
    found = [rate_issues(told)]
    if was and (was.base_id, was.quote_id) == (rate.base_id, rate.quote_id):
        pair = {"base": "base_currency", "quote": "quote_currency"}
        before = pl.lit(was.rate).cast(_RATES["rate"])
        found.append(
            replaced_issues(told.rename(pair).with_columns(before.alias("was.rate")))
        )
    return pl.concat(found)["message"].to_list()


def replaced_issues(compared: pl.DataFrame) -> pl.DataFrame:
    """Warnings ``rate_jumps`` of rates that replace another one of the same day.

    ``compared`` has a file's columns, and ``was.rate`` where the books have one.
    """
    if "was.rate" not in compared.columns:
        return no_issues()
    names = ("base_currency", "quote_currency", "rate")
    return _jump(
        compared.filter(_is_far("rate", "was.rate").fill_null(value=False)),
        _named(*names),
        pl.format("{} before", _named(*names[:2], "was.rate")),
    )


def _cast() -> list[pl.Expr]:
    return [pl.col(name).cast(dtype) for name, dtype in _RATES.items()]


def _books(told: pl.DataFrame) -> pl.DataFrame:
    """Rates of the books of the same pairs, about the days of the file."""
    pairs = Q()
    for base, quote in told.select("base", "quote").unique().iter_rows():
        pairs |= Q(base=base, quote=quote) | Q(base=quote, quote=base)
    year = datetime.timedelta(days=366)
    days = told["date"].to_list()
    found = ExchangeRate.objects.filter(
        pairs, date__range=(min(days) - year, max(days) + year)
    )
    rows = list(found.values_list(*_RATES))
    return pl.DataFrame(rows, schema=_RATES, orient="row").filter(
        pl.col("base") != pl.col("quote")
    )


def _comparable(rates: pl.DataFrame) -> pl.DataFrame:
    """With the pair whatever its direction, and the rate in one of the two."""
    first, second = (pl.min_horizontal("base", "quote"), pl.max_horizontal(*KEY[:2]))
    rate = pl.col("rate").cast(pl.Float64)
    return rates.with_columns(
        pair=pl.format("{}/{}", first, second),
        level=pl.when(pl.col("base") == first).then(rate).otherwise(1 / rate),
    )


def _against_inverse(rates: pl.DataFrame) -> pl.DataFrame:
    """Both directions of one day whose product is not 1, at the later row of them."""
    pairs = rates.join(rates, on=["pair", "date"], suffix="_other").filter(
        pl.col("base") != pl.col("base_other"),
        pl.col(ROW) > pl.col("row_other").fill_null(-1),
        ((pl.col("level") / pl.col("level_other")) - 1).abs() > MOST_OFF,
        ((pl.col("level_other") / pl.col("level")) - 1).abs() > MOST_OFF,
    )
    other = _named("base_other", "quote_other", "rate_other")
    return issues_at(
        pairs.sort(ROW),
        column="rate",
        value=pl.col("rate"),
        code="rate_against_inverse",
        severity="warning",
        message=pl.format(
            "{} and {} on {}: both cannot hold, as one is 1 divided by the other. Is "
            "one of them the wrong way round? Correct it.",
            _named(),
            other,
            "date",
        ),
    )


def _jumps(rates: pl.DataFrame) -> pl.DataFrame:
    """Rates far from the last one before them, at the later row of the file."""
    days = rates.select("pair", "date").unique().sort("pair", "date")
    days = days.with_columns(date_before=pl.col("date").shift(1).over("pair"))
    days = days.filter(pl.col("date_before") >= pl.col("date").dt.offset_by("-1y"))
    is_other_way = pl.col("base") != pl.col("base_before")
    steps = (
        rates.join(days, on=["pair", "date"])
        .join(
            rates,
            left_on=["pair", "date_before"],
            right_on=["pair", "date"],
            suffix="_before",
        )
        .sort(is_other_way, maintain_order=True)
        .unique(KEY, keep="first", maintain_order=True)
        .with_columns(row=pl.coalesce(ROW, "row_before"))
        .filter(pl.col(ROW).is_not_null(), _is_far("level", "level_before"))
    )
    names = ("base_before", "quote_before", "rate_before")
    return _jump(
        steps.sort(ROW, "date"),
        pl.format("{} on {}", _named(), "date"),
        pl.format("{} on {}", _named(*names), "date_before"),
    )


def _is_far(first: str, second: str) -> pl.Expr:
    """Whether one is more than the factor of the other, either way."""
    ratio = pl.col(first).cast(pl.Float64) / pl.col(second).cast(pl.Float64)
    return (ratio > MOST_FACTOR) | (ratio < 1 / MOST_FACTOR)


def _jump(rows: pl.DataFrame, late: pl.Expr, early: pl.Expr) -> pl.DataFrame:
    return issues_at(
        rows,
        column="rate",
        value=pl.col("rate"),
        code="rate_jumps",
        severity="warning",
        message=pl.format(
            f"{{}}, and {{}}: they differ by more than a factor of {MOST_FACTOR}. Is "
            "one of them the wrong way round, or its decimal mark? Correct it.",
            late,
            early,
        ),
    )


def _named(base: str = "base", quote: str = "quote", rate: str = "rate") -> pl.Expr:
    """A rate in a sentence."""
    number = pl.col(rate).cast(pl.String).str.replace(r"\.?0+$", "")
    return pl.format("{} to {} {}", base, quote, number)
