"""Stored values in words for people: amounts, dates, choices, names for keys."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from django.utils.formats import date_format

from reinsurance.admin.values import money, share
from reinsurance.models.base import MoneyField, ShareField
from reinsurance.visibility import seen_by

DOMAIN = "reinsurance"
ALONG: Mapping[str, tuple[str, ...]] = {
    "layer": ("treaty",),
    "participation": ("reinsurer", "layer__treaty"),
    "treatyscope": ("treaty",),
    "bordereau": ("party",),
    "claimposition": ("claim",),
}
"""What the name of a record needs of others, so that no name costs a query."""


def model_of(name: str) -> type[models.Model]:
    """The domain model that lineage calls ``name``."""
    return apps.get_model(DOMAIN, name)


class Names:
    """Names of records by key, asked for together: one query a model.

    First :meth:`want` all keys, then :meth:`of` each.  What ``user`` may not see is
    named as what is gone.
    """

    def __init__(self, user: User) -> None:
        self._user = user
        self._wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
        self._known: dict[type[models.Model], dict[Any, str]] = {}

    def want(self, model: type[models.Model], keys: Iterable[Any]) -> None:
        """Note keys to ask for."""
        clean = (model._meta.pk.to_python(key) for key in keys if key not in {None, ""})
        self._wanted[model].update(clean)

    def of(self, model: type[models.Model], key: Any) -> str:
        """The record's name; what it was called by where it is gone."""
        if key in {None, ""}:
            return ""
        if model not in self._known:
            rows = model._default_manager.select_related(
                *ALONG.get(str(model._meta.model_name), ())
            )
            found = seen_by(rows, self._user).in_bulk(self._wanted[model])
            self._known[model] = {pk: str(record) for pk, record in found.items()}
        pk = model._meta.pk.to_python(key)
        label = model._meta.verbose_name
        return self._known[model].get(pk) or f"{label} no longer in the books"


def target_of(field: models.Field) -> type[models.Model] | None:
    """The model that a key refers to; None for any other field."""
    return field.related_model if isinstance(field, models.ForeignKey) else None


def in_words(field: models.Field, text: Any, names: Names) -> str:
    """A stored value (as text) the way our pages write it."""
    if text in {None, ""}:
        return ""
    if (target := target_of(field)) is not None:
        return names.of(target, text)
    if field.choices:
        return str(dict(field.flatchoices).get(text, text))
    if isinstance(field, models.DecimalField):
        return _decimal(field, str(text))
    if isinstance(field, models.BooleanField):
        return "Yes" if str(text).casefold() == "true" else "No"
    if isinstance(field, models.DateField):
        return _date(str(text))
    return str(text)


def _decimal(field: models.DecimalField, text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if isinstance(field, ShareField):
        return share(number)
    return money(number) if isinstance(field, MoneyField) else f"{number.normalize():f}"


def _date(text: str) -> str:
    try:
        return date_format(datetime.date.fromisoformat(text[:10]), "j M Y")
    except ValueError:
        return text


def duration(seconds: float | None) -> str:
    """Seconds as people say them: ``0.8 s``, ``12 s``, ``3 min 20 s``."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
