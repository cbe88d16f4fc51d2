"""Records that an undo would touch, counted by a query, and some of them by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import models

from reinsurance.models import ClaimPosition
from reinsurance.visibility import seen_by

MOST_NAMED = 20
GOES, CHANGES, RETURNS = "removed", "changed", "brought back"
_ALONG: Mapping[str, tuple[str, ...]] = {
    "claimposition": ("claim__treaty",),
    "claim": ("treaty",),
    "layer": ("treaty",),
    "participation": ("reinsurer", "layer__treaty"),
    "treatyscope": ("treaty",),
    "premiumentry": ("treaty",),
    "loadperiod": ("treaty",),
}
"""What the name of a record needs of others, so that no name costs a query."""


@dataclass(frozen=True, slots=True)
class Affected:
    """So many records that would be removed, changed or brought back (``effect``)."""

    what: str
    effect: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Referring:
    """Records of others that refer to what the load created; they stand in the way."""

    what: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """What was counted so far, for a user who sees some records by name."""

    user: User
    affected: list[Affected] = field(default_factory=list)
    referring: list[Referring] = field(default_factory=list)

    def count(
        self,
        cursor: Any,
        model: type[models.Model],
        effect: str,
        query: str,
        parameters: Mapping[str, Any],
    ) -> None:
        """Take up how many records have the keys (``id``) that the query gives."""
        number, keys = _counted(cursor, query, parameters)
        if number:
            self.add(model, effect, number, self.named(model, keys))

    def add(
        self,
        model: type[models.Model],
        effect: str,
        number: int,
        names: tuple[str, ...],
    ) -> None:
        """Take up so many records, some of them by name; nothing where none are."""
        if number:
            self.affected.append(Affected(called(model, number), effect, number, names))

    def refer(
        self,
        cursor: Any,
        model: type[models.Model],
        query: str,
        parameters: Mapping[str, Any],
    ) -> None:
        """Take up records of others that refer to what goes."""
        number, keys = _counted(cursor, query, parameters)
        if number:
            self.referring.append(
                Referring(called(model, number), number, self.named(model, keys))
            )

    def named(self, model: type[models.Model], keys: Sequence[Any]) -> tuple[str, ...]:
        """Records by name, as far as the user may see them."""
        if not hasattr(model, "cedant_paths"):
            return ()
        along = _ALONG.get(model._meta.model_name or "", ())
        rows = model._base_manager.filter(pk__in=keys).select_related(*along)
        return tuple(sorted(_name(row) for row in seen_by(rows, self.user)))


def _counted(
    cursor: Any, query: str, parameters: Mapping[str, Any]
) -> tuple[int, list[Any]]:
    cursor.execute(
        f"SELECT count(*), (array_agg(id ORDER BY id))[1:{MOST_NAMED}] "  # noqa: S608
        f"FROM ({query}) n",
        parameters,
    )
    number, keys = cursor.fetchone()
    return number, keys or []


def called(model: type[models.Model], count: int) -> str:
    """The name of so many records of the model."""
    opts = model._meta
    return str(opts.verbose_name if count == 1 else opts.verbose_name_plural)


def _name(record: Any) -> str:
    is_position = isinstance(record, ClaimPosition)
    contract = record.claim.treaty if is_position else getattr(record, "treaty", None)
    return f"{contract} · {record}" if contract else str(record)
