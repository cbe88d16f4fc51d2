"""Lists of words as choices of model fields."""

from collections.abc import Iterable
from enum import StrEnum

from django.db.models import Q


def choices_of(values: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """The words as choices, with a capital letter for people."""
    return [(value.value, value.value.capitalize()) for value in values]


def is_one_of(field: str, values: Iterable[StrEnum]) -> Q:
    """The condition of a check constraint: the field holds one of the words."""
    return Q(**{f"{field}__in": [value.value for value in values]})
