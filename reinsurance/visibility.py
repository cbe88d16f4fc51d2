"""What a user may see: everything, or the records of certain cedants.

A model says with ``cedant_paths`` how its records lead to a cedant: the look-ups of
which any may hit, or none at all where everybody sees every record.  Some rows are
everybody's (``shared_when``).  Admin and API both read through :func:`seen_by`.
"""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q, QuerySet

from reinsurance.caching import Topic, remembered
from reinsurance.models import CedantLimit

_LIMIT = "_cedant_limit"

Cedants = frozenset[int] | None
"""Keys of cedants; None: not limited."""


def cedants_of(user: AbstractBaseUser | AnonymousUser) -> Cedants:
    """The cedants that the user is limited to; asked once in the life of ``user``."""
    if not hasattr(user, _LIMIT):
        key = user.pk
        known: Cedants = None
        if key is not None:
            known = remembered(
                Topic.ACCESS, f"cedants of {key}", lambda: limits_of(key)
            )
        limit_to(user, known)
    limit: Cedants = getattr(user, _LIMIT)
    return limit


def limits_of(user: int) -> Cedants:
    """The cedants that the user with this key is limited to, from the database."""
    limits = CedantLimit.objects.filter(user_id=user)
    return frozenset(limits.values_list("cedant_id", flat=True)) or None


def limit_to(user: AbstractBaseUser | AnonymousUser, cedants: Cedants) -> None:
    """Have this ``user`` object see no more than these cedants' records."""
    setattr(user, _LIMIT, cedants)


def know_limit(user: AbstractBaseUser | AnonymousUser, cedants: Cedants) -> None:
    """These are the user's limits: spare asking, but leave a narrower view as it is."""
    if not hasattr(user, _LIMIT):
        limit_to(user, cedants)


def seen_by(
    queryset: QuerySet[Any], user: AbstractBaseUser | AnonymousUser
) -> QuerySet[Any]:
    """Those of the records that the user may see.

    Raises AttributeError for a model that does not say whose its records are.
    """
    return of_cedants(queryset, cedants_of(user))


def of_cedants(queryset: QuerySet[Any], cedants: Cedants) -> QuerySet[Any]:
    """Those of the records that are of the cedants, or everybody's."""
    model: Any = queryset.model
    if cedants is None or not model.cedant_paths:
        return queryset
    wanted = Q()
    for path in model.cedant_paths:
        wanted |= Q(**{f"{path}__in": cedants})
    if shared := getattr(model, "shared_when", None):
        wanted |= Q(**shared)
    if any(_is_many(model, path) for path in model.cedant_paths):
        wanted = Q(pk__in=model._default_manager.filter(wanted).values("pk"))
    return queryset.filter(wanted)


def _is_many(model: type[models.Model], path: str) -> bool:
    first = path.partition("__")[0]
    if first == "pk":
        return False
    relation = model._meta.get_field(first)
    return bool(relation.one_to_many or relation.many_to_many)


def is_seen_by(record: models.Model, user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user may see this record."""
    rows = type(record)._default_manager.filter(pk=record.pk)
    return seen_by(rows, user).exists()
