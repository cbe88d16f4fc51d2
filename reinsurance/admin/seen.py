"""What a user who is limited to certain cedants finds in lists, filters and forms."""

import copy
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.http import HttpRequest

from reinsurance.visibility import cedants_of, seen_by

User = AbstractBaseUser | AnonymousUser


def has_cedants(model: type[models.Model]) -> bool:
    """Whether the model says whose its records are."""
    return hasattr(model, "cedant_paths")


class SeenFilter(admin.RelatedFieldListFilter):
    """A filter by a related record that offers only what the user may see."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin
    ) -> list[Any]:
        """Keys and names."""
        rows = seen_by(field.related_model._default_manager.all(), request.user)
        return [(row.pk, str(row)) for row in rows]


class SeenChoices:
    """An admin or inline whose forms offer only what the user may choose."""

    model: type[models.Model]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form, with its choices cut to size."""
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        return limit_choices(form, self.model, request.user)

    def get_formset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The inline's forms, with their choices cut to size."""
        formset = super().get_formset(request, *args, **kwargs)  # type: ignore[misc]
        limit_choices(formset.form, self.model, request.user)
        return formset


def limit_choices(form: Any, model: type[models.Model], user: User) -> Any:
    """Have a form class offer what the user sees, and what their records refer to.

    A treaty's broker is none of the user's cedants, and stays what it is when they
    save the treaty.
    """
    if cedants_of(user) is None:
        return form
    for name, field in list(form.base_fields.items()):
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            form.base_fields[name] = _limited(field, model, name, user)
    return form


def _limited(
    field: forms.ModelChoiceField, model: type[models.Model], name: str, user: User
) -> forms.ModelChoiceField:
    rows = field.queryset
    if rows is None or not getattr(rows.model, "cedant_paths", ()):
        return field
    seen = seen_by(rows.model._default_manager.all(), user)
    wanted = Q(pk__in=seen.order_by().values("pk"))
    if (referred := _referred(model, name, user)) is not None:
        wanted |= Q(pk__in=referred)
    limited = copy.deepcopy(field)
    limited.queryset = rows.filter(wanted)
    return limited


def _referred(
    model: type[models.Model], name: str, user: User
) -> models.QuerySet | None:
    """Keys that the records of the user's own cedants name in the field."""
    try:
        is_key = model._meta.get_field(name).many_to_one
    except FieldDoesNotExist:
        return None
    if not is_key or not has_cedants(model):
        return None
    mine = seen_by(model._default_manager.all(), user).order_by()
    return mine.filter(**{f"{name}__isnull": False}).values(name)
