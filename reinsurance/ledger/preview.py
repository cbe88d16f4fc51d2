"""The first changes that rows of a ledger make, in words, to be looked at before."""

from decimal import Decimal
from typing import Any

import polars as pl

from reinsurance.ledger.amounts import POSITION, label_of
from reinsurance.ledger.descriptions import FIELDS, model_field
from reinsurance.ledger.matching import WAS
from reinsurance.ledger.premiums import PremiumSettlement
from reinsurance.models import PremiumEntry
from reinsurance.resources.premiums import PremiumEntryResource

Entry = dict[str, Any]


def preview(settlement: Any, count: int) -> list[Entry]:
    """So many changed rows: ``row``, ``record``, ``key``, ``action``, ``changes``.

    ``changes`` holds ``[label, before, after]`` of what is new or different.
    """
    if isinstance(settlement, PremiumSettlement):
        return _premiums(settlement, count)
    return _claims(settlement, count)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        whole = f"{value:f}"
        return whole[:-2] if whole.endswith("00") and "." in whole else whole
    return str(value)


def _claims(settlement: Any, count: int) -> list[Entry]:
    rows = (
        settlement.rows.filter(pl.col("__action") != "unchanged")
        .sort(pl.col("__action") == "created", "row")
        .unique("position", keep="first", maintain_order=True)
        .head(count)
    )
    positions = {
        row["position"]: row
        for row in settlement.positions.filter(
            pl.col("position").is_in(rows["position"].implode())
        ).iter_rows(named=True)
    }
    claims = {
        row["claim"]: row
        for row in settlement.claims.filter(
            pl.col("claim").is_in(rows["claim"].implode())
        ).iter_rows(named=True)
    }
    shown = []
    for row in rows.iter_rows(named=True):
        position, claim = positions[row["position"]], claims[row["claim"]]
        stood = position["stands"]
        parts = (claim["reference"], position["section"], position["currency"])
        shown.append(
            {
                "row": row["row"],
                "record": "claim",
                "key": " · ".join(part for part in parts if part),
                "action": row["__action"],
                "changes": [
                    *_described(claim),
                    *_moved(position, stood=stood),
                ],
            }
        )
    return shown


def _described(claim: Entry) -> list[list[str]]:
    found = []
    for name in FIELDS:
        if name not in claim or name in {"loss_event", "country"}:
            continue
        before = claim.get(WAS + name) if claim["stands"] else None
        if (before or "") != (claim[name] or ""):
            label = str(model_field(name).verbose_name).capitalize()
            found.append([label, _text(before), _text(claim[name])])
    was = claim.get("was_status") if claim["stands"] else None
    if was != claim["status"]:
        found.append(["Claim status", _text(was), _text(claim["status"])])
    return found


def _moved(position: Entry, *, stood: bool) -> list[list[str]]:
    found = []
    for name in POSITION:
        before = position[WAS + name] if stood else None
        after = position[name]
        if before != after and not (before is None and not after):
            label = label_of(name)
            found.append(
                [f"{label[:1].upper()}{label[1:]}", _text(before), _text(after)]
            )
    return found


def _premiums(settlement: PremiumSettlement, count: int) -> list[Entry]:
    entries = (
        settlement.counted.filter(pl.col("__action") != "unchanged")
        .sort(pl.col("__action") == "created", "row")
        .head(count)
    )
    label = str(PremiumEntry._meta.verbose_name)
    shown = []
    for row in entries.iter_rows(named=True):
        changes = []
        for name, column in PremiumEntryResource.fields.items():
            if not column.attribute or name not in row or name.startswith("treaty"):
                continue
            if row["__action"] == "updated" and f"was.{name}" not in row:
                continue
            before, after = row.get(f"was.{name}"), row[name]
            if before != after and after not in {None, ""}:
                changes.append([str(column.column_name), _text(before), _text(after)])
        key = (row["policy_reference"], row["transaction_type"])
        shown.append(
            {
                "row": row["row"],
                "record": label,
                "key": " · ".join(key),
                "action": row["__action"],
                "changes": changes,
            }
        )
    return shown
