"""What all that hands files in by itself has to be right about: feeds, inboxes."""

from importers import record_types
from importers.exceptions import UnknownRecordType
from importers.models import Feed, Inbox
from importers.services.service_rules import Problems


def kind_of_record(row: Feed | Inbox) -> Problems:
    """The kind is known, and money is never loaded without somebody's approval."""
    try:
        kind = record_types.get(row.record_type)
    except UnknownRecordType as problem:
        return {"record_type": problem.message}
    if row.record_type not in record_types.RECORD_TYPES:
        return {"record_type": f"Write it in full: {kind.slug}."}
    if row.loads_itself and kind.carries_money:
        said = f"{kind.label} carry money, so somebody has to approve them."
        return {"loads_itself": said}
    return {}


def mapping(row: Feed | Inbox) -> Problems:
    """The mapping is for this kind and this sender."""
    chosen = row.mapping
    if chosen is None:
        return {}
    if chosen.record_type != row.record_type:
        return {"mapping": "This mapping is for another kind of record."}
    if chosen.source_id and chosen.source_id != row.source_id:
        return {"mapping": "This mapping is for another sender."}
    return {}
