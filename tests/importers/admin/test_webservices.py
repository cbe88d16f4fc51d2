"""Web services: secrets go in and never come out, and only good settings are kept."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from importers.models import Feed, Source, WebService
from importers.values import Secret
from tests.importers.admin.conftest import SECRET, posted

LIST = "/admin/importers/webservice/"
NEW = {
    "name": "Beta",
    "code": "beta",
    "base_url": "https://api.beta.example",
    "is_active": "on",
    "auth": "none",
    "leeway_seconds": "60",
    "rate_per": "60",
    "connect_seconds": "5",
    "read_seconds": "30",
    "attempts": "5",
    "most_mb": "64",
}


def at(service: WebService) -> str:
    return reverse("admin:importers_webservice_change", args=[service.pk])


def edited(browser: Client, service: WebService, **changes: Any) -> Any:
    """The answer to the service's form with some fields changed."""
    data = {**posted(browser.get(at(service))), **changes}
    return browser.post(at(service), {n: v for n, v in data.items() if v is not None})


def errors_of(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


# --------------------------------------------------------------------------- secrets
def test_a_secret_is_kept_but_never_rendered(
    as_manager: Client, as_auditor: Client, service: WebService
) -> None:
    stored = service.__class__.objects.values_list("secret", flat=True).get()
    for browser in (as_manager, as_auditor):
        content = browser.get(at(service)).content.decode()
        assert SECRET not in content
        assert stored.stored not in content
        assert "Secret(" not in content
    assert (
        "Kept. Leave empty to keep it." in as_manager.get(at(service)).content.decode()
    )
    shown = as_auditor.get(at(service)).content.decode()
    assert 'name="secret"' not in shown
    assert '<div class="readonly">Kept</div>' in shown


def test_an_empty_secret_keeps_the_old_one(
    as_manager: Client, service: WebService
) -> None:
    answer = edited(as_manager, service, name="Andes", secret="")
    assert (answer.status_code, answer.url) == (302, at(service))
    after = WebService.objects.get()
    assert (after.name, after.secret.reveal()) == ("Andes", SECRET)


def test_a_new_secret_replaces_the_old(as_manager: Client, service: WebService) -> None:
    assert edited(as_manager, service, secret="another").status_code == 302
    after = WebService.objects.get()
    assert after.secret.reveal() == "another"
    said = LogEntry.objects.get().change_message
    assert "another" not in said
    assert "secret" in said


def test_a_secret_can_be_forgotten(as_manager: Client, service: WebService) -> None:
    answer = edited(as_manager, service, **{"secret-forget": "on"})
    assert errors_of(answer) == {"secret": ["Enter the token."]}
    answer = edited(as_manager, service, auth="none", **{"secret-forget": "on"})
    assert answer.status_code == 302
    assert not WebService.objects.get().secret


def test_what_was_typed_is_not_shown_after_an_error(
    as_manager: Client, service: WebService
) -> None:
    answer = edited(as_manager, service, name="", secret="typed-in-vain")
    assert answer.status_code == 200
    content = answer.content.decode()
    assert "typed-in-vain" not in content
    assert SECRET not in content
    assert "Enter it once more: it was not kept." in content


def test_a_kept_secret_is_not_sent_to_another_host(
    as_manager: Client, service: WebService
) -> None:
    """Else whoever may edit could read it, at a host of their own."""
    moved = "https://evil.example/v1"
    answer = edited(as_manager, service, base_url=moved)
    (said,) = errors_of(answer)["secret"]
    assert said.startswith("The service leads to another host now")
    answer = edited(
        as_manager, service, auth="client credentials", token_url=moved, client_id="me"
    )
    assert "secret" in errors_of(answer)
    assert WebService.objects.get().base_url == service.base_url
    assert edited(as_manager, service, base_url=moved, secret="new").status_code == 302
    assert WebService.objects.get().secret.reveal() == "new"


def test_another_path_on_the_same_host_needs_no_secret(
    as_manager: Client, service: WebService
) -> None:
    moved = "https://api.andes.example/v2"
    assert edited(as_manager, service, base_url=moved).status_code == 302
    assert WebService.objects.get().secret.reveal() == SECRET


def test_a_token_renewed_meanwhile_is_not_lost(
    as_manager: Client, service: WebService
) -> None:
    """Only what was edited is written."""
    data = posted(as_manager.get(at(service)))
    until = timezone.now()
    WebService.objects.update(
        access_token=Secret("fresh"), refresh_token=Secret("rotated"),
        token_expires_at=until,
    )  # fmt: skip
    as_manager.post(at(service), {**data, "name": "Andes"})
    after = WebService.objects.get()
    assert (after.name, after.access_token.reveal()) == ("Andes", "fresh")
    assert (after.refresh_token.reveal(), after.token_expires_at) == ("rotated", until)


def test_without_a_key_to_encrypt_no_secret_is_taken(
    as_manager: Client, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = []
    answer = as_manager.post(f"{LIST}add/", {**NEW, "auth": "bearer", "secret": "x1"})
    (said,) = errors_of(answer)["secret"]
    assert said == (
        "Secrets cannot be kept on this server yet. Have an operator set "
        "FIELD_ENCRYPTION_KEYS, then enter it again."
    )
    assert as_manager.post(f"{LIST}add/", NEW).status_code == 302


# ---------------------------------------------------------------------------- rules
@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"base_url": "https://u:p@api.beta.example"}, "base_url", "user name or"),
        ({"base_url": "http://api.beta.example"}, "base_url", "without encryption"),
        ({"base_url": "https://api.beta.example?a=1"}, "base_url", "ends before"),
        ({"base_url": "ftp://api.beta.example"}, "base_url", "no web address"),
        ({"auth": "header key", "secret": "x"}, "key_name", "Enter the name of the h"),
        ({"auth": "query key", "key_name": "k"}, "secret", "Enter the key."),
        ({"auth": "header key", "key_name": "a b"}, "key_name", "no name of a header"),
        ({"auth": "basic", "secret": "x"}, "user_name", "Enter the user name."),
        ({"auth": "bearer"}, "secret", "Enter the token."),
        ({"auth": "bearer", "secret": "x y\x07"}, "secret", "cannot be sent"),
        ({"auth": "client credentials"}, "token_url", "Enter the address"),
        ({"auth": "client credentials"}, "client_id", "Enter the client's id."),
        ({"auth": "client credentials"}, "secret", "Enter the client's secret."),
        ({"auth": "refresh token"}, "refresh_token", "Enter the refresh token."),
        ({"headers": '{"Authorization": "x"}'}, "headers", "not sent this way"),
        ({"headers": '{"cookie": "x"}'}, "headers", "not sent this way"),
        ({"headers": '{"X": "a\\nb"}'}, "headers", "cannot be sent"),
        ({"headers": '{"X": {"a": 1}}'}, "headers", "Write names and texts"),
        ({"headers": "X: y"}, "headers", "This is not JSON."),
        ({"headers": '{"X": NaN}'}, "headers", "This is not JSON."),
    ],
)
def test_settings_that_do_not_hold_together_are_refused(
    as_manager: Client, changes: dict[str, str], field: str, said: str
) -> None:
    answer = as_manager.post(f"{LIST}add/", {**NEW, **changes})
    assert answer.status_code == 200
    assert said in " ".join(errors_of(answer)[field])
    assert not WebService.objects.exists()


def test_hosts_that_are_not_allowed_are_refused(
    as_manager: Client, settings: Settings
) -> None:
    settings.WEB_SERVICE_HOSTS = ["*.andes.example"]
    answer = as_manager.post(f"{LIST}add/", NEW)
    (said,) = errors_of(answer)["base_url"]
    assert said.startswith("The host “api.beta.example” is not allowed.")


def test_a_good_service_is_kept(as_manager: Client) -> None:
    answer = as_manager.post(
        f"{LIST}add/",
        {
            **NEW, "auth": "basic", "user_name": "us", "secret": "pass",
            "headers": '{"X-Version": 2}', "rate_count": "60",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    kept = WebService.objects.get()
    assert (kept.user_name, kept.secret.reveal()) == ("us", "pass")
    assert kept.headers == {"X-Version": "2"}


# ----------------------------------------------------------------------- list, rights
def test_the_list_tells_where_and_how(as_clerk: Client, service: WebService) -> None:
    content = as_clerk.get(LIST).content.decode()
    assert "api.andes.example" in content
    assert "Fixed token (Bearer)" in content
    assert "60 per minute" in content
    assert SECRET not in content


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    as_manager: Client,
    andes: Source,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(30):
        service = WebService.objects.create(
            code=f"s{number}", name=f"S {number}", base_url="https://a.example"
        )
        Feed.objects.create(
            code=f"f{number}", service=service, source=andes, record_type="claims",
            name="F",
        )  # fmt: skip
    with django_assert_max_num_queries(8):
        as_manager.get(LIST)


def test_who_keeps_services(
    as_manager: Client, as_operator: Client, as_clerk: Client, service: WebService
) -> None:
    assert edited(as_manager, service, name="A").status_code == 302
    assert edited(as_operator, service, name="B").status_code == 302
    assert as_clerk.get(at(service)).status_code == 200
    assert as_clerk.post(at(service), {**NEW, "name": "C"}).status_code == 403
    assert as_clerk.get(f"{LIST}add/").status_code == 403
    assert WebService.objects.get().name == "B"
