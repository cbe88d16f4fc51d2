"""Addresses of the machine."""

from django.urls import URLPattern, path

from importers.api.changes import ChangesDoor
from importers.api.contracts import ContractsDoor
from importers.api.feeds import FeedDoor, SyncDoor
from importers.api.ingestions import IngestionDoor, IngestionsDoor
from importers.api.lineage import LineageDoor
from importers.api.senders import MappingDoor, RecordTypeDoor, SourceDoor
from importers.api.story import (
    ColumnsDoor,
    EventsDoor,
    IssuesDoor,
    RowsDoor,
)
from importers.api.undoing import UndoPreviewDoor
from importers.record_types import RECORD_TYPES
from reinsurance.api.urls import RECORDS, addresses

TRACED = {
    resource._meta.model
    for kind in RECORD_TYPES.values()
    for resource in kind.resources
}
MOVES = ("map", "declare", "approve", "reject", "cancel", "retry", "undo")
STORY = {
    "issues": IssuesDoor,
    "events": EventsDoor,
    "changes": ChangesDoor,
    "rows": RowsDoor,
}


def _one(route: str, method: str, action: str, name: str) -> URLPattern:
    view = IngestionDoor.as_view({method: action}, detail=True)
    return path(f"ingestions/<int:pk>/{route}", view, name=name)


ingestion_routes: list[URLPattern] = [
    path(
        "ingestions/",
        IngestionsDoor.as_view({"get": "list", "post": "create"}),
        name="ingestions-list",
    ),
    _one("", "get", "retrieve", "ingestions-detail"),
    *(
        path(
            f"ingestions/<int:pk>/{name}/",
            door.as_view({"get": "list"}),
            name=f"ingestions-{name}",
        )
        for name, door in STORY.items()
    ),
    path(
        "ingestions/<int:pk>/columns/",
        ColumnsDoor.as_view({"get": "retrieve"}, detail=True),
        name="ingestions-columns",
    ),
    path(
        "ingestions/<int:pk>/contracts/",
        ContractsDoor.as_view({"get": "list", "post": "create"}),
        name="ingestions-contracts",
    ),
    path(
        "ingestions/<int:pk>/undo-preview/",
        UndoPreviewDoor.as_view({"get": "retrieve"}, detail=True),
        name="ingestions-undo-preview",
    ),
    _one("file", "get", "file", "ingestions-file"),
    _one("rejected-rows", "get", "rejected_rows", "ingestions-rejected-rows"),
    *(_one(f"{move}/", "post", move, f"ingestions-{move}") for move in MOVES),
]

feed_routes: list[URLPattern] = [
    *addresses("feeds", FeedDoor),
    *(
        path(
            f"feeds/<int:pk>/{move}/",
            FeedDoor.as_view({"post": move}, detail=True),
            name=f"feeds-{move}",
        )
        for move in ("sync", "pause", "resume")
    ),
    *addresses("syncs", SyncDoor),
    path(
        "syncs/<int:pk>/cancel/",
        SyncDoor.as_view({"post": "cancel"}, detail=True),
        name="syncs-cancel",
    ),
]

sender_routes: list[URLPattern] = [
    *addresses("sources", SourceDoor),
    *addresses("mappings", MappingDoor),
    *addresses("record-types", RecordTypeDoor, "slug"),  # type: ignore[arg-type]
]

lineage_routes: list[URLPattern] = [
    path(
        f"{name}/<int:pk>/lineage/",
        LineageDoor.as_view({"get": "list"}, records=door.queryset),
        name=f"{name}-lineage",
    )
    for name, door in RECORDS.items()
    if door.serializer_class.Meta.model in TRACED
]

urlpatterns: list[URLPattern] = [
    *ingestion_routes,
    *feed_routes,
    *sender_routes,
    *lineage_routes,
]
