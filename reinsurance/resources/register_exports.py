"""Treaties, their layers and lines as a register, which can be handed in again."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tablib
from django.db.models import Prefetch, QuerySet

from reinsurance.models import Layer, Participation, Treaty
from reinsurance.resources.exports import Values, empty_values, table, values_of
from reinsurance.resources.layers import LayerResource
from reinsurance.resources.participations import ParticipationResource
from reinsurance.resources.treaties import TreatyResource

_PANEL = Prefetch(
    "participations", Participation.objects.select_related("reinsurer").order_by("pk")
)
_TREATY = ("treaty__cedant", "treaty__broker")
_KEYS = {
    LayerResource: LayerResource.parent_column,
    ParticipationResource: ParticipationResource.parent_column,
}
_LEVELS = (TreatyResource, LayerResource, ParticipationResource)


def _own(resource: Any) -> dict[str, Any]:
    """Columns of a resource, without the one that means its parent."""
    columns = dict(resource.columns())
    columns.pop(_KEYS.get(resource, ""), None)
    return columns


def register(rows: Iterable[tuple[Any, Any, Any]]) -> tablib.Dataset:
    """A row for each line of each layer; a layer or treaty without any has one too."""
    owned = [_own(resource) for resource in _LEVELS]
    columns: dict[str, Any] = {}
    for resource in _LEVELS:
        for name, column in resource.columns().items():
            columns.setdefault(name, column)

    def told() -> Iterator[tuple[Values, Mapping[str, str]]]:
        for records in rows:
            values: dict[str, Any] = {}
            for own, record in zip(owned, records, strict=True):
                values |= (
                    empty_values(own) if record is None else values_of(own, record)
                )
            yield values, {}

    return table(columns, told())


def lines_of(layers: Iterable[Layer]) -> Iterator[tuple[Treaty, Layer, Any]]:
    """Each line of each layer; the whole panel, for a register tells all of it."""
    for layer in layers:
        lines = list(layer.participations.all())
        for line in lines or (None,):
            yield layer.treaty, layer, line


class TreatyRegister(TreatyResource):
    """Treaties with all their layers and lines."""

    class Meta(TreatyResource.Meta):
        name = "Treaty register"

    def export(self, queryset: QuerySet | None = None, **kwargs: Any) -> tablib.Dataset:
        """A register of the treaties."""
        treaties = self.get_queryset() if queryset is None else queryset
        layers = Layer.objects.order_by("number").prefetch_related(_PANEL)
        seen = treaties.select_related("cedant", "broker").prefetch_related(
            Prefetch("layers", layers)
        )

        def rows() -> Iterator[tuple[Any, Any, Any]]:
            for treaty in seen:
                own = list(treaty.layers.all())
                yield from lines_of(own) if own else [(treaty, None, None)]

        return register(rows())


class LayerRegister(LayerResource):
    """Layers with their treaties and all their lines."""

    class Meta(LayerResource.Meta):
        name = "Treaty register"

    def export(self, queryset: QuerySet | None = None, **kwargs: Any) -> tablib.Dataset:
        """A register of the layers."""
        layers = Layer.objects.all() if queryset is None else queryset
        seen = layers.select_related(*_TREATY).prefetch_related(_PANEL)
        return register(lines_of(seen))


class ParticipationRegister(ParticipationResource):
    """Lines with their layers and treaties."""

    class Meta(ParticipationResource.Meta):
        name = "Treaty register"

    def export(self, queryset: QuerySet | None = None, **kwargs: Any) -> tablib.Dataset:
        """A register of the lines' layers, each with its whole panel.

        A register tells the whole panel of the layers that it names: with some of the
        lines alone, the others would leave when it is handed in again.
        """
        lines = Participation.objects.all() if queryset is None else queryset
        named = lines.order_by().values_list("layer", flat=True)
        seen = Layer.objects.filter(pk__in=named).order_by("treaty", "number")
        return register(
            lines_of(seen.select_related(*_TREATY).prefetch_related(_PANEL))
        )
