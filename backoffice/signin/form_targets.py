"""Where a form of ours may lead beyond this site: to the app that asked for access.

Browsers hold a form against the content policy along all redirects that follow it.
Signing in, setting up a code and saying “Allow” may all end at the app's address.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from backoffice.models import THIS_MACHINE, Client


def may_lead_back(request: HttpRequest, answer: HttpResponseBase) -> None:
    """Let the forms of this page end at the app that the request is on behalf of."""
    if sources := _sources(_asked_for(request)):
        answer._csp_update = {"form-action": sources}  # type: ignore[attr-defined]


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """What the request for access says, now or as the page to come after this one."""
    consent = reverse("oauth2_provider:authorize")
    if request.path == consent:
        return request.GET
    after = urlsplit(request.POST.get("next") or request.GET.get("next") or "")
    if after.path != consent:
        return {}
    return {name: values[-1] for name, values in parse_qs(after.query).items()}


def _sources(asked: dict[str, Any]) -> list[str]:
    """The origins of the app's registered addresses, as a policy names them."""
    name = str(asked.get("client_id") or "")[:255].replace("\0", "")
    client = Client.objects.filter(client_id=name, is_active=True).first()
    addresses = map(urlsplit, client.redirect_uris.split() if client else ())
    return sorted({_source(parts.scheme, parts.netloc) for parts in addresses})


def _source(scheme: str, netloc: str) -> str:
    host = netloc.rpartition("@")[2]
    if scheme == "http" and host.partition(":")[0] in THIS_MACHINE:
        host = f"{host.partition(':')[0]}:*"  # such an app listens where it can
    return f"{scheme}://{host}"
