"""Which mapping a file is read by, and remembering what a clerk confirmed."""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.utils.formats import date_format

from importers.exceptions import BadMapping, UnknownMapping
from importers.models import Ingestion, Mapping, Source
from importers.pipeline.match import Matches, match, normal
from importers.record_types import RecordType
from importers.services.sequence import FileIssue
from importers.values import Severity
from reinsurance.models import Treaty
from reinsurance.resources.cells import CellError, CellOptions
from reinsurance.resources.lookups import ContractWidget, ReferenceWidget
from reinsurance.visibility import cedants_of, of_cedants

CONSTANTS_USED = "constants_used"
UNKNOWN_CONTRACT = (
    "No contract “{}” is in the books. Correct the reference, or load the treaty "
    "register first."
)


def find(record_type: RecordType, source: Source, name: str) -> Mapping:
    """The mapping of that name, the sender's own before a shipped one.

    Raises UnknownMapping, naming those there are.
    """
    known = Mapping.objects.filter(record_type=record_type.slug).filter(
        source__in=[source]
    ) | Mapping.objects.filter(record_type=record_type.slug, source=None)
    for mapping in known.order_by("source"):
        if mapping.name == name:
            return mapping
    names = ", ".join(sorted(m.name for m in known)) or "none"
    raise UnknownMapping(
        f"There is no mapping “{name}” for {record_type.label}. Known: {names}."
    )


def matches_for(
    header: Sequence[str],
    record_type: RecordType,
    source: Source,
    chosen: Mapping | None,
) -> tuple[Matches, Mapping | None]:
    """How the header is read, and the mapping that had a say in it.

    A chosen mapping is final.  Else the sender's newest confirmed mappings answer for
    the headers they know; where nothing is known of the sender, a shipped mapping is
    taken if it knows most of the file's headers and settles it, or leaves less to ask.
    """
    if chosen is not None:
        return _by(header, record_type, chosen), chosen
    own = Mapping.objects.filter(record_type=record_type.slug, source=source)
    remembered: dict[str, Any] = {}
    constants: dict[str, str] = {}
    for mapping in own.order_by("confirmed_at"):
        remembered.update(mapping.columns)
        constants = mapping.constants
    newest = own.order_by("-confirmed_at").first()
    if newest is not None:
        known = {normal(text) for text in header}
        if known & set(remembered):
            found = match(
                header, record_type, remembered=remembered, constants=constants
            )
            return found, newest
    plain = match(header, record_type)
    shipped = Mapping.objects.filter(record_type=record_type.slug, source=None)
    for mapping in shipped.order_by("pk"):
        known_here = [text for text in header if normal(text) in mapping.columns]
        if len(known_here) * 2 > len([text for text in header if text.strip()]):
            found = _by(header, record_type, mapping)
            if found.is_settled or len(found.missing) < len(plain.missing):
                return found, mapping
    return plain, None


def _by(header: Sequence[str], record_type: RecordType, mapping: Mapping) -> Matches:
    return match(
        header, record_type, remembered=mapping.columns, constants=mapping.constants
    )


def constants_used(
    record_type: RecordType, matches: Matches, mapping: Mapping | None
) -> list[FileIssue]:
    """What no column of the file brings and somebody typed for all rows, once.

    It is remembered for the sender, and may be of the one file that it was typed for: a
    contract is no meaning of a header.  Mappings that are shipped are no such word.
    """
    said = typed(record_type, matches)
    if not said or mapping is None or mapping.source_id is None:
        return []
    values = ", ".join(f"{label} “{text}”" for label, text in said)
    who = mapping.confirmed_by
    by = f" by {who.get_full_name() or who.get_username()}" if who else ""
    day = date_format(mapping.confirmed_at, "j F Y")
    message = (
        f"No column of the file brings {values}: every row gets it, as it was typed"
        f"{by} on {day} (“{mapping.name}”). Is it right for this file? If not, say "
        "anew what its columns are."
    )
    return [FileIssue(CONSTANTS_USED, Severity.WARNING, message)]


def typed(record_type: RecordType, matches: Matches) -> list[tuple[str, str]]:
    """Label and text of the fields that have one text in every row."""
    return [
        (str(record_type.columns[name].column_name), text)
        for name, text in matches.constants.items()
        if name not in matches.used
    ]


def require_known(
    record_type: RecordType, constants: Map[str, str], user: User | None
) -> None:
    """Raise BadMapping where a value for all rows names what the user does not see."""
    cedants = cedants_of(user) if user else None
    if cedants is None:
        return
    options = CellOptions(cedants=cedants)
    for name, text in constants.items():
        column = record_type.columns.get(name)
        widget = column.widget if column else None
        if text and isinstance(widget, ContractWidget):
            named = Treaty.objects.filter(reference__iexact=text.strip())
            if not of_cedants(named, cedants).exists():
                raise BadMapping(UNKNOWN_CONTRACT.format(text))
        elif text and isinstance(widget, ReferenceWidget):
            try:
                widget.configured(options).clean(text)
            except CellError as error:
                raise BadMapping(error.message) from error


def remember(
    ingestion: Ingestion,
    record_type: RecordType,
    *,
    columns: Map[str, Map[str, Any]],
    constants: Map[str, str],
    user: User | None,
) -> Mapping:
    """Keep what a clerk confirmed for the sender of the file.

    ``columns``: header as in the file to ``{"field": name or "", "percent": bool}``.
    Raises BadMapping where two headers go to one field or a required field gets none.
    """
    taken: dict[str, str] = {}
    for header, choice in columns.items():
        name = str(choice.get("field") or "")
        if not name:
            continue
        _require_field(record_type, name)
        label = str(record_type.columns[name].column_name)
        if name in taken:
            raise BadMapping(
                f"“{taken[name]}” and “{header}” both go to “{label}”. "
                "Choose one of them and ignore the other."
            )
        taken[name] = header
    for name in constants:
        _require_field(record_type, name)
    filled = set(taken) | {name for name, text in constants.items() if text}
    gaps = [name for name in record_type.required if name not in filled]
    if gaps:
        labels = ", ".join(f"“{record_type.columns[n].column_name}”" for n in gaps)
        raise BadMapping(
            f"No column goes to {labels}. Choose one, or give a value for all rows."
        )
    name = f"Confirmed for {ingestion.file_name}"[:120]
    mapping, _ = Mapping.objects.update_or_create(
        source=ingestion.source,
        record_type=record_type.slug,
        name=name,
        defaults={
            "columns": {normal(text): dict(c) for text, c in columns.items()},
            "constants": {n: t for n, t in constants.items() if t},
            "confirmed_by_id": user.pk if user else None,
        },
    )
    return mapping


def _require_field(record_type: RecordType, name: str) -> None:
    if name not in record_type.columns:
        raise BadMapping(
            f"{record_type.label} have no field “{name}”. "
            f"There are: {', '.join(record_type.columns)}."
        )
