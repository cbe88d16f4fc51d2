"""Who may open which address: one table for the API and the pages of the admin.

An address that is not in the table is closed to everybody; the tests walk every
address of the site, role by role and method by method, and hold it against the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from reinsurance.api.problems import ApiProblem

SCOPES = {
    "read": "Read records, the ingestion log and its files",
    "ingest": "Hand files in, map their columns, withdraw and retry them",
    "approve": "Approve, reject and undo",
    "sync": "Have feeds synced, pause and resume them",
}
"""What a token of an outside system or app may be for."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may: holders of any of the permissions, with a token of the scope.

    ``is_public``: everybody, signed in or not.  No permission: whoever is signed in.
    """

    permissions: tuple[str, ...] = ()
    scope: str = ""
    is_public: bool = False

    def admits(self, user: User | AnonymousUser) -> bool:
        """Whether the user may, whatever the token is for."""
        if self.is_public:
            return True
        if not (user.is_authenticated and user.is_active):
            return False
        return not self.permissions or any(map(user.has_perm, self.permissions))


PUBLIC = Rule(is_public=True)
SIGNED_IN = Rule()
Rules = Mapping[str, Mapping[str, Rule]]


def _view(model: str, app: str = "reinsurance") -> Mapping[str, Rule]:
    return {"GET": Rule((f"{app}.view_{model}",), "read")}


def _post(*permissions: str, scope: str) -> Mapping[str, Rule]:
    return {"POST": Rule(tuple(f"importers.{name}" for name in permissions), scope)}


_RECORDS = {
    "parties": "party",
    "treaties": "treaty",
    "layers": "layer",
    "participations": "participation",
    "treaty-scopes": "treatyscope",
    "bordereaux": "bordereau",
    "premiums": "premiumentry",
    "claims": "claim",
    "claim-movements": "claimmovement",
    "loss-events": "lossevent",
    "exchange-rates": "exchangerate",
    "currencies": "currency",
    "countries": "country",
    "lines-of-business": "lineofbusiness",
    "claim-statuses": "claimstatus",
}
_TRACED = (
    "parties", "treaties", "layers", "participations", "treaty-scopes", "premiums",
    "claims", "exchange-rates", "loss-events",
)  # fmt: skip
_MACHINE = {
    "ingestions": "ingestion",
    "feeds": "feed",
    "syncs": "sync",
    "sources": "source",
    "mappings": "mapping",
    "record-types": "source",
}
_STORY = {
    "issues": "issue",
    "events": "event",
    "changes": "rowchange",
    "rows": "ingestion",
    "columns": "ingestion",
    "file": "ingestion",
    "rejected-rows": "ingestion",
}

API: Rules = {
    **{
        f"api:{name}-{page}": _view(model)
        for name, model in _RECORDS.items()
        for page in ("list", "detail")
    },
    **{f"api:{name}-lineage": _view("rowchange", "importers") for name in _TRACED},
    **{
        f"api:{name}-{page}": _view(model, "importers")
        for name, model in _MACHINE.items()
        for page in ("list", "detail")
    },
    **{
        f"api:ingestions-{name}": _view(model, "importers")
        for name, model in _STORY.items()
    },
    "api:ingestions-list": {
        **_view("ingestion", "importers"),
        **_post("submit_ingestion", scope="ingest"),
    },
    **{
        f"api:ingestions-{move}": _post("submit_ingestion", scope="ingest")
        for move in ("map", "cancel", "retry")
    },
    # Files without money may be approved by who handed them in; the service decides.
    "api:ingestions-approve": _post(
        "approve_ingestion", "submit_ingestion", scope="approve"
    ),
    "api:ingestions-reject": _post("approve_ingestion", scope="approve"),
    "api:ingestions-undo": _post("undo_ingestion", scope="approve"),
    **{
        f"api:{name}": _post("run_feed", scope="sync")
        for name in ("feeds-sync", "feeds-pause", "feeds-resume", "syncs-cancel")
    },
    "api:problems": {"GET": PUBLIC},
    "api:problem": {"GET": PUBLIC},
    "api-schema": {"GET": SIGNED_IN},
    "api-docs": {"GET": SIGNED_IN},
    "api-redoc": {"GET": SIGNED_IN},
}


def rule_of(name: str, method: str, table: Rules = API) -> Rule | None:
    """The rule of an address and method; None where the table has none."""
    asked = "GET" if method == "HEAD" else method
    return table.get(name, {}).get(asked)


class ByTable(BasePermission):
    """REST framework's permission: the table above."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller may; raises for a method that there is not."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        rule = rule_of(name, request.method or "")
        user = request.user
        if rule is None:
            if user.is_authenticated and name in API:
                raise MethodNotAllowed(request.method or "")
            return False
        if not rule.admits(user):
            return False
        scopes = getattr(request.auth, "scope", None)
        if rule.scope and scopes is not None and rule.scope not in scopes.split():
            raise ApiProblem(
                "missing_scope", f"This takes a token with the scope “{rule.scope}”."
            )
        return True
