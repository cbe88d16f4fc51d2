"""Changes of who may do what: entries with what was before and what is after."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.auth.models import Group, User
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from backoffice.audit.entries import Kind
from backoffice.audit.writing import Record, record
from backoffice.models import Client

State = dict[str, Any]


def _names(rows: Iterable[Any]) -> list[str]:
    return sorted(map(str, rows))


def _permissions(record: Any, name: str) -> list[str]:
    paths = ("content_type__app_label", "codename")
    held = getattr(record, name).order_by().values_list(*paths)
    return sorted(f"{app}.{codename}" for app, codename in held)


_STATES: Mapping[type[models.Model], Mapping[str, Callable[[Any], Any]]] = {
    User: {
        "username": attrgetter("username"),
        "is_active": attrgetter("is_active"),
        "is_staff": attrgetter("is_staff"),
        "is_superuser": attrgetter("is_superuser"),
        "roles": lambda user: _names(user.groups.order_by()),
        "permissions": lambda user: _permissions(user, "user_permissions"),
        "cedants": lambda user: _names(
            limit.cedant for limit in user.cedant_limits.select_related("cedant")
        ),
    },
    Client: {
        "name": attrgetter("name"),
        "is_active": attrgetter("is_active"),
        "scopes": lambda client: sorted(client.scopes),
        "acts as": lambda client: str(client.user or ""),
        "addresses": lambda client: client.redirect_uris.split(),
        "cedants": lambda client: _names(client.cedants.order_by()),
    },
    Group: {
        "name": attrgetter("name"),
        "permissions": lambda group: _permissions(group, "permissions"),
    },
}
"""What of a record decides who may do what, and how it is found."""
_HELD = frozenset({"roles", "permissions", "cedants"})
"""What a record has by rows of other tables."""
WATCHED = (
    "importers.webservice", "importers.feed", "importers.inbox", "importers.webhook",
)  # fmt: skip
"""Of these it is told which fields were changed: their secrets are among them."""


def state_of(kind: type[models.Model], pk: Any) -> State:
    """What of the record decides who may do what; empty where there is none."""
    found = kind._default_manager.filter(pk=pk).first()
    return state(found, _STATES[kind]) if found is not None else {}


def state(found: models.Model, names: Iterable[str]) -> State:
    """So much of what decides who may do what; fields as the record has them."""
    known = _STATES[type(found)]
    return {name: known[name](found) for name in names}


def own_state(found: models.Model) -> State:
    """What the record's own row says, without what it has by rows of other tables."""
    return state(found, [n for n in _STATES[type(found)] if n not in _HELD])


def differences(before: State, after: State) -> dict[str, list[Any]]:
    """Name to the values before and after, of what is no longer the same."""
    return {
        name: [before.get(name), after.get(name)]
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    }


class AuditedAdmin:
    """An admin whose every change leaves an entry, in the transaction of the change."""

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The record; how it was before is kept for the entry."""
        found = super().get_object(request, *args, **kwargs)  # type: ignore[misc]
        if found is not None and request.method == "POST":
            request.state_before = state_of(type(found), found.pk)  # type: ignore[attr-defined]
        return found

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """A record was made."""
        record(Kind.ADDED, about=obj, details=state_of(type(obj), obj.pk))
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """A record was changed: what decides over access, and which other fields."""
        before = getattr(request, "state_before", None)
        details: dict[str, Any] = {}
        if before is not None:
            details = differences(before, state_of(type(obj), obj.pk))
        record(Kind.CHANGED, about=obj, details={**details, **_said(message)})
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Records were deleted."""
        for gone in queryset:
            record(Kind.DELETED, about=gone, details=state_of(type(gone), gone.pk))
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def _said(message: Any) -> dict[str, Any]:
    """The admin's own account of a change, as far as it is one of ours."""
    if isinstance(message, str):
        return {"said": message}
    fields = [
        name
        for part in message
        for name in part.get("changed", {}).get("fields", ())
        if not part.get("changed", {}).get("object")
    ]
    return {"fields": sorted(map(str, fields))} if fields else {}


@receiver(post_save, sender=LogEntry, dispatch_uid="audit")
def _logged(sender: Any, instance: LogEntry, created: bool, **_: Any) -> None:
    """What the admin noted of a service, a feed, an inbox or a webhook."""
    kind = instance.content_type
    label = f"{kind.app_label}.{kind.model}" if kind else ""
    if not created or label not in WATCHED:
        return
    done = {ADDITION: Kind.ADDED, DELETION: Kind.DELETED}.get(
        instance.action_flag, Kind.CHANGED
    )
    called = instance.object_repr[:200]
    record(
        done,
        about=Record(label, str(instance.object_id), called),
        details={"said": str(instance.get_change_message())},
    )
