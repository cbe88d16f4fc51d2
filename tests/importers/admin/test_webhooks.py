"""The pages of webhooks: the secret is seen once, buttons do what they say."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from importers.models import Delivery, Webhook
from importers.services import deliveries
from tests.flows.webhooks import (
    PATH,
    Receiver,
    a_file,
    a_source,
    a_webhook,
    is_signed_with,
)
from tests.importers.admin.conftest import last_told, posted
from tests.partner import faults

pytestmark = pytest.mark.django_db

LIST = "/admin/importers/webhook/"
LOG = "/admin/importers/delivery/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


def at(webhook: Webhook) -> str:
    return reverse("admin:importers_webhook_change", args=[webhook.pk])


def press(browser: Client, webhook: Webhook, move: str, **data: Any) -> Any:
    url = reverse("admin:importers_webhook_move", args=[webhook.pk, move])
    return browser.post(url, data)


def page_of(delivery: Delivery) -> str:
    return reverse("admin:importers_delivery_change", args=[delivery.pk])


def again(browser: Client, delivery: Delivery) -> Any:
    return browser.post(reverse("admin:importers_delivery_again", args=[delivery.pk]))


@pytest.fixture
def webhook(receiver: Receiver) -> Webhook:
    return a_webhook(receiver)[0]


@pytest.fixture
def delivery(webhook: Webhook) -> Delivery:
    """A delivered message."""
    a_file(a_source())
    delivery = Delivery.objects.get()
    deliveries.deliver(delivery.pk)
    delivery.refresh_from_db()
    return delivery


# ------------------------------------------------------------------------- the secret
def test_the_secret_is_shown_once_after_adding(
    as_manager: Client, manager: User, receiver: Receiver
) -> None:
    data = {
        "name": "Billing",
        "url": receiver.url + PATH,
        "source": "",
        "statuses": ["ready", "loaded"],
    }
    answer = as_manager.post(LIST + "add/", data)
    webhook = Webhook.objects.get()
    assert answer.url == at(webhook)
    assert (webhook.statuses, webhook.created_by) == (["ready", "loaded"], manager)
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(SECRET.search(text) for text in sessions)
    page = as_manager.get(at(webhook))
    assert "no-store" in page.headers["Cache-Control"]
    (secret,) = SECRET.findall(page.content.decode())
    assert secret == webhook.secret.reveal()
    for url in (at(webhook), LIST, LOG):
        assert not SECRET.search(as_manager.get(url).content.decode())
    assert not SECRET.search(LogEntry.objects.get().change_message)


def test_no_secret_is_lost_where_two_are_added(
    as_manager: Client, receiver: Receiver
) -> None:
    page = as_manager.get(LIST + "add/").content.decode()
    assert "_addanother" not in page
    for name in ("One", "Two"):
        as_manager.post(LIST + "add/", {"name": name, "url": receiver.url + PATH})
    for webhook in Webhook.objects.all():
        secrets = SECRET.findall(as_manager.get(at(webhook)).content.decode())
        assert secrets == [webhook.secret.reveal()]
        assert not SECRET.search(as_manager.get(at(webhook)).content.decode())


def test_a_new_secret_is_shown_once(
    as_manager: Client, as_auditor: Client, webhook: Webhook, receiver: Receiver
) -> None:
    old = webhook.secret.reveal()
    press(as_manager, webhook, "secret")
    assert not SECRET.search(as_auditor.get(at(webhook)).content.decode())
    page = as_manager.get(at(webhook)).content.decode()
    (new,) = SECRET.findall(page)
    assert new != old
    assert "Old secret signs until" in page
    assert not SECRET.search(as_manager.get(at(webhook)).content.decode())
    press(as_manager, webhook, "test")
    assert is_signed_with(new, receiver.messages[0])


def test_without_keys_the_form_says_so(as_manager: Client, settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = []
    data = {"name": "Billing", "url": "https://billing.example/hooks"}
    errors = as_manager.post(LIST + "add/", data).context["adminform"].form.errors
    assert list(errors) == ["__all__"]
    assert "Have an operator set FIELD_ENCRYPTION_KEYS" in errors["__all__"][0]
    assert not Webhook.objects.exists()


# --------------------------------------------------------------------------- the form
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://billing.example/hooks", "“billing.example” would be asked without"),
        ("billing.example", "The address is no web address. It begins with https://."),
        ("https://u:p@billing.example", "The address holds a user name or password."),
        ("https://billing.example/#x", "Take “#” and what follows it out of the"),
    ],
)
def test_addresses_that_cannot_be_asked(
    url: str, said: str, as_manager: Client
) -> None:
    answer = as_manager.post(LIST + "add/", {"name": "Billing", "url": url})
    errors = answer.context["adminform"].form.errors
    assert errors["url"][0].startswith(said)
    assert not Webhook.objects.exists()


def test_a_host_that_is_not_allowed(as_manager: Client, settings: Settings) -> None:
    settings.WEB_SERVICE_HOSTS = ["*.partner.example"]
    url = "https://billing.example/hooks"
    answer = as_manager.post(LIST + "add/", {"name": "Billing", "url": url})
    errors = answer.context["adminform"].form.errors
    assert errors["url"][0].startswith("The host “billing.example” is not allowed.")


def test_editing_keeps_the_secret(as_operator: Client, webhook: Webhook) -> None:
    secret = webhook.secret.reveal()
    data = {**posted(as_operator.get(at(webhook))), "name": "Claims", "statuses": []}
    assert as_operator.post(at(webhook), data).status_code == 302
    after = Webhook.objects.get()
    assert (after.name, after.secret.reveal()) == ("Claims", secret)


# ------------------------------------------------------------------------- the buttons
def test_send_a_test(as_manager: Client, webhook: Webhook, receiver: Receiver) -> None:
    said = last_told(press(as_manager, webhook, "test"))
    assert said.startswith("Test: 127.0.0.1/hooks took it (204). It took ")
    receiver.fail(path=PATH, fault=faults.status(404))
    said = last_told(press(as_manager, webhook, "test"))
    assert said.startswith("Test: 127.0.0.1/hooks refuses it (404).")


def test_switch_off_and_on(as_manager: Client, webhook: Webhook) -> None:
    said = last_told(press(as_manager, webhook, "off", reason=""))
    assert said == "Say why the webhook is switched off."
    press(as_manager, webhook, "off", reason="They move house.")
    page = as_manager.get(at(webhook)).content.decode()
    assert "Switched off: They move house. It is told of nothing until" in page
    assert "Switch on" in page
    press(as_manager, webhook, "on")
    assert Webhook.objects.get().is_active
    assert press(as_manager, webhook, "nothing").status_code == 404


@pytest.mark.parametrize("move", ["secret", "test", "on", "off"])
def test_who_may_only_look_has_no_buttons(
    move: str, as_auditor: Client, as_clerk: Client, webhook: Webhook
) -> None:
    before = webhook.secret.reveal()
    for browser in (as_auditor, as_clerk):
        page = browser.get(at(webhook)).content.decode()
        assert "Billing" in page
        assert "/do/" not in page
        assert 'name="url"' not in page
        assert press(browser, webhook, move, reason="So.").status_code == 403
        assert browser.get(LIST + "add/").status_code == 403
    after = Webhook.objects.get()
    assert (after.secret.reveal(), after.is_active) == (before, True)


def test_a_button_is_pressed_not_followed(as_manager: Client, webhook: Webhook) -> None:
    url = reverse("admin:importers_webhook_move", args=[webhook.pk, "test"])
    assert as_manager.get(url).status_code == 405


# ----------------------------------------------------------------------------- the log
def test_the_log_and_its_filters(
    as_auditor: Client, delivery: Delivery, webhook: Webhook
) -> None:
    content = as_auditor.get(LOG).content.decode()
    assert "Billing" in content
    assert "state-good" in content
    for query, count in (
        ("?status__exact=delivered", 1),
        ("?status__exact=failed", 0),
        (f"?webhook__id__exact={webhook.pk}", 1),
    ):
        found = as_auditor.get(LOG + query).context["cl"].result_count
        assert found == count
    assert as_auditor.get(LOG + "add/").status_code == 403


def test_the_page_of_a_delivery(
    as_auditor: Client, as_manager: Client, delivery: Delivery
) -> None:
    page = as_auditor.get(page_of(delivery)).content.decode()
    assert "The receiver took it." in page
    assert "127.0.0.1/hooks took it (204)." in page
    assert delivery.identifier in page
    assert "&quot;type&quot;: &quot;ingestion.received&quot;" in page
    assert "Send again" not in page
    assert "Send again" in as_manager.get(page_of(delivery)).content.decode()


def test_send_again(as_manager: Client, delivery: Delivery, receiver: Receiver) -> None:
    assert last_told(again(as_manager, delivery)) == "It is sent again."
    page = as_manager.get(page_of(delivery)).content.decode()
    assert "It is about to be sent." in page
    assert "Send again" not in page
    said = last_told(again(as_manager, delivery))
    assert said == "This is about to be sent already."
    receiver.fail(path=PATH, fault=faults.status(500))
    deliveries.deliver(delivery.pk)
    page = as_manager.get(page_of(delivery)).content.decode()
    assert "it was tried 1 of 9 times." in page
    assert "Asked to be sent again." in page
    assert len({message.body for message in receiver.messages}) == 1


def test_send_again_many(
    as_manager: Client, as_auditor: Client, delivery: Delivery
) -> None:
    data = {"action": "send_again", "_selected_action": [delivery.pk]}
    as_auditor.post(LOG, data)
    delivery.refresh_from_db()
    assert delivery.status == "delivered"
    assert (
        "1 message is sent again."
        in as_manager.post(LOG, data, follow=True).content.decode()
    )
    answer = as_manager.post(LOG, data, follow=True).content.decode()
    assert "This is about to be sent already." in answer


def test_who_may_only_look_sends_nothing(
    as_clerk: Client, delivery: Delivery, receiver: Receiver
) -> None:
    assert again(as_clerk, delivery).status_code == 403
    delivery.refresh_from_db()
    assert (delivery.status, len(receiver.messages)) == ("delivered", 1)


def test_the_lists_need_few_queries(
    as_manager: Client,
    receiver: Receiver,
    webhook: Webhook,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    source = a_source()
    for number in range(12):
        a_file(source, f"a\n{number}\n")
        a_webhook(receiver, name=f"No. {number}", url="https://x.example")
    with django_assert_max_num_queries(10):
        as_manager.get(LIST)
    with django_assert_max_num_queries(10):
        as_manager.get(LOG)
