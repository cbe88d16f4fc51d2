"""A feed as people set it up: enter the service, test it, sync it, approve."""

from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from playwright.sync_api import expect
from pytest_django import Settings

from importers.models import Feed, Ingestion, Source, Sync, WebService
from reinsurance.models import Claim
from tests.browser.conftest import PATIENCE_MS, Open
from tests.browser.test_story import approve, expect_status, sign_in
from tests.flows.syncs import ALLOWED, a_treaty
from tests.partner import auth
from tests.partner.server import Partner

pytestmark = [
    pytest.mark.browser,
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
]
TOKEN = "a-token-that-nobody-sees"


@pytest.fixture
def process_environment(process_environment: dict[str, str]) -> dict[str, str]:
    """The cluster may ask the partner, and reads the secrets of the web pages."""
    return {
        **process_environment,
        "WEB_SERVICE_HOSTS": ",".join(ALLOWED),
        "FIELD_ENCRYPTION_KEYS": ",".join(django_settings.FIELD_ENCRYPTION_KEYS),
    }


@pytest.fixture
def partner(settings: Settings) -> Iterator[Partner]:
    settings.WEB_SERVICE_HOSTS = ALLOWED
    with Partner(250) as running:
        running.protect(auth.bearer(TOKEN))
        yield running


@pytest.mark.usefixtures("cluster")
def test_a_feed_from_its_service_to_the_books(
    open_page: Open, partner: Partner, manager: User
) -> None:
    a_treaty()
    Source.objects.create(code="andes", name="Andes")
    page = open_page()
    sign_in(page, manager)

    page.goto("/admin/importers/webservice/add/")
    page.locator("input[name=name]").fill("Andes service")
    page.locator("input[name=code]").fill("andes")
    page.locator("input[name=base_url]").fill(partner.url)
    expect(page.locator("input[name=secret]")).to_be_hidden()
    page.locator("select[name=auth]").select_option("bearer", force=True)
    page.locator("input[name=secret]").fill(TOKEN)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Andes service").first).to_be_visible()
    service = WebService.objects.get()
    assert service.secret.reveal() == TOKEN

    page.goto("/admin/importers/feed/add/")
    page.locator("input[name=name]").fill("Andes claims")
    page.locator("input[name=code]").fill("andes-claims")
    page.locator("select[name=service]").select_option(
        label="Andes service", force=True
    )
    page.locator("select[name=record_type]").select_option("claims", force=True)
    page.locator("select[name=source]").select_option(label="Andes", force=True)
    page.locator("input[name=path]").fill("next/absolute")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Andes claims")).to_be_visible()

    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The first page has 100 records.")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="claim_reference")
    expect(row).to_contain_text("Claim reference")
    expect(row).to_contain_text("CLM-2026-000001")
    assert not Sync.objects.exists()

    feed = Feed.objects.get()
    page.goto(f"/admin/importers/feed/{feed.pk}/change/")
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("All pages were fetched")).to_be_visible(
        timeout=PATIENCE_MS
    )
    assert TOKEN not in page.content()
    page.get_by_role("link", name="Open file").click()
    expect_status(page, "ready")
    # It carries money, and this manager had it fetched: somebody else approves.
    expect(page.get_by_role("button", name="Approve and load")).to_have_count(0)

    other = User.objects.create_user("chief", password="chief-password", is_staff=True)
    other.groups.set(manager.groups.all())
    chief = open_page()
    sign_in(chief, other)
    ingestion = Ingestion.objects.get()
    approve(chief, ingestion)
    assert Claim.objects.count() == 250
