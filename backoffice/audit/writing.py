"""How an entry comes into the audit log, in the transaction of what it is about."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, models
from django.http import HttpRequest
from oauth2_provider.models import AccessToken
from rest_framework.authtoken.models import Token

from backoffice.audit.current import CURRENT
from backoffice.audit.entries import LOOKS, AuditEntry, Door, Kind
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

    Who, by which door and from where is the current request's, or the command's;
    ``name``, ``person``, ``door`` and ``client`` say otherwise, for who is not signed
    in yet or any more.
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
    entry = AuditEntry(
        kind=kind,
        **who,
        **_where(request),
        record_type=thing.kind,
        record=thing.key[:60],
        called=thing.called,
        rows=rows,
        query=_clean(query)[:1000],
        details=details or {},
    )
    if kind in LOOKS and not connection.in_atomic_block:
        _insert_soon(entry)
    else:
        entry.save(force_insert=True)


def _insert_soon(entry: AuditEntry) -> None:
    """Insert without waiting for the disk: readers would wait longer than for the data.

    What is not on disk yet is lost if the database server itself goes down, half a
    second's worth at most.
    """
    fields = [f for f in AuditEntry._meta.concrete_fields if f.name not in ("id", "at")]
    values = [
        field.get_db_prep_save(field.pre_save(entry, add=True), connection)
        for field in fields
    ]
    names = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {AuditEntry._meta.db_table} ({names}) SELECT {places} "  # noqa: S608 names are ours
            "FROM set_config('synchronous_commit', 'off', true)",
            values,
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
        return {"page": _command()}
    match = request.resolver_match
    return {
        "address": address_of(request),
        "agent": _clean(request.headers.get("User-Agent", ""))[:200],
        "page": (match.view_name if match else "")[:100],
    }


def _command() -> str:
    """What this process was started as, without what may be a secret."""
    program, *words = sys.argv
    return " ".join([Path(program).name, *words[:1]])[:100]


def _clean(text: str) -> str:
    return text.replace("\0", "")
