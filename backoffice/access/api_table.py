"""The table for the API: address and method, to permission and scope."""

from collections.abc import Mapping

from backoffice.access.rules import FOR_CLIENTS, PUBLIC, SIGNED_IN, Rule, Rules


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
    "claim-positions": "claimposition",
    "claim-statements": "claimstatement",
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
    "api:claims-positions": _view("claimposition"),
    "api:claims-movements": _view("claimposition"),
    "api:claim-movements-list": _view("claimposition"),
    "api:deletions-list": _view("deletion"),
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
        for move in ("map", "declare", "cancel", "retry")
    },
    "api:ingestions-contracts": {
        **_view("ingestion", "importers"),
        **_post("submit_ingestion", scope="ingest"),
    },
    "api:ingestions-undo-preview": {
        "GET": Rule(("importers.undo_ingestion",), "approve")
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

# Those who watch; figures for whoever has their token.
WATCHING: Rules = {
    "healthz": {"GET": PUBLIC},
    "readyz": {"GET": PUBLIC},
    "metrics": {"GET": FOR_CLIENTS},
}

SIGNING_IN: Rules = {
    **{
        f"auth:{name}": {"POST": PUBLIC}
        for name in (
            "login", "activation", "resend-activation", "reset-password",
            "reset-password-confirm",
        )
    },
    "auth:logout": {"POST": SIGNED_IN},
    "auth:set-password": {"POST": SIGNED_IN},
    "auth:me": {"GET": SIGNED_IN, "PATCH": SIGNED_IN},
    "oauth2_provider:token": {"POST": FOR_CLIENTS},
    "oauth2_provider:revoke-token": {"POST": FOR_CLIENTS},
    "oauth2_provider:introspect": {"POST": FOR_CLIENTS},
    "oauth2_provider:authorize": {"GET": SIGNED_IN, "POST": SIGNED_IN},
}  # fmt: skip
"""How one gets in; the views themselves look at who comes."""
