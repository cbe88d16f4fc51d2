"""Who is there in a demonstration: people, and outside systems with their accounts."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from backoffice.models import Client
from backoffice.roles import AUDITOR, CLERK, INTEGRATOR, MANAGER, OPERATOR, Role


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user with a published password: never for an installation with real data."""

    username: str
    password: str
    role: Role | None  # None: superuser


@dataclass(frozen=True, slots=True)
class DemoClient:
    """A client of the API with a published secret, and the role of its account."""

    client_id: str
    secret: str
    role: Role
    scopes: tuple[str, ...]


DEMO_USERS = (
    DemoUser("clerk", "clerk-demo-2026", CLERK),
    DemoUser("manager", "manager-demo-2026", MANAGER),
    DemoUser("operator", "operator-demo-2026", OPERATOR),
    DemoUser("auditor", "auditor-demo-2026", AUDITOR),
    DemoUser("admin", "admin-demo-2026", None),
)
DEMO_CLIENTS = (
    DemoClient(
        "demo-system", "demo-system-2026", INTEGRATOR, ("read", "ingest", "sync")
    ),
    DemoClient("demo-approval", "demo-approval-2026", MANAGER, ("read", "approve")),
)


def create_demo_users() -> list[DemoUser]:
    """Create those that do not exist; a changed password stays. Returns the new."""
    known = set(User.objects.values_list("username", flat=True))
    new = [demo for demo in DEMO_USERS if demo.username not in known]
    for demo in new:
        user = User.objects.create_user(
            demo.username,
            password=demo.password,
            first_name=demo.username.capitalize(),
            is_staff=True,
            is_superuser=demo.role is None,
        )
        if demo.role:
            user.groups.add(Group.objects.get(name=demo.role.name))
    return new


def create_demo_clients() -> None:
    """Create those that do not exist, each with an account nobody signs in to."""
    for demo in DEMO_CLIENTS:
        account = User.objects.filter(username=demo.client_id).first()
        if account is None:
            account = User.objects.create_user(demo.client_id)
            account.groups.add(Group.objects.get(name=demo.role.name))
        Client.objects.get_or_create(
            client_id=demo.client_id,
            defaults={
                "name": demo.client_id.replace("-", " ").capitalize(),
                "client_secret": demo.secret,
                "client_type": Client.CLIENT_CONFIDENTIAL,
                "authorization_grant_type": Client.GRANT_CLIENT_CREDENTIALS,
                "scopes": list(demo.scopes),
                "user": account,
            },
        )
