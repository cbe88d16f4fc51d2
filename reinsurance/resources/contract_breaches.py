"""What must not be true of a contract of the books as it stands: the same as for files.

A change by hand is held against it as a register is.
"""

import polars as pl

from reinsurance.ledger.above_limits import above_limits
from reinsurance.ledger.lowered_limits import terms_of
from reinsurance.models import Layer, Participation, Treaty
from reinsurance.models.base import too_fine
from reinsurance.resources.contract_periods import overlap_issues
from reinsurance.resources.conventions import Conventions
from reinsurance.resources.issues import ROW
from reinsurance.resources.panel_rules import LINES, panel_issues
from reinsurance.resources.shut_out import PERIOD, sentences
from reinsurance.resources.treaty_rules import layer_issues

_RANGE = (
    "occurrence_attachment",
    "occurrence_limit",
    "reinstatements",
    "reinstatement_charges",
    "inuring_priority",
)
_LAYERS = {
    ROW: pl.Int64(),
    "treaty": pl.Int64(),
    "treaty_reference": pl.String(),
    "layer_number": pl.Int64(),
    "occurrence_attachment": pl.Float64(),
    "occurrence_limit": pl.Float64(),
    "reinstatements": pl.Int64(),
    "reinstatement_charges": pl.String(),
    "inuring_priority": pl.Int64(),
}
_PERIOD = {
    **{name: _LAYERS[name] for name in list(_LAYERS)[:3]},
    "cedant": pl.Int64(),
    "inception": pl.Date(),
    "expiry": pl.Date(),
}


def breaches_of(treaty: int) -> list[str]:
    """A sentence for each breach: its period, panels, layers, amounts, limits."""
    layers = list(
        Layer.objects.filter(treaty=treaty)
        .select_related("treaty__currency")
        .order_by("number")
    )
    lines = Participation.objects.filter(layer__treaty=treaty).select_related(
        "layer", "reinsurer"
    )
    reference = layers[0].treaty.reference if layers else ""
    panel = pl.DataFrame(
        [
            (
                *(0, treaty, reference, line.layer.number, line.reinsurer.code),
                *(_plain(line, name) for name in ("written_line", "signed_line")),
                line.is_lead,
            )
            for line in lines.order_by("layer__number", "pk")
        ],
        schema=LINES,
        orient="row",
    )
    terms = pl.DataFrame(
        [
            (0, treaty, reference, x.number, *(_plain(x, name) for name in _RANGE))
            for x in layers
        ],
        schema=_LAYERS,
        orient="row",
    )
    issues = pl.concat([_beside(treaty), panel_issues(panel), layer_issues(terms)])
    fine = [
        f"Layer {layer.number}: {text}"
        for layer in layers
        for text in too_fine(layer, layer.treaty.currency)
    ]
    above = above_limits(terms_of([treaty]))["message"].to_list()
    return [*issues["message"].to_list(), *above, *fine, *_outside(treaty)]


def _beside(treaty: int) -> pl.DataFrame:
    """Issues of the contract's period beside others of its cedant and number."""
    contract = Treaty.objects.filter(pk=treaty).values_list(
        "pk", "reference", "cedant_id", "inception", "expiry"
    )
    rows = pl.DataFrame(
        [(0, *found) for found in contract], schema=_PERIOD, orient="row"
    )
    return overlap_issues(rows, conventions=Conventions())


def _outside(treaty: int) -> list[str]:
    """What stands on the contract and is outside its period."""
    nothing = {"inception": None, "expiry": None, "basis": ""}
    [(name, *told)] = Treaty.objects.filter(pk=treaty).values_list("reference", *PERIOD)
    terms = {
        "treaty": treaty,
        "was": nothing,
        "now": dict(zip(PERIOD, told, strict=True)),
    }
    return list(sentences([terms], {treaty: name}).values())


def _plain(record: Layer | Participation, name: str) -> float | int | str | None:
    value = getattr(record, name)
    if value is None or isinstance(value, int | str):
        return value
    return float(value)
