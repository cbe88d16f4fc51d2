"""Treaty registers: a reinsurer's line on the layer in the same row."""

from collections.abc import Iterable
from typing import Any

from reinsurance.models import Layer, Participation
from reinsurance.resources import references
from reinsurance.resources.base import Column, DomainResource
from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.layer_numbers import number_for
from reinsurance.resources.layers import LayerResource
from reinsurance.resources.lookups import ContractWidget
from reinsurance.resources.widgets import IntegerWidget, ShareWidget, YesNoWidget


class LayerWidget(IntegerWidget):
    """A layer by its number and, of the same row, its treaty."""

    treaty = ContractWidget("register")

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        cells = row or {}
        number = super().clean(value, row, **kwargs)
        reference = tidy(cells.get("Treaty reference"))
        treaty = self.treaty.configured(self.options).clean(reference, cells)
        if number is None:
            number = number_for(treaty, cells, is_named="Layer name" in cells)
        layer = Layer.objects.filter(treaty=treaty, number=number)
        found = layer.values_list("pk", flat=True).first()
        if found is None:
            raise CellError(
                "unknown_layer",
                f"Treaty “{reference}” has no layer {number}. Load the layer first.",
            )
        return found

    def parse_many(self, texts: Iterable[str]) -> dict[str, Any]:
        raise TypeError("A layer is found through its treaty, not by a cell alone.")


class ParticipationResource(DomainResource):
    """A reinsurer's line on the layer in the same row; there if one is named."""

    layer_number = Column(
        "layer_id",
        "Layer number",
        LayerWidget(),
        shows="layer__number",
    )
    reinsurer = references.party(
        "reinsurer_id",
        "Reinsurer",
        synonyms=("Market", "Participant", "Reinsurer code", "Reinsurer name"),
    )
    written_line = Column(
        "written_line",
        "Written line",
        ShareWidget(),
        synonyms=("Written line %", "Written share"),
    )
    signed_line = Column(
        "signed_line",
        "Signed line",
        ShareWidget(),
        synonyms=("Signed line %", "Signed share", "Participation", "Share", "Line"),
    )
    is_lead = Column(
        "is_lead", "Lead", YesNoWidget(), synonyms=("Lead flag", "Leader", "Is lead")
    )

    parent = LayerResource
    parent_column = "layer_number"
    is_optional = True

    class Meta(DomainResource.Meta):
        model = Participation
        import_id_fields = ("layer_number", "reinsurer")
