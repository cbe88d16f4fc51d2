"""What the cluster does for the sign-in."""

from django.contrib.auth.models import User

from backoffice.signin import mails
from importers import log_context


def send_link(page: str, user: int, origin: str) -> None:
    """Mail a link; the token in it is made here, so that no queue holds it."""
    with log_context.task("send link", user=user):
        found = User.objects.filter(pk=user).exclude(email="").first()
        if found:
            mails.send(page, found, origin)
