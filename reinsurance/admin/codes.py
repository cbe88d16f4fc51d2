"""Choosing a code in lists and forms without asking its table at every page."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest

from reinsurance.caching import Topic, remembered
from reinsurance.models import ClaimStatus, Country, Currency, LineOfBusiness

CODE_TABLES = (ClaimStatus, Country, Currency, LineOfBusiness)


def codes_of(model: type[models.Model]) -> list[tuple[str, str]]:
    """Code and name of every record, in the table's own order."""
    return remembered(
        Topic.REFERENCE,
        f"codes of {model._meta.label}",
        lambda: [(record.pk, str(record)) for record in model._default_manager.all()],
    )


class CodeFilter(admin.RelatedFieldListFilter):
    """A list filter by a code."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        """The codes there are."""
        return [*codes_of(field.remote_field.model)]


class CodeIterator(ModelChoiceIterator):
    """The remembered codes as choices of a form field."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        if self.field.empty_label is not None:
            yield ("", str(self.field.empty_label))
        yield from codes_of(self.queryset.model)


class CodeField(forms.ModelChoiceField):
    """A choice of one code; what is chosen is checked against the table itself."""

    iterator = CodeIterator
