"""What admins with pages of their own share: addresses and the frame around them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from importers.exceptions import StoreProblem
from reinsurance.visibility import seen_by

MOST_ID = 2**63 - 1


class OwnPages(admin.ModelAdmin):
    """An admin whose records have pages beside Django's."""

    def at(self, route: str, view: Any, name: str) -> URLPattern:
        """A page of ours at a route below the list, for who is signed in."""
        model = f"{self.opts.app_label}_{self.opts.model_name}"
        shown = self.admin_site.admin_view(_told(view))
        return path(route, shown, name=f"{model}_{name}")

    def context(self, request: HttpRequest, **more: Any) -> dict[str, Any]:
        """What every page of ours needs."""
        site = self.admin_site.each_context(request)
        return {**site, "opts": self.opts, "media": self.media, **more}

    def found(self, request: HttpRequest, rows: models.QuerySet, pk: int) -> Any:
        """The record of that number among the rows, for who may see it.

        One of cedants that the user is not to see is answered as one that is not there.

        Raises PermissionDenied, Http404.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        seen = seen_by(rows, request.user)
        record = seen.filter(pk=pk).first() if pk <= MOST_ID else None
        if record is None:
            raise Http404(f"There is no {self.opts.verbose_name} number {pk}.")
        return record


def _told(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view; a file store that does not answer is said in words."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except StoreProblem as problem:
            return HttpResponse(
                problem.message,
                status=503,
                content_type="text/plain; charset=utf-8",
                headers={"Retry-After": "60"},
            )

    return page
