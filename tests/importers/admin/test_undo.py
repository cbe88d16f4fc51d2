"""The Undo button: a manager's, with a reason; the cluster does the work."""

from django.test import Client
from django.urls import reverse

from importers import queue
from importers.models import Ingestion
from importers.services import undoing
from reinsurance.models import Claim


def page(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_change", args=[ingestion.pk])


def undo(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_move", args=[ingestion.pk, "undo"])


def test_a_manager_undoes_a_load(as_manager: Client, loaded: Ingestion) -> None:
    assert "Undo the load" in as_manager.get(page(loaded)).content.decode()
    waiting = queue.pending()
    answer = as_manager.post(undo(loaded), {"reason": "Wrong month"}, follow=True)
    assert "The load is being undone" in answer.content.decode()
    assert queue.pending() == waiting + 1
    assert Claim.objects.exists()
    undoing.undo(loaded.pk)
    loaded.refresh_from_db()
    assert loaded.status == "undone"
    assert not Claim.objects.exists()
    assert "the books are as they were before it" in (
        as_manager.get(page(loaded)).content.decode()
    )


def test_an_undo_without_a_reason_is_refused(
    as_manager: Client, loaded: Ingestion
) -> None:
    waiting = queue.pending()
    answer = as_manager.post(undo(loaded), {"reason": " "}, follow=True)
    assert "Say why the load is undone; the log keeps it." in answer.content.decode()
    assert queue.pending() == waiting


def test_a_clerk_has_no_such_button(as_clerk: Client, loaded: Ingestion) -> None:
    assert "Undo the load" not in as_clerk.get(page(loaded)).content.decode()
    answer = as_clerk.post(undo(loaded), {"reason": "Wrong month"}, follow=True)
    assert "Only a manager may undo a load." in answer.content.decode()
