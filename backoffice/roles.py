"""Who may do what: groups and their permissions, as data."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction

REFERENCE_MODELS = (
    "country", "currency", "exchangerate", "lineofbusiness", "claimstatus",
)  # fmt: skip
RECORD_MODELS = (
    "party", "treaty", "layer", "participation", "treatyscope", "bordereau",
    "premiumentry", "claim", "lossevent",
)  # fmt: skip
# What files and people did, and what follows from it: nobody adds or changes it.
LEDGER_MODELS = ("claimposition", "claimstatement", "edit", "deletion")
LOG_MODELS = ("ingestion", "issue", "event", "rowchange", "sync", "delivery", "arrival")
SENDER_MODELS = ("source", "mapping")
SERVICE_MODELS = ("webservice", "feed", "inbox", "webhook")
QUEUE_MODELS = ("ormq", "success", "failure")


def _permissions(app: str, actions: str, models: tuple[str, ...]) -> frozenset[str]:
    return frozenset(
        f"{app}.{action}_{model}" for action in actions.split() for model in models
    )


VIEW = (
    _permissions("reinsurance", "view", REFERENCE_MODELS + RECORD_MODELS)
    | _permissions("reinsurance", "view", LEDGER_MODELS)
    | _permissions("importers", "view", LOG_MODELS + SENDER_MODELS)
    | _permissions("importers", "view", SERVICE_MODELS)
)
SUBMIT = _permissions("importers", "submit", ("ingestion",)) | _permissions(
    "importers", "add change", ("mapping",)
)
# A schedule's page runs nothing but our own tasks, see backoffice/schedule_admin.py.
FETCH = (
    _permissions("importers", "add change", SERVICE_MODELS)
    | _permissions("importers", "run", ("feed", "inbox"))
    | _permissions("importers", "send", ("webhook",))
    | _permissions("django_q", "view add change delete", ("schedule",))
)
WATCH = _permissions("backoffice", "view", ("backup", "drill"))
DECIDE = (
    _permissions("importers", "approve undo", ("ingestion",))
    | _permissions("importers", "add change", SENDER_MODELS)
    | _permissions("reinsurance", "add change", RECORD_MODELS + REFERENCE_MODELS)
)
OPERATE = (
    _permissions("django_q", "view", QUEUE_MODELS)
    | _permissions("auth", "view", ("user", "group"))
    | _permissions("backoffice", "view add change delete", ("client",))
    | _permissions("backoffice", "make", ("backup",))
    | _permissions("oauth2_provider", "view", ("accesstoken",))
    | _permissions("axes", "view", ("accessattempt", "accesslog"))
    | _permissions("backoffice", "view", ("auditentry",))
)
# With "read" also who looked at which records; operators see what concerns access.
AUDIT = _permissions("backoffice", "view read", ("auditentry",))


@dataclass(frozen=True, slots=True)
class Role:
    """A group of users, its permissions as "app.codename", and its one-line duty."""

    name: str
    duty: str
    permissions: frozenset[str]


CLERK = Role(
    "Clerk",
    "uploads files, maps columns, reads what is wrong, submits for approval",
    VIEW | SUBMIT,
)
MANAGER = Role(
    "Manager",
    "approves, rejects and undoes; keeps senders, records, feeds and inboxes",
    VIEW | SUBMIT | DECIDE | FETCH | WATCH,
)
OPERATOR = Role(
    "Operator",
    "watches queue and users, keeps senders, feeds, inboxes and clients of the API; "
    "decides nothing about money",
    VIEW
    | OPERATE
    | FETCH
    | WATCH
    | _permissions("importers", "add change", SENDER_MODELS),
)
AUDITOR = Role("Auditor", "reads everything, changes nothing", VIEW | AUDIT)
INTEGRATOR = Role(
    "Integrator",
    "an outside system: posts files, follows them, reads records, has feeds synced",
    VIEW | SUBMIT | _permissions("importers", "run", ("feed",)),
)

ROLES = (CLERK, MANAGER, OPERATOR, AUDITOR, INTEGRATOR)


@transaction.atomic
def load_roles() -> None:
    """Make the groups exactly as declared here.

    Raises LookupError for a permission that no model declares.
    """
    known = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role in ROLES:
        if unknown := sorted(role.permissions - known.keys()):
            message = f"Role {role.name} has unknown permissions: {', '.join(unknown)}"
            raise LookupError(message)
        group, _ = Group.objects.get_or_create(name=role.name)
        group.permissions.set([known[name] for name in role.permissions])
