"""The users of a demonstration: one for each thing a visitor wants to try."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from backoffice.roles import AUDITOR, CLERK, MANAGER, Role


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A user with a published password: never for an installation with real data."""

    username: str
    password: str
    role: Role | None  # None: superuser


DEMO_USERS = (
    DemoUser("clerk", "clerk-demo-2026", CLERK),
    DemoUser("manager", "manager-demo-2026", MANAGER),
    DemoUser("auditor", "auditor-demo-2026", AUDITOR),
    DemoUser("admin", "admin-demo-2026", None),
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
