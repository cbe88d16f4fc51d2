"""The columnar fast path of a widget decides nothing that the widget would not."""

import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.widgets import (
    AmountWidget,
    CellWidget,
    DateWidget,
    LimitWidget,
    TextWidget,
)

near_numbers = st.from_regex(r"-?[0-9]{1,17}([.,][0-9]{0,5})?", fullmatch=True)
near_dates = st.one_of(
    st.dates(datetime.date(1850, 1, 1)).map(str),
    st.from_regex(r"[12][09][0-9]{2}-[0-3][0-9]-[0-3][0-9]", fullmatch=True),
)
any_text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
cells = st.lists(st.one_of(near_numbers, near_dates, any_text), max_size=30)


@pytest.mark.parametrize(
    "widget",
    [AmountWidget(), DateWidget(), LimitWidget(), TextWidget(5)],
    ids=lambda widget: type(widget).__name__,
)
@given(texts=cells)
def test_fast_path_agrees_with_widget(widget: CellWidget, texts: list[str]) -> None:
    tidied = [text for text in map(tidy, texts) if text]
    expression = widget.vectorised(pl.col("t"))
    if expression is None:
        return
    frame = pl.DataFrame({"t": pl.Series(tidied, dtype=pl.String)})
    fast = frame.select(expression.alias("v")).to_series().to_list()
    for text, value in zip(tidied, fast, strict=True):
        if value is None:
            continue
        try:
            assert widget.clean(text) == value
        except CellError as error:
            raise AssertionError(f"{text!r}: {value!r}, but {error}") from error
