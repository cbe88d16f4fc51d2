"""The tab *Needs a contract* of an ingestion's page."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from importers.models import Ingestion
from reinsurance.models import Treaty
from tests.importers.admin.conftest import HEADER, claim, last_told

Sent = Callable[..., Ingestion]


@pytest.fixture
def waiting(sent: Sent) -> Ingestion:
    return sent(HEADER, claim("C-1"), claim("C-2", UMR="b 0009"))


def at(ingestion: Ingestion, tab: str = "contracts") -> str:
    page = reverse("admin:importers_ingestion_change", args=[ingestion.pk])
    return f"{page}?tab={tab}"


def post_to(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_contracts", args=[ingestion.pk])


def test_the_tab_is_there_where_a_row_needs_it(
    as_clerk: Client, waiting: Ingestion, loaded: Ingestion
) -> None:
    assert "contracts" in as_clerk.get(at(waiting)).context["tabs"]
    page = as_clerk.get(at(loaded))
    assert "contracts" not in page.context["tabs"]
    assert page.context["tab"] == "summary"


def test_it_shows_what_may_be_picked(as_clerk: Client, waiting: Ingestion) -> None:
    treaty = Treaty.objects.get()
    page = as_clerk.get(at(waiting))
    section = page.context["section"]
    (group,) = section["groups"]
    assert (group["reference"], group["rows"], group["why"], group["follow_up"]) == (
        "b 0009", 1, "not in the books", None,
    )  # fmt: skip
    label = "B0001 · Andes Mutual Insurance · 1 Jan 2026 – 31 Dec 2026"
    assert section["offered"] == [(treaty.pk, label, "B0001")]
    assert f'<option value="{treaty.pk}">{label}</option>' in page.content.decode()
    none = as_clerk.get(f"{at(waiting)}&find=nowhere").context["section"]
    assert none["offered"] == []
    found = as_clerk.get(f"{at(waiting)}&find=andes").context["section"]
    assert found["offered"] == section["offered"]


def test_like_references_come_first(as_clerk: Client, waiting: Ingestion) -> None:
    first = Treaty.objects.get()
    alike = Treaty.objects.create(
        reference="B0009", treaty_type="QS", currency_id="USD", cedant=first.cedant
    )
    (group,) = as_clerk.get(at(waiting)).context["section"]["groups"]
    assert group["alike"] == [
        (alike.pk, "B0009 · Andes Mutual Insurance · ? – ?", "B0009")
    ]


def test_the_rows_go_on_and_both_pages_say_so(
    as_clerk: Client, waiting: Ingestion
) -> None:
    treaty = Treaty.objects.get()
    answer = as_clerk.post(
        post_to(waiting), {"reference-1": "b 0009", "contract-1": treaty.pk}
    )
    follow_up = waiting.follow_ups.get()
    assert answer["Location"] == at(follow_up).partition("?")[0]
    assert last_told(answer) == (
        f"The rows go on as number {follow_up.pk}: checked next, and approved by "
        "itself."
    )
    assert follow_up.contracts == {"b 0009": treaty.pk}
    first = as_clerk.get(at(waiting))
    assert "Rows held out go on as <a href=" in first.content.decode()
    assert first.context["section"]["groups"][0]["follow_up"] == follow_up
    second = as_clerk.get(at(follow_up)).content.decode()
    assert "Goes on with rows held out of <a href=" in second
    assert f"number {waiting.pk}</a> claims.csv" in second


def test_what_is_left_blank_is_left(as_clerk: Client, waiting: Ingestion) -> None:
    answer = as_clerk.post(
        post_to(waiting), {"reference-1": "b 0009", "contract-1": ""}
    )
    assert answer["Location"] == at(waiting)
    assert last_told(answer) == "Pick a contract for at least one reference."
    assert not waiting.follow_ups.exists()


def test_who_may_not_submit_only_looks(as_auditor: Client, waiting: Ingestion) -> None:
    page = as_auditor.get(at(waiting))
    assert not page.context["section"]["may_pick"]
    assert b"<select" not in page.content
    assert as_auditor.post(post_to(waiting), {}).status_code == 403


def test_it_is_posted(as_clerk: Client, waiting: Ingestion) -> None:
    assert as_clerk.get(post_to(waiting)).status_code == 405
