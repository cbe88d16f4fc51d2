"""Who may do what to an ingestion: the rules, for every door."""

from django.contrib.auth.models import User
from django.db.models import Model

from importers import record_types
from importers.exceptions import NotAllowed
from importers.models import Ingestion, Source
from importers.record_types import RecordType
from reinsurance.visibility import cedants_of, is_seen_by


def may_submit(user: User) -> bool:
    """Whether the user may hand in files."""
    return user.has_perm("importers.submit_ingestion")


def kinds_for(user: User) -> list[RecordType]:
    """The kinds of file that the user may hand in.

    Who is limited to certain cedants hands in their bordereaux; registers, rates and
    events are everybody's.
    """
    kinds = list(record_types.RECORD_TYPES.values())
    if cedants_of(user) is None:
        return kinds
    return [kind for kind in kinds if kind.bordereau is not None]


def require_hand_in(user: User | None, kind: RecordType, source: Source) -> None:
    """Raise NotAllowed unless the user (None: the system) may hand such a file in."""
    if user is None or (cedants := cedants_of(user)) is None:
        return
    if kind.bordereau is None:
        labels = " and ".join(kind.label.lower() for kind in kinds_for(user))
        raise NotAllowed(f"You may hand in {labels} only.")
    if source.party_id not in cedants:
        raise NotAllowed(
            "You may hand in files of your own senders only. Choose one of them."
        )


def limit_of(user: User | None) -> list[int] | None:
    """Keys of the cedants that the user is limited to; None: not limited."""
    cedants = cedants_of(user) if user is not None else None
    return None if cedants is None else sorted(cedants)


def submitters(ingestion: Ingestion) -> set[int | None]:
    """Keys of who submitted the file, or one whose rows go on in it."""
    found, part = {ingestion.submitted_by_id}, ingestion
    while part.parent is not None:
        part = part.parent
        found.add(part.submitted_by_id)
    return found


def why_not_approve(user: User, ingestion: Ingestion) -> str:
    """The reason why the user may not approve the ingestion; empty: they may.

    Files that carry money need a second pair of eyes: someone who may approve and
    submitted neither the file nor the one whose rows go on in it.  Other files may be
    approved by who submitted them.
    """
    record_type = record_types.get(ingestion.record_type)
    is_own = user.pk in submitters(ingestion)
    if not record_type.carries_money and is_own and may_submit(user):
        return ""
    if not user.has_perm("importers.approve_ingestion"):
        return "Only a manager may approve this file. Ask one to review it."
    if record_type.carries_money and is_own:
        return (
            "You submitted this file yourself. As it carries money, "
            "someone else has to approve it."
        )
    return ""


def require_submit(user: User | None) -> None:
    """Raise NotAllowed unless the user (None: the system) may submit."""
    if user is not None and not may_submit(user):
        raise NotAllowed("You may not submit files. Ask an administrator for the role.")


def require_approve(user: User | None, ingestion: Ingestion) -> None:
    """Raise NotAllowed unless the user (None: the system) may approve."""
    if user is not None and (reason := why_not_approve(user, ingestion)):
        raise NotAllowed(reason)


def require_review(user: User | None) -> None:
    """Raise NotAllowed unless the user (None: the system) may approve and reject."""
    if user is not None and not user.has_perm("importers.approve_ingestion"):
        raise NotAllowed("Only a manager may do this.")


def may_sync(user: User) -> bool:
    """Whether the user may test, sync, pause and resume feeds."""
    return user.has_perm("importers.run_feed")


def require_sync(user: User | None) -> None:
    """Raise NotAllowed unless the user (None: the system) may run feeds."""
    if user is not None and not may_sync(user):
        raise NotAllowed("Only a manager may run a feed. Ask one to do it.")


def may_look(user: User) -> bool:
    """Whether the user may have inboxes looked into, pause and resume them."""
    return user.has_perm("importers.run_inbox")


def require_look(user: User | None) -> None:
    """Raise NotAllowed unless the user (None: the system) may run inboxes."""
    if user is not None and not may_look(user):
        raise NotAllowed("Only a manager or an operator may look into an inbox.")


def may_send(user: User) -> bool:
    """Whether the user may test webhooks and send to them again."""
    return user.has_perm("importers.send_webhook")


def require_send(user: User | None) -> None:
    """Raise NotAllowed unless the user (None: the system) may send to webhooks."""
    if user is not None and not may_send(user):
        raise NotAllowed("Only a manager or an operator may send to webhooks.")


def may_keep_webhooks(user: User) -> bool:
    """Whether the user may switch webhooks on and off and renew their secrets."""
    return user.has_perm("importers.change_webhook")


def require_keep_webhooks(user: User | None) -> None:
    """Raise NotAllowed unless the user (None: the system) may keep webhooks."""
    if user is not None and not may_keep_webhooks(user):
        raise NotAllowed("Only a manager or an operator may keep webhooks.")


def require_seen(user: User | None, record: Model) -> None:
    """Raise NotAllowed unless the user (None: the system) may see the record.

    Said as of one that does not exist, so that nothing is given away.
    """
    if user is None or cedants_of(user) is None:
        return
    if not is_seen_by(record, user):
        name = record._meta.verbose_name
        raise NotAllowed(f"There is no {name} number {record.pk}.")


def may_undo(user: User) -> bool:
    """Whether the user may take a load back."""
    return user.has_perm("importers.undo_ingestion")


def require_undo(user: User | None) -> None:
    """Raise NotAllowed unless the user (None: the system) may take a load back."""
    if user is not None and not may_undo(user):
        raise NotAllowed("Only a manager may undo a load.")
