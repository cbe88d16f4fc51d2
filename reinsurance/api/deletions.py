"""What is not in the books any more, for programs that follow what changes.

``updated_since`` of a list finds what was changed, never what is gone: deleted by
hand, undone with its file, left out by a correction, replaced by what was told again.
"""

import datetime
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from reinsurance.api.filters import MOMENT, MomentField
from reinsurance.api.pages import MOST, USUAL, Cursor, Order
from reinsurance.api.problems import ApiProblem
from reinsurance.api.whole import WholeDoor
from reinsurance.models import (
    Claim,
    ClaimPosition,
    Deletion,
    ExchangeRate,
    Layer,
    Load,
    LossEvent,
    Participation,
    PremiumEntry,
    Treaty,
    TreatyScope,
)
from reinsurance.visibility import seen_by

EVERYBODYS = [str(model._meta.model_name) for model in (LossEvent, ExchangeRate)]
HIDDEN: Sequence[tuple[Any, str, str]] = (
    (Claim, "reference", "lacked_by"),
    (ClaimPosition, "claim__reference", "lacked_by"),
    (PremiumEntry, "policy_reference", "replaced_by"),
)
"""Records that loads hide: their names, and the key to what took their place."""
LEAVING: Sequence[Any] = (
    Treaty,
    Layer,
    Participation,
    TreatyScope,
    *(model for model, *_ in HIDDEN),
)
"""Records that leave a cedant with their contract, or with their claim."""
ORDER = Order("deleted_at")
Row = tuple[str, int, str, datetime.datetime, bool]


class DeletionSerializer(serializers.Serializer):
    """A record that is gone, or that came back because what hid it was undone."""

    model = serializers.CharField(
        help_text="What it is: claim, claimposition, premiumentry, treaty, …"
    )
    id = serializers.IntegerField(help_text="Its number.")
    reference = serializers.CharField(allow_blank=True, help_text="What it is called.")
    deleted_at = serializers.DateTimeField(help_text="Since when; or back since when.")
    is_back = serializers.BooleanField(
        help_text="It is in the books again: read it anew. False: it is gone."
    )

    class Meta:
        ref_name = "Deletion"


class Since(forms.Form):
    """What the list is asked by."""

    since = MomentField(help_text="Gone (or back) at this time or later.")
    limit = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST,
        help_text=f"Records a page, at most {MOST:,}; usually {USUAL}.",
    )
    cursor = forms.CharField(
        required=False, help_text="Where the page begins, from “next”."
    )


class DeletionDoor(WholeDoor):
    """What is not in the books any more since a time, in the order of time.

    Deleted by hand; claims, positions and premiums that were undone with their file,
    left out by a correction or replaced; with ``is_back`` those that an undo brought
    back.  Read it beside the lists' ``updated_since``.
    """

    queryset = Deletion.objects.all()
    serializer_class = DeletionSerializer
    parameters = Since
    schemas: ClassVar = {
        "since": MOMENT,
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST},
    }

    def list(self, request: Request) -> Response:
        """A page of them."""
        asked = self.asked(request)
        limit = asked["limit"] or USUAL
        after = _position(asked["cursor"]) if asked["cursor"] else None
        rows = page_of(_sources(request.user, asked["since"]), after, limit + 1)
        found = [
            dict(
                zip(
                    ("model", "id", "reference", "deleted_at", "is_back"),
                    row,
                    strict=True,
                )
            )
            for row in rows[:limit]
        ]
        return self.listed(found, _next(request, rows, limit))


def _sources(user: Any, since: datetime.datetime) -> list[QuerySet]:
    """The queries whose rows together are the list."""
    deleted = seen_by(Deletion.objects.all(), user)
    deleted |= Deletion.objects.filter(model__in=EVERYBODYS)
    deleted = deleted.exclude(_still_seen(user))
    found = [
        deleted.filter(deleted_at__gte=since)
        .order_by()
        .values_list(
            F("model"),
            F("object_id"),
            F("reference"),
            F("deleted_at"),
            Value(False, BooleanField()),
        )
    ]
    undone = list(
        Load.objects.filter(undone_at__gte=since).values_list("pk", flat=True)
    )
    loaded = list(
        Load.objects.filter(loaded_at__gte=since).values_list("pk", flat=True)
    )
    for model, reference, gone in HIDDEN:
        name = str(model._meta.model_name)
        rows = seen_by(model.all_objects.order_by(), user)
        stands = Q(load__undone_at__isnull=True)
        wanted = (
            (undone, Q(load__in=undone), "load__undone_at", False),
            (
                loaded,
                stands & Q(**{f"{gone}__in": loaded, f"{gone}__undone_at": None}),
                f"{gone}__loaded_at",
                False,
            ),
            (undone, stands & Q(**{f"{gone}__in": undone}), f"{gone}__undone_at", True),
        )
        found += [
            rows.filter(condition).values_list(
                Value(name, CharField()),
                F("pk"),
                F(reference),
                F(moment),
                Value(is_back, BooleanField()),
            )
            for loads, condition, moment, is_back in wanted
            if loads
        ]
    return found


def _still_seen(user: Any) -> Q:
    """What left another cedant, and is there for this user all the same."""
    found = Q()
    for model in LEAVING:
        rows = seen_by(model._default_manager.all(), user)
        is_there = Exists(rows.order_by().filter(pk=OuterRef("object_id")))
        found |= Q(is_there, model=str(model._meta.model_name))
    return found


def page_of(
    sources: Sequence[QuerySet], after: tuple[Any, ...] | None, limit: int
) -> list[Row]:
    """So many rows of all the queries together, in the order of time."""
    texts: list[str] = []
    parameters: list[Any] = []
    for rows in sources:
        try:
            sql, given = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        texts.append(f"({sql})")
        parameters += given
    if not texts:
        return []
    union = " UNION ALL ".join(texts)
    seek = "WHERE (at, model, id) > (%s, %s, %s) " if after else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT model, id, reference, at, is_back FROM ({union}) "  # noqa: S608 names are ours
            f"AS q (model, id, reference, at, is_back) {seek}"
            "ORDER BY at, model, id LIMIT %s",
            [*parameters, *(after or ()), limit],
        )
        return list(cursor.fetchall())


def _position(text: str) -> tuple[datetime.datetime, str, int]:
    cursor = Cursor.read(text, ORDER)
    try:
        moment, model, key = cursor.values
        return (
            datetime.datetime.fromisoformat(moment).astimezone(datetime.UTC),
            model,
            min(int(key), 2**63 - 1),
        )
    except (ValueError, OverflowError) as error:
        raise ApiProblem("bad_cursor", "This is no cursor of this list.") from error


def _next(request: Request, rows: Sequence[Row], limit: int) -> str:
    """The address of the following page; empty where there is none."""
    if len(rows) <= limit:
        return ""
    model, key, _, moment, _ = rows[limit - 1]
    query = request.query_params.copy()
    values = [moment.isoformat(), model, str(key)]
    query["cursor"] = Cursor(ORDER, values, False).text()
    address: str = request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
    return address
