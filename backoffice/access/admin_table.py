"""The table for the admin and the account pages: address and method, to permission.

A page that is not listed for a model is closed, to superusers as well.
"""

from collections.abc import Mapping

from backoffice.access.rules import CLOSED, PUBLIC, SIGNED_IN, Rule, Rules

# The pages of each model beside its list, its records and their history.
_PAGES = {
    "reinsurance.bordereau": "add change delete",
    "reinsurance.claim": "add change export",
    "reinsurance.claimposition": "export",
    "reinsurance.edit": "",
    "reinsurance.lossevent": "add change delete export",
    "reinsurance.party": "add change delete export",
    "reinsurance.premiumentry": "change export",
    "reinsurance.currency": "add change delete",
    "reinsurance.country": "add change delete",
    "reinsurance.lineofbusiness": "add change delete",
    "reinsurance.claimstatus": "add change delete",
    "reinsurance.exchangerate": "add change delete export",
    "reinsurance.treaty": "add change delete export",
    "reinsurance.layer": "add change delete export",
    "reinsurance.participation": "add change delete export",
    "reinsurance.treatyscope": "add change delete export",
    "importers.feed": "add change delete",
    "importers.inbox": "add change delete",
    "importers.arrival": "",
    "importers.ingestion": "",
    "importers.source": "add change delete",
    "importers.mapping": "change delete",
    "importers.sync": "",
    "importers.webservice": "add change delete",
    "importers.webhook": "add change delete",
    "importers.delivery": "",
    "django_q.ormq": "",
    "django_q.failure": "",
    "django_q.schedule": "add change delete",
    "axes.accessattempt": "",
    "axes.accesslog": "",
    "backoffice.auditentry": "export",
    "backoffice.client": "add change delete",
    "backoffice.backup": "",
    "backoffice.drill": "",
    "oauth2_provider.accesstoken": "",
    "auth.user": "add change delete",
    "auth.group": "add change delete",
}


def _pages_of(label: str, pages: str) -> Rules:
    app, model = label.split(".")
    may = {
        word: Rule((f"{app}.{word}_{model}",))
        for word in ("view", "add", "change", "delete")
    }
    # Whoever may change a record may see it, as Django has it.
    sees = Rule((f"{app}.view_{model}", f"{app}.change_{model}"))
    rules: dict[str, Mapping[str, Rule]] = {
        # Actions on the list ask for a permission of their own.
        "changelist": {"GET": sees, "POST": sees},
        "change": {
            "GET": sees,
            **({"POST": may["change"]} if "change" in pages else {}),
        },
        "history": {"GET": sees},
    }
    for page in ("add", "delete"):
        both = {"GET": may[page], "POST": may[page]}
        rules[page] = both if page in pages else CLOSED
    if "export" in pages:
        rules["export"] = {"GET": may["view"], "POST": may["view"]}
    return {f"admin:{app}_{model}_{page}": rule for page, rule in rules.items()}


def _importers(*names: str) -> Rule:
    return Rule(tuple(f"importers.{name}" for name in names))


_LOG, _FEED, _SYNC = (
    _importers(f"view_{name}") for name in ("ingestion", "feed", "sync")
)
_SUBMIT, _RUN = _importers("submit_ingestion"), _importers("run_feed")
_CLAIM = Rule(("reinsurance.change_claim",))

_OWN: Rules = {
    "admin:importers_ingestion_upload": {"GET": _SUBMIT, "POST": _SUBMIT},
    "admin:importers_ingestion_columns": {"GET": _SUBMIT, "POST": _SUBMIT},
    "admin:importers_ingestion_contracts": {"POST": _SUBMIT},
    "admin:importers_ingestion_undo": {"GET": _importers("undo_ingestion")},
    # Each button asks for the permission of its own move.
    "admin:importers_ingestion_move": {
        "POST": _importers("submit_ingestion", "approve_ingestion", "undo_ingestion")
    },
    **{
        f"admin:importers_ingestion_{page}": {"GET": _LOG}
        for page in ("template", "status", "original", "rejected_rows")
    },
    "admin:importers_feed_test": {"GET": _RUN, "POST": _RUN},
    "admin:importers_feed_contract": {"POST": _RUN},
    "admin:importers_feed_move": {"POST": _RUN},
    "admin:importers_sync_move": {"POST": _RUN},
    "admin:importers_inbox_move": {"POST": _importers("run_inbox")},
    **{
        f"admin:importers_sync_{page}": {"GET": _SYNC}
        for page in ("status", "payload", "discarded")
    },
    "admin:importers_webhook_move": {
        "POST": _importers("change_webhook", "send_webhook")
    },
    "admin:importers_delivery_again": {"POST": _importers("send_webhook")},
    "admin:reinsurance_claim_move": {"GET": _CLAIM, "POST": _CLAIM},
    "admin:reinsurance_claim_amount": {"GET": _CLAIM, "POST": _CLAIM},
    # Who told it themselves, or a manager.
    "admin:reinsurance_claim_withdraw": {"GET": _CLAIM, "POST": _CLAIM},
    # Asks for the permission to change the kind of record that the change is of.
    "admin:reinsurance_edit_move": {
        "POST": Rule(
            tuple(
                f"reinsurance.change_{name}"
                for name in ("treaty", "layer", "participation", "treatyscope")
            )
        )
    },
    "admin:django_q_schedule_run": {"POST": Rule(("django_q.change_schedule",))},
    "admin:backoffice_backup_now": {"POST": Rule(("backoffice.make_backup",))},
    "admin:backoffice_client_secret": {"POST": Rule(("backoffice.change_client",))},
    "admin:auth_user_password_change": {
        "GET": Rule(("auth.change_user",)),
        "POST": Rule(("auth.change_user",)),
    },
}

ADMIN: Rules = {
    **{
        name: rule
        for label, pages in _PAGES.items()
        for name, rule in _pages_of(label, pages).items()
    },
    **_OWN,
    "admin-home": {"GET": SIGNED_IN},
    "admin:index": {"GET": SIGNED_IN},
    "admin:app_list": {"GET": SIGNED_IN},
    # It asks the page of its model for the permission to see it as well.
    "admin:autocomplete": {"GET": Rule(("reinsurance.view_party",))},
    "admin:jsi18n": {"GET": SIGNED_IN},
    "admin:view_on_site": {"GET": SIGNED_IN},
    "admin:password_change": {"GET": SIGNED_IN},
    "admin:password_change_done": {"GET": SIGNED_IN},
    "admin:login": {"GET": PUBLIC, "POST": PUBLIC},
    "admin:logout": {"GET": PUBLIC, "POST": PUBLIC},
}

ACCOUNT: Rules = {
    **{
        f"account:{page}": {"GET": PUBLIC, "POST": PUBLIC}
        for page in ("login", "forgotten", "reset", "activate")
    },
    "account:logout": {"POST": PUBLIC},
    "account:home": {"GET": SIGNED_IN},
    "account:password": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "account:second_factor": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "social:begin": {"GET": PUBLIC, "POST": PUBLIC},
    "social:complete": {"GET": PUBLIC, "POST": PUBLIC},
    "home": {"GET": PUBLIC},
}
