"""The table at work: REST framework's permission, and the door of every admin page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from backoffice.access.table import TABLE, rule_of
from reinsurance.api.problems import ApiProblem


class ByTable(BasePermission):
    """REST framework's permission: the table."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller may; raises for a method that there is not."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        rule = rule_of(name, request.method or "")
        if rule is None:
            if request.user.is_authenticated and name in TABLE:
                raise MethodNotAllowed(request.method or "")
            return False
        if not rule.admits(request.user):
            return False
        scopes = getattr(request.auth, "scope", None)
        if rule.scope and scopes is not None and rule.scope not in scopes.split():
            raise ApiProblem(
                "missing_scope", f"This takes a token with the scope “{rule.scope}”."
            )
        return True


class MethodsOfTable:
    """Middleware: a page is asked by the methods that the table has for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The site's answer."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """405 for another method; REST framework says it itself, as a problem."""
        match = request.resolver_match
        rules = TABLE.get(match.view_name) if match else None
        method = "GET" if request.method == "HEAD" else request.method
        if not rules or method in rules or hasattr(view, "cls"):
            return None
        return HttpResponseNotAllowed(sorted(rules))


View = Callable[..., HttpResponseBase]


def by_table(view: View) -> View:
    """A page of the admin, open to those whom the table admits."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        match = request.resolver_match
        # What has no name only leads on to a page that has one.
        if match is not None and match.url_name is not None:
            rule = rule_of(match.view_name, request.method or "")
            if rule is None or not rule.admits(request.user):
                raise PermissionDenied
        return view(request, *args, **kwargs)

    return page
