"""Every page in a real browser: the content policy stops nothing of ours."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from backoffice.access.admin_table import _PAGES
from importers.models import Feed, Ingestion, Webhook
from reinsurance.models import Claim, Party
from tests.browser.conftest import Open
from tests.browser.test_story import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTEN = """
window.violations = [];
document.addEventListener('securitypolicyviolation', event => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ` +
    `${event.sample} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@pytest.fixture
def watched(open_page: Open) -> tuple[Page, list[str]]:
    """A page with a superuser, and what the policy stopped on it."""
    root = User.objects.create_superuser("root", password="root-password")
    page = open_page()
    page.add_init_script(LISTEN)
    sign_in(page, root)
    return page, []


def violations_at(page: Page, address: str) -> list[str]:
    refused: list[str] = []
    page.on(
        "response",
        lambda answer: refused.append(answer.url) if answer.status >= 400 else None,
    )
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert refused == []
    return [f"{address}: {said}" for said in page.evaluate("window.violations")]


def pages_of(label: str, pages: str) -> list[str]:
    app, model = label.split(".")
    names = ["changelist", *(p for p in ("add", "export") if p in pages)]
    return [reverse(f"admin:{app}_{model}_{name}") for name in names]


@pytest.mark.slow
def test_lists_and_forms(
    watched: Any, ready: Ingestion, loaded: Ingestion, feed: Feed
) -> None:
    page, _ = watched
    addresses = [a for label, pages in _PAGES.items() for a in pages_of(label, pages)]
    found = [said for address in addresses for said in violations_at(page, address)]
    assert found == []


@pytest.mark.slow
def test_records_and_own_pages(
    watched: Any,
    ready: Ingestion,
    loaded: Ingestion,
    feed: Feed,
    sent: Callable[..., Ingestion],
) -> None:
    page, _ = watched
    asking = sent(
        ["UMR", "Claim Ref", "Insured", "Date of Loss", "Ccy", "Paid", "Reserve"],
        ["B0001", "C-9", "Acme", "2026-02-15", "USD", "1", "2"],
    )
    assert asking.status == "needs mapping"
    record = Claim.objects.get()
    hook = Webhook.objects.create(name="Desk", url="https://desk.example/hooks")
    user = User.objects.get(username="root")
    at = [
        f"/admin/reinsurance/claim/{record.pk}/change/",
        f"/admin/reinsurance/claim/{record.pk}/history/",
        f"/admin/reinsurance/treaty/{record.treaty_id}/change/",
        f"/admin/reinsurance/treaty/{record.treaty_id}/delete/",
        f"/admin/reinsurance/party/{Party.objects.get().pk}/change/",
        *(
            f"/admin/importers/ingestion/{ready.pk}/change/?tab={tab}"
            for tab in ("summary", "issues", "changes", "file", "history")
        ),
        f"/admin/importers/ingestion/{asking.pk}/columns/",
        "/admin/importers/ingestion/upload/",
        f"/admin/importers/feed/{feed.pk}/change/",
        f"/admin/importers/feed/{feed.pk}/test/",
        f"/admin/importers/webservice/{feed.service_id}/change/",
        f"/admin/importers/webhook/{hook.pk}/change/",
        f"/admin/auth/user/{user.pk}/change/",
        f"/admin/auth/user/{user.pk}/password/",
        "/admin/", "/admin/reinsurance/", "/account/password/",
        "/account/second-factor/", "/account/forgotten/", "/account/login/",
        "/admin/login/",
    ]  # fmt: skip
    found = [said for address in at for said in violations_at(page, address)]
    assert found == []


def test_the_descriptions(watched: Any) -> None:
    page, _ = watched
    found = violations_at(page, "/api/v1/docs/")
    expect(page.locator("#operations-tag-claims")).to_be_visible()
    page.locator("#operations-tag-claims").click()
    found += violations_at(page, "/api/v1/redoc/")
    expect(page.get_by_role("heading", name="Reinsurance back office")).to_be_visible()
    assert found == []


def test_lists_work_with_the_policy(watched: Any, loaded: Ingestion) -> None:
    """Autocomplete, calendar, filters, actions, and a window for a new record."""
    page, _ = watched
    record = Claim.objects.get()
    page.goto("/admin/reinsurance/claim/?o=1")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.goto(f"/admin/reinsurance/treaty/{record.treaty_id}/change/")
    page.locator(".field-cedant .select2-selection").click()
    expect(page.locator(".select2-results__option").first).to_contain_text("Andes")
    page.keyboard.press("Escape")
    page.locator(".field-inception a:has(.date-icon)").click()
    expect(page.locator(".calendarbox").first).to_be_visible()
    with page.expect_popup() as opened:
        page.locator(".field-broker .add-related").click()
    window = opened.value
    window.locator("input[name=code]").fill("NEWCO")
    window.locator("input[name=name]").fill("New Company")
    window.locator("[name=_save]").click()
    expect(page.locator(".field-broker .select2-selection")).to_contain_text("New Comp")
    assert page.evaluate("window.violations") == []


def test_a_script_in_a_record_does_not_run(watched: Any, loaded: Ingestion) -> None:
    """It is escaped; and where it were not, the policy would stop it."""
    page, _ = watched
    record = Claim.objects.get()
    evil = "<script>window.ran = 1</script><img src=x onerror=window.ran=1>"
    Claim.objects.update(insured_name=evil)
    for address in (
        "/admin/reinsurance/claim/",
        f"/admin/reinsurance/claim/{record.pk}/change/",
    ):
        page.goto(address)
        assert page.evaluate("window.ran") is None
