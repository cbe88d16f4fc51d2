"""The request that is being answered, for whoever writes into the audit log."""

from contextvars import ContextVar

from django.http import HttpRequest

CURRENT: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
"""None in commands and the cluster."""
