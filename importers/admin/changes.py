"""What a load did, in words: of money what each row told, of the rest each change."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Count, QuerySet
from django.urls import reverse

from importers.admin.lineage import Change, Difference
from importers.admin.shown import DOMAIN, Names, in_words, model_of, target_of
from importers.services import changes_of
from importers.values import Action
from reinsurance.admin.values import capital
from reinsurance.models import ClaimStatement

TOLD = "told"


def _told_by(line: Any) -> type[models.Model]:
    """The model whose columns the values of a line are."""
    is_statement = isinstance(line, ClaimStatement)
    return ClaimStatement if is_statement else model_of(line.of_model)


def described(lines: Sequence[Any], user: User) -> list[Change]:
    """Lines of :func:`importers.services.changes_of.changes_of` in words."""
    names = Names(user)
    for line in lines:
        names.want(model_of(line.of_model), [line.of_record])
        for image in (line.was, line.became):
            for field, text in _fields(_told_by(line), image):
                if (target := target_of(field)) is not None:
                    names.want(target, [text])
    return [_described(line, names) for line in lines]


def _fields(
    model: type[models.Model], image: dict[str, Any] | None
) -> Iterable[tuple[models.Field, Any]]:
    """The values in the order of the model's fields."""
    for field in model._meta.concrete_fields:
        if field.column in (image or {}):
            yield field, (image or {})[field.column]


def _described(line: Any, names: Names) -> Change:
    model, told_by = model_of(line.of_model), _told_by(line)
    before = dict(_fields(told_by, line.was))
    after = dict(_fields(told_by, line.became))
    is_new_word = line.did == Action.UPDATED and line.was is None
    return Change(
        row=line.row,
        action=TOLD if is_new_word else line.did,
        did=line.did,
        kind=capital(str(model._meta.verbose_name)),
        name=names.of(model, line.of_record),
        url=reverse(f"admin:{DOMAIN}_{line.of_model}_change", args=[line.of_record]),
        differences=tuple(
            Difference(
                capital(str(field.verbose_name)),
                in_words(field, before.get(field), names),
                in_words(field, after.get(field), names),
            )
            for field in {**after, **before}
        ),
    )


def counted(lines: QuerySet[Any]) -> list[str]:
    """How many records of each kind were created and updated, in words."""
    by_kind = lines.order_by().values(changes_of.MODEL, changes_of.DID)
    found = by_kind.annotate(count=Count(changes_of.RECORD, distinct=True))
    said = []
    for line in found.order_by(changes_of.MODEL, changes_of.DID):
        opts = model_of(line[changes_of.MODEL])._meta
        name = opts.verbose_name if line["count"] == 1 else opts.verbose_name_plural
        said.append(f"{line['count']:,} {name} {line[changes_of.DID]}")
    return said
