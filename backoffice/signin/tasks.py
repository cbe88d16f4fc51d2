"""What the cluster does for the sign-in."""

from django.contrib.auth.models import User

from backoffice.signin import mails


def send_link(page: str, user: int, origin: str) -> None:
    """Mail a link; the token in it is made here, so that no queue holds it."""
    found = User.objects.filter(pk=user).exclude(email="").first()
    if found:
        mails.send(page, found, origin)
