"""Plain values of the fetch: what to fetch, how, what came, what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from importers.values import AuthKind, ContractMode, Format, Incremental, Paging

Json = Any
"""What a JSON text can hold; decimal numbers are ``Decimal``."""


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in; the secrets come from elsewhere, when they are needed."""

    kind: AuthKind = AuthKind.NONE
    key_name: str = ""
    user_name: str = ""
    token_url: str = ""
    client_id: str = ""
    client_in_body: bool = False
    scopes: str = ""
    audience: str = ""
    leeway_seconds: int = 60


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """A partner's service as the client needs to know it (seconds, bytes)."""

    code: str
    base_url: str
    login: Login = field(default_factory=Login)
    headers: Mapping[str, str] = field(default_factory=dict)
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    attempts: int = 5
    most_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class PagingPlan:
    """The pagination of a feed; which fields count depends on ``kind``.

    ``total_path``: where the number of all records is told.  ``snapshot_path``: a value
    that is the same on all pages as long as the partner's data is.
    """

    kind: Paging = Paging.AUTO
    page_parameter: str = ""
    first_page: int = 1
    size_parameter: str = ""
    page_size: int = 0
    cursor_path: str = ""
    next_path: str = ""
    more_path: str = ""
    total_path: str = ""
    snapshot_path: str = ""
    most_pages: int = 10_000


@dataclass(frozen=True, slots=True)
class WhatIsNew:
    """How a feed asks only for what is new; see :mod:`importers.webservices.windows`.

    ``field``: JMESPath of the record's value that the cursor follows; ``overlap``:
    days, seconds or a number that is asked for once more, by the kind of the cursor.
    """

    kind: Incremental = Incremental.FULL
    field: str = ""
    start: str = ""
    overlap: int = 0
    window_days: int = 31


@dataclass(frozen=True, slots=True)
class ContractPlan:
    """The agreed shape of a record: a JSON Schema (2020-12), or none."""

    schema: Mapping[str, Json] | None = None
    mode: ContractMode = ContractMode.EVOLVE


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """One feed of a service: what to ask for, where the records are in the answer."""

    code: str
    service: ServicePlan
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    format: Format = Format.JSON
    records_path: str = ""
    page_values: Mapping[str, str] = field(default_factory=dict)
    unfold: tuple[str, ...] = ()
    paging: PagingPlan = field(default_factory=PagingPlan)
    new: WhatIsNew = field(default_factory=WhatIsNew)
    contract: ContractPlan = field(default_factory=ContractPlan)
    shape: Mapping[str, list[str]] = field(default_factory=dict)
    deadline_seconds: float = 1200.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request to be made: address and parameters, neither with a secret in it."""

    url: str
    parameters: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Json]:
        """For keeping between two attempts."""
        return {"url": self.url, "parameters": [list(p) for p in self.parameters]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Json]) -> Call:
        """What :meth:`as_json` gave."""
        return cls(kept["url"], tuple((n, v) for n, v in kept["parameters"]))


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer of a service, its body whole; header names in lower case."""

    call: Call
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int = 200


@dataclass(slots=True)
class Counts:
    """What a sync has cost and brought so far."""

    pages: int = 0
    records: int = 0
    discarded: int = 0
    bytes: int = 0
    requests: int = 0
    retries: int = 0
    waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """What one round of pages asks for: text for ``{cursor}``, ``{from}``, ``{to}``."""

    cursor: str = ""
    first: date | None = None
    last: date | None = None
