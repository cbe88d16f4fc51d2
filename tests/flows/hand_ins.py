"""Files handed in and loaded in this process, and all that the books show of them."""

import csv
import io

from importers.models import Ingestion
from importers.services import ingestions, work
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ExchangeRate,
    Layer,
    LossEvent,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
    TreatyScope,
)

FORMATS = {"csv": "0", "xlsx": "1"}


def hand_in(content: bytes | str, slug: str, name: str, **more: object) -> Ingestion:
    """Check a file, and load it where it is ready."""
    data = content.encode() if isinstance(content, str) else content
    number = ingestions.submit(
        blocks=iter([data]),
        file_name=name,
        record_type=slug,
        source=more.pop("source", None) or ingestions.source_of(None),  # type: ignore[arg-type]
        door="test",
        enqueue=False,
        **more,  # type: ignore[arg-type]
    ).pk
    work.check(number)
    return Ingestion.objects.get(pk=number)


def load(ingestion: Ingestion) -> Ingestion:
    assert ingestion.status == "ready", told(ingestion)
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", told(ingestion)
    return ingestion


def told(ingestion: Ingestion) -> list[object]:
    issues = ingestion.issues.values_list("row", "column", "value", "code", "message")
    return [ingestion.status, ingestion.message, ingestion.preview, *issues[:20]]


def csv_of(*rows: dict[str, object]) -> str:
    text = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def books() -> dict[str, list[dict[str, object]]]:
    """All that people see of the books."""
    kinds = (
        Party, Treaty, Layer, Participation, TreatyScope, PremiumEntry, Claim,
        ClaimPosition, ExchangeRate, LossEvent,
    )  # fmt: skip
    hidden = {"updated_at", "load_id"}
    # A premium told again is an entry that takes the place of the one before.
    of_entries = {"id", "created_at", "row", "told"}
    return {
        kind.__name__: [
            {
                name: value
                for name, value in row.items()
                if name not in hidden
                and (kind is not PremiumEntry or name not in of_entries)
            }
            for row in kind.objects.order_by("pk").values()
        ]
        for kind in kinds
    }
