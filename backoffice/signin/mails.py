"""The mails about somebody's access, in plain English, with links that work once.

They are sent by the cluster: no page waits for a mail server, and how long a page takes
tells nobody whether an address is known.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from importers import queue

RESET = "reset"
INVITATION = "activate"
SUBJECTS = {
    RESET: "Choose a new password",
    INVITATION: "Your access to the reinsurance back office",
}
TASK = "backoffice.signin.tasks.send_link"


def ask_for_reset(request: HttpRequest | None, user: User) -> None:
    """Have a link to choose a new password mailed, once all is committed."""
    _ask(request, RESET, user)


def ask_for_invitation(request: HttpRequest | None, user: User) -> None:
    """Have an invited person mailed the link to choose the first password."""
    _ask(request, INVITATION, user)


def _ask(request: HttpRequest | None, page: str, user: User) -> None:
    origin: str = settings.SITE_URL
    if not origin and request is not None:
        origin = f"{request.scheme}://{request.get_host()}"
    queue.enqueue(TASK, page, user.pk, origin, name=f"Mail: {SUBJECTS[page]}")


def send(page: str, user: User, origin: str) -> None:
    """Mail the user a link to that page of the site at ``origin``."""
    text = render_to_string(
        f"account/mail/{page}.txt",
        {
            "user": user,
            "name": user.get_short_name() or user.get_username(),
            "link": f"{origin}{_path(page, user)}",
            "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        },
    )
    send_mail(SUBJECTS[page], text, settings.DEFAULT_FROM_EMAIL, [user.email])


def _path(page: str, user: User) -> str:
    """An address that lets this user, and who reads their mail, choose a password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return reverse(f"account:{page}", args=[uid, token])
