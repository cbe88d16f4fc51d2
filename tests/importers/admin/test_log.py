"""The ingestion log, senders and mappings."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from backoffice.roles import AUDITOR
from importers.models import Ingestion, Mapping, Source
from tests.importers.admin.conftest import HEADER, claim

LOG = "/admin/importers/ingestion/"


def numbers(browser: Client, **query: str) -> list[int]:
    page = browser.get(LOG, query)
    assert page.status_code == 200
    return [ingestion.pk for ingestion in page.context["cl"].result_list]


@pytest.fixture
def many(sent: Callable[..., Ingestion]) -> list[Ingestion]:
    """Three files in three states, the newest last."""
    return [
        sent(HEADER, claim("L-1"), to="loaded", file_name="june.csv"),
        sent(HEADER, claim("L-2"), file_name="July.csv"),
        sent(HEADER, claim("L-3"), to="received", file_name="august.csv"),
    ]


def test_everyone_sees_every_file(
    as_clerk: Client, as_manager: Client, user_with, many: list[Ingestion]
) -> None:
    auditor = Client()
    auditor.force_login(user_with(AUDITOR))
    newest_first = [ingestion.pk for ingestion in reversed(many)]
    for browser in (as_clerk, as_manager, auditor):
        assert numbers(browser) == newest_first


def test_the_log_is_filtered(as_manager: Client, many: list[Ingestion]) -> None:
    june, july, august = (ingestion.pk for ingestion in many)
    assert numbers(as_manager, status__exact="loaded") == [june]
    assert numbers(as_manager, type="claims") == [august, july, june]
    assert numbers(as_manager, type="treaties") == []
    assert numbers(as_manager, source__id__exact=str(many[0].source_id)) == [
        august,
        july,
        june,
    ]


def test_the_log_is_searched_by_name_and_number(
    as_manager: Client, many: list[Ingestion]
) -> None:
    assert numbers(as_manager, q="ju") == [many[1].pk, many[0].pk]
    assert numbers(as_manager, q=str(many[2].pk)) == [many[2].pk]
    assert numbers(as_manager, q="9" * 40) == []


def test_the_log_takes_as_many_queries_for_many_as_for_few(
    as_manager: Client,
    sent: Callable[..., Ingestion],
    many: list[Ingestion],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Ingestion.objects.bulk_create(
        Ingestion(
            status="rejected",
            record_type="claims",
            source=many[0].source,
            submitted_by=many[0].submitted_by,
            door="test",
            file_name=f"{number}.csv",
            file_size=1,
            sha256=f"{number:064}",
            original="x",
        )
        for number in range(60)
    )
    with django_assert_max_num_queries(9):
        as_manager.get(LOG)


def test_the_page_takes_few_queries(
    as_manager: Client,
    many: list[Ingestion],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    page = reverse("admin:importers_ingestion_change", args=[many[0].pk])
    for tab in ("summary", "issues", "changes", "file", "history"):
        with django_assert_max_num_queries(15):
            as_manager.get(page, {"tab": tab})


def test_a_badge_tells_the_status(as_clerk: Client, many: list[Ingestion]) -> None:
    content = as_clerk.get(LOG).content.decode()
    assert '<span class="state state-good">Loaded</span>' in content
    assert '<span class="state state-asking">Ready</span>' in content


def test_the_log_cannot_be_edited(as_admin: Client, loaded: Ingestion) -> None:
    page = reverse("admin:importers_ingestion_change", args=[loaded.pk])
    assert as_admin.get(f"{LOG}add/").status_code == 403
    assert as_admin.get(f"{LOG}{loaded.pk}/delete/").status_code == 403
    before = Ingestion.objects.values().get(pk=loaded.pk)
    as_admin.post(page, {"status": "ready"})
    assert Ingestion.objects.values().get(pk=loaded.pk) == before


def test_a_mapping_is_shown_in_words(
    as_manager: Client, andes: Source, manager: User
) -> None:
    mapping = Mapping.objects.create(
        source=andes,
        record_type="claims",
        name="Andes claims",
        columns={
            "ref": {"field": "claim_reference", "percent": False},
            "colour": {"field": "", "percent": False},
        },
        constants={"currency": "USD"},
        confirmed_by=manager,
    )
    page = as_manager.get(
        reverse("admin:importers_mapping_change", args=[mapping.pk])
    ).content.decode()
    assert "<td>ref</td><td>Claim reference</td>" in page
    assert "<td>colour</td><td>ignored</td>" in page
    assert "Currency: USD" in page
    assert "claim_reference" not in page


def test_managers_keep_senders_and_clerks_read_them(
    as_manager: Client, as_clerk: Client, andes: Source
) -> None:
    page = reverse("admin:importers_source_change", args=[andes.pk])
    new = {
        "name": "Andes Mutual",
        "party": andes.party_id,
        "is_active": "on",
        "date_order": "MDY",
        "decimal_mark": ".",
        "policy": "good rows",
        "frequency": "month",
        "premium_lists": "period",
        "other_contracts": "breach",
    }
    assert as_clerk.get(page).status_code == 200
    assert as_clerk.post(page, new).status_code == 403
    assert as_manager.post(page, new).status_code == 302
    andes.refresh_from_db()
    assert (andes.name, andes.date_order) == ("Andes Mutual", "MDY")
