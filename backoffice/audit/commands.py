"""Changes of access that come by no page and not by the API: commands, the shell.

What is asked for by a request says who did it, in entries of its own
(:mod:`backoffice.audit.changes`); here an entry names the command.  Statements that
pass the models by (``update()``, SQL) leave none.
"""

from typing import Any

from django.contrib.auth.models import Group, User
from django.db import models
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_save,
    pre_delete,
    pre_save,
)
from django.dispatch import receiver
from rest_framework.authtoken.models import Token

from backoffice.audit.changes import (
    State,
    differences,
    own_state,
    state,
    state_of,
)
from backoffice.audit.current import CURRENT
from backoffice.audit.entries import Kind
from backoffice.audit.writing import record
from backoffice.models import Client
from reinsurance.models import CedantLimit

_MEMBERS = {
    User.groups.through: ("groups", "roles"),
    User.user_permissions.through: ("user_permissions", "permissions"),
    Group.permissions.through: ("permissions", "permissions"),
    Client.cedants.through: ("cedants", "cedants"),
}
"""Tables of who has what: the field that they are of, and what the log calls it."""


_SIGN_IN = frozenset({"last_login"})


def _is_asked_for() -> bool:
    return CURRENT.get() is not None


def _is_of_no_concern(update_fields: frozenset[str] | None) -> bool:
    """Whether a request sees to the entry, or only the last sign-in is kept."""
    return _is_asked_for() or update_fields == _SIGN_IN


def _note(owner: models.Model, before: State, after: State) -> None:
    """Write down what is no longer as before, if anything is."""
    if changed := differences(before, after):
        record(Kind.CHANGED, about=owner, details=changed)


def _before(
    sender: type[models.Model],
    instance: Any,
    update_fields: frozenset[str] | None,
    **_: Any,
) -> None:
    if instance.pk is not None and not _is_of_no_concern(update_fields):
        instance.audited = sender._default_manager.filter(pk=instance.pk).first()


def _after(
    sender: type[models.Model],
    instance: Any,
    created: bool,
    update_fields: frozenset[str] | None,
    **_: Any,
) -> None:
    if _is_of_no_concern(update_fields):
        return
    if created:
        record(Kind.ADDED, about=instance, details=own_state(instance))
        return
    now = instance
    if update_fields is not None:  # not all that the instance has was written
        now = sender._default_manager.get(pk=instance.pk)
    _note(instance, own_state(instance.audited), own_state(now))
    if sender is User and now.password != instance.audited.password:
        record(Kind.PASSWORD, about=instance)


def _gone(sender: type[models.Model], instance: Any, **_: Any) -> None:
    if not _is_asked_for():
        record(Kind.DELETED, about=instance, details=state_of(sender, instance.pk))


for _kind in (User, Group, Client):
    pre_save.connect(_before, sender=_kind, dispatch_uid="audit")
    post_save.connect(_after, sender=_kind, dispatch_uid="audit")
    pre_delete.connect(_gone, sender=_kind, dispatch_uid="audit")


def _members(
    sender: type[models.Model],
    instance: Any,
    action: str,
    reverse: bool,
    model: type[models.Model],
    pk_set: set[Any] | None,
    **_: Any,
) -> None:
    """Roles, permissions or cedants are given or taken, from either side."""
    if _is_asked_for():
        return
    field, called = _MEMBERS[sender]
    if action.startswith("post_"):
        for owner, before in instance.audited:
            _note(owner, before, state(owner, [called]))
        return
    owners = [instance]
    if reverse:
        named = {field: instance} if pk_set is None else {"pk__in": pk_set}
        owners = list(model._default_manager.filter(**named))
    instance.audited = [(owner, state(owner, [called])) for owner in owners]


for _table in _MEMBERS:
    m2m_changed.connect(_members, sender=_table, dispatch_uid="audit")


@receiver(pre_save, sender=CedantLimit, dispatch_uid="audit")
@receiver(pre_delete, sender=CedantLimit, dispatch_uid="audit")
def _before_limit(sender: Any, instance: Any, **_: Any) -> None:
    if not _is_asked_for():
        instance.audited = state(instance.user, ["cedants"])


@receiver(post_save, sender=CedantLimit, dispatch_uid="audit")
@receiver(post_delete, sender=CedantLimit, dispatch_uid="audit")
def _after_limit(sender: Any, instance: Any, origin: Any = None, **_: Any) -> None:
    """Who is deleted is noted as that, not as who lost a limit."""
    is_user_deleted = getattr(origin, "model", type(origin)) is User
    if not _is_asked_for() and not is_user_deleted:
        _note(instance.user, instance.audited, state(instance.user, ["cedants"]))


@receiver(post_save, sender=Token, dispatch_uid="audit")
def _token(sender: Any, instance: Token, created: bool, **_: Any) -> None:
    if created and not _is_asked_for():
        record(Kind.TOKEN_ISSUED, about=instance.user)
