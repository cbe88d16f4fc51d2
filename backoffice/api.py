"""The addresses of the API and its description."""

from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, include, path
from django.urls.resolvers import URLResolver
from drf_yasg import openapi
from drf_yasg.views import get_schema_view

from backoffice.access.doors import ByTable
from importers.api.urls import urlpatterns as machine
from reinsurance.api.urls import urlpatterns as records

ABOUT = """
Treaties, premiums and claims of a reinsurer: read the records, hand files in, follow
them, approve them, have feeds synced.

**Sign in** with `Authorization: Bearer …` (an OAuth2 token, for systems and apps) or
`Authorization: Token …` (a login token, for people who are not staff). On this page the
session of the back office counts as well.

**Lists** come as pages: follow `next` until it is null. With `format=csv` or
`format=jsonl` the whole list comes as one stream. `updated_since` gives what changed.

**Problems** come as `application/problem+json` (RFC 9457) with a stable `code`.

**Posting** with a header `Idempotency-Key` is safe to repeat: the same key gives the
same answer, and is acted upon once.
"""

described: list[URLPattern | URLResolver] = [
    path("api/v1/", include(([*machine, *records], "api"))),
    path("api/v1/auth/", include("backoffice.signin.api")),
]

schema_view = get_schema_view(
    openapi.Info(
        title="Reinsurance back office",
        default_version="v1",
        description=ABOUT.strip(),
    ),
    public=True,
    patterns=described,
    permission_classes=[ByTable],
)


def _page(view: Any) -> Any:
    """A page of the description: people without a session sign in first."""

    @csp_replace(settings.DESCRIPTION_POLICY)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        is_known = request.user.is_authenticated or "Authorization" in request.headers
        if not is_known:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        answer: HttpResponseBase = view(request, **kwargs)
        return answer

    return page


urlpatterns: list[URLPattern | URLResolver] = [
    *described,
    path(
        "api/v1/swagger.json",
        schema_view.without_ui(),
        {"format": "json"},
        name="api-schema",
    ),
    path("api/v1/docs/", _page(schema_view.with_ui("swagger")), name="api-docs"),
    path("api/v1/redoc/", _page(schema_view.with_ui("redoc")), name="api-redoc"),
]
