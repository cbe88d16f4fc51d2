"""Callers and files for the tests of the machine's API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from backoffice.roles import INTEGRATOR
from importers.models import Source
from tests.importers.admin.conftest import (
    HEADER,
    andes,
    as_admin,
    as_auditor,
    as_clerk,
    as_manager,
    claim,
    csv_of,
    feed,
    loaded,
    partner,
    reachable,
    ready,
    sent,
    service,
)

__all__ = [
    "andes", "as_admin", "as_auditor", "as_clerk", "as_manager", "feed", "loaded",
    "partner", "reachable", "ready", "sent", "service",
]  # fmt: skip

INGESTIONS = "/api/v1/ingestions/"
GOOD = csv_of(HEADER, claim("C-1"), claim("C-2"))


@pytest.fixture
def system(db: None, user_with: Callable[..., User]) -> User:
    """The account of an outside system."""
    user = user_with(INTEGRATOR)
    User.objects.filter(pk=user.pk).update(is_staff=False)
    return user


@pytest.fixture
def as_system(system: User) -> Client:
    """An outside system that is signed in."""
    caller = Client()
    caller.force_login(system)
    return caller


@pytest.fixture
def post_file(andes: Source, as_system: Client) -> Callable[..., HttpResponse]:
    """Hand a file in as the system does; ``key`` is its Idempotency-Key."""

    def post(
        content: bytes = GOOD,
        name: str = "claims.csv",
        *,
        caller: Client = as_system,
        key: str = "",
        **data: Any,
    ) -> HttpResponse:
        form = {"record_type": "claims", "source": "andes", **data}
        form = {n: v for n, v in form.items() if v is not None}
        headers = {"Idempotency-Key": key} if key else {}
        file = SimpleUploadedFile(name, content)
        return caller.post(INGESTIONS, {"file": file, **form}, headers=headers)

    return post
