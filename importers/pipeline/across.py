"""What only a whole file shows of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True, slots=True)
class Across:
    """Rows held out for the sake of others, and the like.

    ``refused``: rows held out for another row's sake.  ``not_carried``: by resource
    index, good rows whose record an earlier row has brought already.
    ``without_contract``: where rows add up, those whose contract is not found.
    """

    issues: pl.DataFrame
    refused: pl.Series
    not_carried: Mapping[int, pl.Series] = field(default_factory=dict)
    without_contract: pl.DataFrame | None = None
