"""How an entry comes into the audit log, in the transaction of what it is about."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest
from oauth2_provider.models import AccessToken
from rest_framework.authtoken.models import Token

from backoffice.audit.current import CURRENT
from backoffice.audit.entries import AuditEntry, Door, Kind
from backoffice.signin.addresses import address_of


@dataclass(frozen=True, slots=True)
class Record:
    """What an entry is about: model as "app.model", key, and what it is called."""

    kind: str = ""
    key: str = ""
    called: str = ""

    @classmethod
    def of(cls, record: models.Model) -> "Record":
        """The record as the log names it."""
        return cls(record._meta.label_lower, str(record.pk), str(record)[:200])


NOTHING = Record()


def record(
    kind: Kind,
    *,
    about: Record | models.Model = NOTHING,
    name: str | None = None,
    person: int | None = None,
    door: Door | None = None,
    client: str | None = None,
    request: HttpRequest | None = None,
    rows: int | None = None,
    query: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Write an entry.

    Who, by which door and from where is the current request's; ``name``, ``person``,
    ``door`` and ``client`` say otherwise, for who is not signed in yet or any more.
    """
    request = request or CURRENT.get()
    thing = about if isinstance(about, Record) else Record.of(about)
    who = _who(request)
    if name is not None:
        who |= {"name": _clean(name)[:255], "person": person}
    if door is not None:
        who["door"] = door
    if client is not None:
        who["client"] = client
    AuditEntry.objects.bulk_create(  # an insert and nothing else
        [
            AuditEntry(
                kind=kind,
                **who,
                **_where(request),
                record_type=thing.kind,
                record=thing.key[:60],
                called=thing.called,
                rows=rows,
                query=query[:1000],
                details=details or {},
            )
        ]
    )


def _who(request: HttpRequest | None) -> dict[str, Any]:
    if request is None:
        return {"door": Door.SYSTEM}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"door": Door.NONE}
    door, client = _door(request)
    name = user.get_username()
    return {"name": name, "person": user.pk, "door": door, "client": client}


def _door(request: HttpRequest) -> tuple[Door, str]:
    proof = getattr(request, "auth", None)
    if isinstance(proof, AccessToken):
        return Door.CLIENT, str(proof.application)
    if isinstance(proof, Token):
        return Door.TOKEN, ""
    return Door.SESSION, ""


def _where(request: HttpRequest | None) -> dict[str, Any]:
    if request is None:
        return {}
    match = request.resolver_match
    return {
        "address": address_of(request),
        "agent": _clean(request.headers.get("User-Agent", ""))[:200],
        "page": (match.view_name if match else "")[:100],
    }


def _clean(text: str) -> str:
    return text.replace("\0", "")
