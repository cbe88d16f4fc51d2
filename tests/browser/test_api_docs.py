"""A file handed in from the page that describes the API."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from importers.models import Ingestion, Source
from tests.browser.conftest import Open
from tests.browser.test_story import sign_in
from tests.importers.admin.conftest import HEADER, claim, csv_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_file_is_handed_in_from_the_description(
    open_page: Open, clerk: User, tmp_path: Path
) -> None:
    Source.objects.create(code="andes", name="Andes")
    path = tmp_path / "claims.csv"
    path.write_bytes(csv_of(HEADER, claim("C-1")))
    page = open_page()
    sign_in(page, clerk)
    page.goto("/api/v1/docs/")
    page.locator("#operations-tag-ingestions").click()
    operation = page.locator("#operations-ingestions-ingestions_create")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("input[type=file]").set_input_files(path)
    operation.locator("tr[data-param-name=record_type] select").select_option("claims")
    operation.locator("tr[data-param-name=source] input").fill("andes")
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response-col_status").last
    expect(answer).to_contain_text("202")
    ingestion = Ingestion.objects.get()
    assert (ingestion.file_name, ingestion.door) == ("claims.csv", "api")
    assert ingestion.submitted_by == clerk
