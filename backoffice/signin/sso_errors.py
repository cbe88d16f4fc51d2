"""When the company's sign-in fails: a page that says why, in plain words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from social_core.exceptions import (
    AuthCanceled,
    AuthInputError,
    AuthPolicyError,
    AuthProviderError,
    AuthSessionError,
    SocialAuthBaseException,
)
from social_django.middleware import SocialAuthExceptionMiddleware


class Refused(AuthPolicyError):  # noqa: N818
    """Our own rules refuse the person; the text says why."""

    def __init__(self, backend: object, reason: str) -> None:
        super().__init__(
            backend,  # type: ignore[arg-type]
            code="authentication_disallowed",
            stage="pipeline",
        )
        self.reason = reason


OTHERWISE = (
    "The sign-in could not be completed. Try again; if it goes on, tell an "
    "administrator when it happened."
)
REASONS: tuple[tuple[type[SocialAuthBaseException], str], ...] = (
    (AuthCanceled, "You called the sign-in off. Nothing has changed."),
    (
        AuthSessionError,
        "This sign-in was not begun in this browser, or took too long. Begin again.",
    ),
    (AuthInputError, "This sign-in was not begun here. Begin again."),
    (
        AuthProviderError,
        "The company's sign-in does not answer at the moment. Try again later.",
    ),
)


class SingleSignOnErrors(SocialAuthExceptionMiddleware):
    """Turns what social-auth raises into a page."""

    def get_message(self, request: HttpRequest, exception: Exception) -> str:
        """What the person reads."""
        if isinstance(exception, Refused):
            return exception.reason
        for kind, said in REASONS:
            if isinstance(exception, kind):
                return said
        return OTHERWISE

    def get_redirect_uri(self, request: HttpRequest, exception: Exception) -> None:
        """Nowhere: the page says it all."""

    def render_error(
        self, request: HttpRequest, exception: SocialAuthBaseException
    ) -> HttpResponse:
        """The page, never kept."""
        status = self.get_error_status(request, exception)
        self._log_error(exception, status)
        context = {
            "title": "You are not signed in",
            "text": self.get_message(request, exception),
        }
        page = render(request, "account/said.html", context, status=status)
        add_never_cache_headers(page)
        return page
