"""What anyone may ask of an ingestion: every door calls these, and only these."""

from collections.abc import Iterable
from collections.abc import Mapping as Map
from datetime import date
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from importers import record_types
from importers.exceptions import StateProblem, UnknownSource
from importers.models import Ingestion, Mapping, Source
from importers.pipeline import originals
from importers.pipeline.receive import receive
from importers.pipeline.undo import require_no_edits
from importers.services import mappings, offers, permissions, retention, syncs
from importers.services.approvals import (
    DECLARE,
    DECLARED,
    STALE,
    approve,
    declare,
    nothing_loaded,
    reject,
)
from importers.services.duplicates import already_open, same_as, same_file
from importers.services.quotas import require_quota
from importers.services.states import arrive, move, say
from importers.values import Status
from reinsurance.models import Load
from reinsurance.visibility import seen_by

__all__ = [
    "DECLARE",
    "DECLARED",
    "DIRECT",
    "MAPPABLE",
    "STALE",
    "WAITS",
    "approve",
    "cancel",
    "confirm_mapping",
    "declare",
    "nothing_loaded",
    "reject",
    "retry",
    "source_of",
    "submit",
    "undo",
]

DIRECT = "direct"
MAPPABLE = (Status.NEEDS_MAPPING, Status.READY, Status.REJECTED)
WAITS = (Status.RECEIVED, Status.NEEDS_MAPPING, Status.READY, Status.FAILED)


def source_of(code: str | None, *, user: User | None = None) -> Source:
    """The sender of that code; without one, the "direct" sender of lone files.

    Raises UnknownSource, naming those there are for ``user``.
    """
    if not code:
        return Source.objects.get_or_create(
            code=DIRECT, defaults={"name": "Direct upload", "is_house": True}
        )[0]
    known = Source.objects.all()
    if user is not None:
        known = seen_by(known, user)
    source = known.filter(code=code).first()
    if source is None:
        codes = ", ".join(known.values_list("code", flat=True)) or "none"
        raise UnknownSource(f"There is no source “{code}”. Known: {codes}.")
    return source


def submit(
    *,
    blocks: Iterable[bytes],
    file_name: str,
    record_type: str,
    source: Source,
    door: str,
    user: User | None = None,
    mapping: str | Mapping | None = None,
    sheet: str = "",
    period_start: date | None = None,
    period_end: date | None = None,
    declared: str = "",
    parent: Ingestion | None = None,
    contracts: Map[str, int] | None = None,
    loads_itself: bool = False,
    enqueue: bool = True,
    on_duplicate: Literal["refuse", "supersede"] = "refuse",
) -> Ingestion:
    """Keep the bytes and start an ingestion; the cluster checks it next.

    ``mapping`` is one, or the name of one.  ``declared``: what a second file of one
    contract and period is.  With ``loads_itself`` no approval is
    needed as long as no row is held out.

    A file that is already on its way is refused with DuplicateFile, or takes the place
    of the earlier one as long as that one only waits.  Raises UnknownRecordType,
    UnknownMapping, NotAllowed and TooManyFiles.
    """
    if door == syncs.DOOR:
        permissions.require_sync(user)  # who may sync need not hand in files
    else:
        permissions.require_submit(user)
        require_quota(user)
    kind = record_types.get(record_type)
    permissions.require_hand_in(user, kind, source)
    if isinstance(mapping, Mapping):
        permissions.require_seen(user, mapping)
    elif mapping is not None:
        mapping = mappings.find(kind, source, mapping) if mapping else None
    kept = receive(blocks)
    same = same_file(
        sha256=kept.sha256, record_type=kind.slug, source=source, sheet=sheet
    )
    if on_duplicate == "supersede":
        for earlier in same.filter(status__in=[s.value for s in WAITS]):
            cancel(earlier.pk, user=user, reason="The same file was handed in again.")
    loaded = same.filter(status=Status.LOADED).order_by("-pk").first()
    try:
        with transaction.atomic():
            if settings.KEEP_UNLOADED_DAYS:
                originals.hold(kept.key)
            ingestion = Ingestion.objects.create(
                record_type=kind.slug,
                source=source,
                mapping=mapping,
                policy=source.policy,
                door=door,
                declared=declared,
                parent=parent,
                contracts=dict(contracts or {}),
                loads_itself=loads_itself,
                file_name=file_name[-255:],
                file_size=kept.size,
                sha256=kept.sha256,
                original=kept.key,
                sheet=sheet,
                period_start=period_start,
                period_end=period_end,
                submitted_by=user,
                only_cedants=permissions.limit_of(user),
            )
            arrive(
                ingestion.pk,
                f"{file_name} received ({door}).",
                status=Status.RECEIVED,
                user=user,
            )
            if loaded is not None:
                say(
                    ingestion.pk,
                    f"The same file was loaded before, as number {loaded.pk}.",
                    status=Status.RECEIVED,
                )
            if enqueue:
                offers.offer(ingestion.pk)
    except IntegrityError as error:
        raise already_open(same) from error
    return ingestion


def confirm_mapping(
    ingestion: int,
    *,
    columns: Map[str, Map[str, Any]],
    constants: Map[str, str],
    user: User | None,
    enqueue: bool = True,
) -> None:
    """Remember how the sender's headers are meant, and check the file by it.

    A rejected file may be read anew in this way as long as it has a header.  Raises
    BadMapping where the choice does not hold together, DuplicateFile where the same
    file is on its way already.
    """
    permissions.require_submit(user)
    record = Ingestion.objects.select_related("source").get(pk=ingestion)
    permissions.require_seen(user, record)
    retention.require_original(record)
    kind = record_types.get(record.record_type)
    mappings.require_known(kind, constants, user)
    try:
        with transaction.atomic():
            mapping = mappings.remember(
                record, kind, columns=columns, constants=constants, user=user
            )
            move(
                ingestion,
                from_=MAPPABLE,
                to=Status.RECEIVED,
                event="Columns mapped; the mapping is remembered for this source.",
                user=user,
                mapping=mapping,
                message="",
                attempts=0,
                cleared_at=None,
            )
            if enqueue:
                offers.offer(ingestion)
    except IntegrityError as error:
        raise already_open(same_as(record)) from error


def cancel(ingestion: int, *, user: User | None, reason: str = "Cancelled.") -> None:
    """Withdraw a file that is not loaded yet; the original is kept."""
    permissions.require_submit(user)
    record = Ingestion.objects.get(pk=ingestion)
    permissions.require_seen(user, record)
    move(
        ingestion,
        from_=WAITS,
        to=Status.CANCELLED,
        event=reason,
        user=user,
        **nothing_loaded(record.rows_read, reason),
    )


def retry(ingestion: int, *, user: User | None = None, enqueue: bool = True) -> None:
    """Take a failed ingestion up where it stood, from the bytes that are kept."""
    permissions.require_submit(user)
    record = Ingestion.objects.get(pk=ingestion)
    permissions.require_seen(user, record)
    again = Status.APPROVED if record.approved_at else Status.RECEIVED
    with transaction.atomic():
        move(
            ingestion,
            from_=[Status.FAILED],
            to=again,
            message="",
            event="Taken up again.",
            user=user,
            attempts=0,
        )
        if enqueue:
            offers.offer(ingestion, called="again")


def undo(
    ingestion: int, *, user: User | None, reason: str, enqueue: bool = True
) -> None:
    """Take a load back; the cluster does it next.

    Raises NotAllowed, StateProblem, and LoadConflict where a person has changed a
    record of it since.
    """
    permissions.require_undo(user)
    if not reason.strip():
        raise StateProblem("Say why the load is undone; the log keeps it.")
    record = Ingestion.objects.get(pk=ingestion)
    permissions.require_seen(user, record)
    if record.status != Status.LOADED:
        raise StateProblem(f"This file is “{record.status}”; only a load is undone.")
    load = Load.objects.get(number=ingestion, user=None)
    require_no_edits(record_types.get(record.record_type), load)
    with transaction.atomic():
        move(
            ingestion,
            from_=[Status.LOADED],
            to=Status.UNDOING,
            event=f"Undo asked for: {reason.strip()}",
            user=user,
            attempts=0,
        )
        if enqueue:
            offers.offer_undo(ingestion)
