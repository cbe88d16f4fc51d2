"""Contracts whose currency becomes another one, while amounts stay as they are.

A limit of GBP 1,000,000 that a register does not tell anew would be one of JPY.
"""

from typing import Any

import polars as pl
from django.db import models

from reinsurance.models import Layer, Treaty
from reinsurance.models.base import MoneyField
from reinsurance.resources.contract_keys import ID
from reinsurance.resources.issues import ROW, issues_at, no_issues
from reinsurance.resources.no_limits import says_none

_MOST_NAMED = 4
Told = set[tuple[Any, ...]]


def amounts_left(compared: pl.DataFrame) -> pl.DataFrame:
    """Issues ``amounts_not_told_anew``, a breach, at the first row of a contract.

    ``compared`` has ``row``, ``__id``, ``treaty_reference``, ``currency`` and, of a
    file that may change it, ``was.currency``; of each amount that the file has
    ``tells.<name>`` (the contract's) or the amount itself (a layer's, beside
    ``layer_number``), by the names of the models' fields.
    """
    if not {"currency", "was.currency"} <= set(compared.columns):
        return no_issues()
    is_other = (pl.col("currency") != "") & (
        pl.col("currency") != pl.col("was.currency")
    )
    rows = compared.filter(pl.col(ID).is_not_null() & is_other)
    if not rows.height:
        return no_issues()
    left = _left(rows[ID].unique().to_list(), _told(rows))
    first = rows.unique(ID, keep="first", maintain_order=True).with_columns(
        said=pl.col(ID).replace_strict(left, default=None, return_dtype=pl.String)
    )
    return issues_at(
        first.filter(pl.col("said").is_not_null()).sort(ROW),
        column="currency",
        value=pl.col("currency"),
        code="amounts_not_told_anew",
        severity="breach",
        message=pl.format(
            "The currency of contract “{}” becomes {}, and these amounts of the books "
            "stay as they are: {}. Tell them in the new currency.",
            "treaty_reference",
            "currency",
            "said",
        ),
    )


def _told(rows: pl.DataFrame) -> Told:
    """Contract, layer number (None: of the contract) and field of what is told."""
    found: Told = set()
    for name in _money(Treaty):
        if f"tells.{name}" in rows.columns:
            keys = rows.filter(pl.col(f"tells.{name}"))[ID].unique()
            found |= {(key, None, name) for key in keys}
    for name in _money(Layer):
        if name in rows.columns:
            is_told = pl.col(name).is_not_null() | says_none(rows, name)
            layers = rows.filter(is_told).select(ID, "layer_number")
            found |= {(*key, name) for key in layers.unique().iter_rows()}
    return found


def _money(model: type[models.Model]) -> list[str]:
    fields = model._meta.concrete_fields
    return [field.name for field in fields if isinstance(field, MoneyField)]


def _left(treaties: list[int], told: Told) -> dict[int, str]:
    """The amounts of each contract in the books that are not told, in words."""
    found: dict[int, list[str]] = {}
    for treaty in Treaty.objects.filter(pk__in=treaties):
        for field, text in _amounts(treaty):
            if (treaty.pk, None, field.name) not in told:
                found.setdefault(treaty.pk, []).append(text)
    layers = Layer.objects.filter(treaty_id__in=treaties).order_by("treaty", "number")
    for layer in layers:
        for field, text in _amounts(layer):
            if (layer.treaty_id, layer.number, field.name) not in told:
                words = f"layer {layer.number} {text}"
                found.setdefault(layer.treaty_id, []).append(words)
    return {
        key: ", ".join(texts[:_MOST_NAMED]) + (" …" if len(texts) > _MOST_NAMED else "")
        for key, texts in found.items()
    }


def _amounts(record: models.Model) -> list[tuple[models.Field, str]]:
    return [
        (field, f"{field.verbose_name} {value.normalize():f}")
        for field in record._meta.concrete_fields
        if isinstance(field, MoneyField) and (value := getattr(record, field.attname))
    ]
