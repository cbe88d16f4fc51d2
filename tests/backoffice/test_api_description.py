"""The API does what its description says, whatever it is asked (schemathesis)."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import Group, User
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from drf_yasg import openapi
from drf_yasg.codecs import OpenAPICodecJson
from drf_yasg.generators import OpenAPISchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from pytest_django import Settings
from rest_framework.authtoken.models import Token
from schemathesis import checks

from backoffice import api
from importers.models import Feed, Ingestion
from reinsurance.models import Claim
from tests.reinsurance.admin.conftest import book

__all__ = ["book"]

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5"))
checks.load_all_checks()
CHECKS = [
    checks.not_a_server_error,
    *checks.CHECKS.get_by_names(
        [
            "status_code_conformance",
            "content_type_conformance",
            "response_headers_conformance",
            "response_schema_conformance",
        ]
    ),
]


def described() -> dict[str, Any]:
    """The description as it is served."""
    generator = OpenAPISchemaGenerator(
        openapi.Info(title="API", default_version="v1"), patterns=api.described
    )
    document = generator.get_schema(None, public=True)
    told: dict[str, Any] = json.loads(OpenAPICodecJson([]).encode(document))
    return told


DESCRIBED = described()
OPERATIONS = [
    (method, path)
    for path, operations in DESCRIBED["paths"].items()
    for method in operations
    if method != "parameters"
]


@pytest.fixture
def caller(db: None) -> User:
    """Somebody who may do everything the API offers."""
    user = User.objects.create_user("fuzz")
    user.groups.set(Group.objects.filter(name__in=("Manager", "Integrator")))
    return user


@pytest.fixture
def world(
    ready: Ingestion, loaded: Ingestion, feed: Feed, settings: Settings
) -> dict[str, int]:
    """Records to be asked for, by the first part of the address."""
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
    return {
        "ingestions": ready.pk,
        "claims": Claim.objects.latest("pk").pk,
        "feeds": feed.pk,
    }


@pytest.fixture
def application() -> Iterator[Any]:
    """The site as a WSGI server has it, but within the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    site = get_wsgi_application()

    def whole(environ: dict[str, Any], start: Any) -> list[bytes]:
        answer = site(environ, start)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()

    yield whole
    for signal in signals:
        signal.connect(close_old_connections)


def test_it_does_what_its_description_says(
    caller: User, world: dict[str, int], application: Any
) -> None:
    loaded: Any = schemathesis.openapi.from_dict(DESCRIBED)
    loaded.app = application
    wrong = []
    for method, path in OPERATIONS:
        try:
            with transaction.atomic():
                hold(loaded[path][method], world.get(path.split("/")[1]), caller)
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - look at all
            wrong.append(f"{method.upper()} {path}\n{error}")
    assert not wrong, "\n\n".join(wrong)


def hold(operation: Any, key: int | None, caller: User) -> None:
    """Ask for the operation in many ways and compare what comes with what is told."""

    token, _ = Token.objects.get_or_create(user=caller)  # some operations end it

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        if key is not None and "id" in case.path_parameters:
            case.path_parameters["id"] = key
        answer = case.call(headers={"Authorization": f"Token {token.key}"})
        only_status = answer.status_code in {204, 304}  # no content to look at
        case.validate_response(answer, checks=CHECKS[:2] if only_status else CHECKS)

    ask()


def test_the_file_of_an_upload_is_chosen_on_the_page() -> None:
    operation = DESCRIBED["paths"]["/ingestions/"]["post"]
    assert operation["consumes"] == ["multipart/form-data"]
    file = operation["parameters"][0]
    assert (file["name"], file["in"], file["type"], file["required"]) == (
        "file", "formData", "file", True,
    )  # fmt: skip


def test_every_post_may_carry_a_key() -> None:
    posts = [
        operations["post"]
        for path, operations in DESCRIBED["paths"].items()
        if "post" in operations and not path.startswith("/auth/")
    ]
    assert len(posts) == 13
    for operation in posts:
        names = [parameter["name"] for parameter in operation["parameters"]]
        assert "Idempotency-Key" in names
        assert {"409", "422", "429"} <= set(operation["responses"])


def test_the_pages_of_the_description(as_clerk: Client, client: Client) -> None:
    told = as_clerk.get("/api/v1/swagger.json")
    assert told.status_code == 200
    document = told.json()
    assert document["swagger"] == "2.0"
    assert document["paths"] == DESCRIBED["paths"]
    for page, word in (("docs", b"swagger-ui"), ("redoc", b"redoc")):
        answer = as_clerk.get(f"/api/v1/{page}/")
        assert answer.status_code == 200
        assert word in answer.content
        assert (
            b"http" not in answer.content.replace(b"http-equiv", b"").split(b"spec")[0]
        )
        anonymous = client.get(f"/api/v1/{page}/")
        assert anonymous["Location"] == f"/account/login/?next=/api/v1/{page}/"
    assert client.get("/api/v1/swagger.json").status_code == 401
