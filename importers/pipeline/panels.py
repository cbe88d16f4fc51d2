"""Who leaves the panel of a layer, and who comes back: the words that undo goes by.

A register that names a layer says of every reinsurer whether it is in the panel.  Who
leaves is taken out of the books with an image to bring it back; that somebody who left
before is still not there is a word, too, and a repeat; who comes back has the key that
it had, so that all that was told of it is one chain.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from importers.models import RowChange
from importers.pipeline.undo_records import (
    DELETED,
    OF_NO_ROW,
    REPEATED,
    deletion_of,
)
from reinsurance.models import Deletion, Load, Participation

MODEL = Participation._meta.model_name or ""
Seat = tuple[int, int]
"""Keys of a layer and a reinsurer."""


def former(layers: Iterable[int]) -> dict[Seat, int]:
    """Keys of the lines that registers which stand took out of these layers."""
    standing = Load.objects.filter(undone_at=None, user=None).values("number")
    rows = RowChange.objects.filter(
        model=MODEL,
        action=DELETED,
        before__layer_id__in=list(layers),
        ingestion__in=standing,
    )
    return {
        (image["layer_id"], image["reinsurer_id"]): key
        for key, image in rows.order_by("pk").values_list("object_id", "before")
        if image
    }


def keys_of(created: pl.DataFrame, ids: pl.Series, layer: str) -> pl.Series:
    """The keys of new lines: of those who come back the ones that they had.

    ``created`` has the key of the layer in ``layer``, and ``reinsurer``.
    """
    seats = list(created.select(layer, "reinsurer").iter_rows())
    known = former({seat[0] for seat in seats})
    if not known:
        return ids
    had = [known.get(seat) for seat in seats]
    taken = set(
        Participation.objects.filter(pk__in=filter(None, had)).values_list(
            "pk", flat=True
        )
    )
    return pl.Series(
        [
            own if own is not None and own not in taken else new
            for own, new in zip(had, ids.to_list(), strict=True)
        ],
        dtype=pl.Int64,
    )


def leave(cursor: Any, number: int, lines: list[Participation]) -> None:
    """Take lines out of the books, each with an image to bring it back."""
    keys = [line.pk for line in lines]
    if not keys:
        return
    table = Participation._meta.db_table
    cursor.execute(
        f"SELECT id, to_jsonb(t)::text FROM {table} t WHERE id = ANY(%s)",  # noqa: S608
        [keys],
    )
    images = {key: json.loads(text, parse_float=str) for key, text in cursor.fetchall()}
    RowChange.objects.bulk_create(
        RowChange(
            ingestion_id=number,
            row=OF_NO_ROW,
            model=MODEL,
            object_id=key,
            action=DELETED,
            before=images[key],
        )
        for key in keys
        if key in images
    )
    Deletion.objects.bulk_create(deletion_of(line) for line in lines)
    Participation.objects.filter(pk__in=keys).delete()


def stay_away(
    number: int, layers: Iterable[int], may_be_there: Callable[[Seat], bool]
) -> None:
    """Say again that those who left these layers before are not there.

    Nothing is said of whom the file may name in rows held out.  After those who leave
    now have left.
    """
    known = former(layers)
    there = set(
        Participation.objects.filter(pk__in=known.values()).values_list("pk", flat=True)
    )
    told = set(
        RowChange.objects.filter(
            ingestion=number, model=MODEL, object_id__in=known.values()
        ).values_list("object_id", flat=True)
    )
    RowChange.objects.bulk_create(
        RowChange(
            ingestion_id=number,
            row=OF_NO_ROW,
            model=MODEL,
            object_id=key,
            action=REPEATED,
        )
        for seat, key in known.items()
        if key not in there | told and not may_be_there(seat)
    )
