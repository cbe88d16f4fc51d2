"""The Undo button: a manager's, with a reason; the cluster does the work."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from importers import queue
from importers.models import Ingestion
from importers.services import ingestions as services
from importers.services import undoing
from reinsurance.models import Claim, Edit, Party, PremiumEntry, Treaty
from tests.importers.services.loads import loaded as load

HIDDEN = "of a cedant that you do not see, so not named here"


def page(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_change", args=[ingestion.pk])


def preview(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_undo", args=[ingestion.pk])


def undo(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_move", args=[ingestion.pk, "undo"])


def test_a_manager_undoes_a_load(as_manager: Client, loaded: Ingestion) -> None:
    assert preview(loaded) in as_manager.get(page(loaded)).content.decode()
    shown = as_manager.get(preview(loaded))
    assert [(part["said"], part["examples"]) for part in shown.context["effects"]] == [
        ("1 claim leaves the books", ("B0001 · C-1",)),
        ("1 claim position leaves the books", ("B0001 · C-1 USD",)),
    ]
    assert "1 claim leaves the books" in shown.content.decode()
    assert Claim.objects.exists()
    waiting = queue.pending()
    answer = as_manager.post(undo(loaded), {"reason": "Wrong month"}, follow=True)
    content = answer.content.decode()
    assert "The load is being undone" in content
    assert 'data-status="undoing" data-follow="' in content
    assert '<span class="state state-moving state-large">Undoing</span>' in content
    assert queue.pending() == waiting + 1
    assert Claim.objects.exists()
    undoing.undo(loaded.pk)
    loaded.refresh_from_db()
    assert loaded.status == "undone"
    assert not Claim.objects.exists()
    assert "nothing of the file is in the books any more" in (
        as_manager.get(page(loaded)).content.decode()
    )


def test_what_people_changed_stands_in_the_way_by_name(
    as_manager: Client, loaded: Ingestion, manager: User
) -> None:
    record = Claim.objects.get()
    Edit.objects.create(
        model="claim",
        object_id=record.pk,
        reference="C-1",
        action="changed",
        before={"insured_name": "Acme Ltd"},
        after={"insured_name": "Acme plc"},
        user=manager,
        reason="Renamed",
        at=timezone.now(),
    )
    shown = as_manager.get(preview(loaded))
    (edit,) = shown.context["edits"]
    assert (edit["who"], edit["fields"], edit["record"], edit["reason"]) == (
        "manager", "insured name", "claim C-1", "Renamed",
    )  # fmt: skip
    assert b'<button class="btn btn-danger" disabled>' in shown.content
    answer = as_manager.post(undo(loaded), {"reason": "Wrong month"}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "manager changed insured name of claim “C-1” of contract “B0001” since. "
        "Set that back first."
    ]
    loaded.refresh_from_db()
    assert loaded.status == "loaded"


def test_whom_the_cedant_is_hidden_from_reads_each_record_once(
    as_manager: Client, loaded: Ingestion, manager: User
) -> None:
    other = Party.objects.create(code="OTHER", name="Other")
    manager.cedant_limits.create(cedant=Party.objects.get(code="ANDES"))
    Treaty.objects.update(cedant=other)
    shown = as_manager.get(preview(loaded))
    assert [
        (part["said"], part["examples"], part["more"])
        for part in shown.context["effects"]
    ] == [
        ("1 claim leaves the books", (), HIDDEN),
        ("1 claim position leaves the books", (), HIDDEN),
    ]
    assert "more</li>" not in shown.content.decode()


def test_a_retry_in_the_middle_of_an_undo_is_refused_in_plain_words(
    as_manager: Client, loaded: Ingestion
) -> None:
    as_manager.post(undo(loaded), {"reason": "Wrong month"})
    retry = reverse("admin:importers_ingestion_move", args=[loaded.pk, "retry"])
    answer = as_manager.post(retry, follow=True)
    assert [str(message) for message in answer.context["messages"]][1:] == [
        "This file is “undoing” by now, so this cannot be done any more. Reload the "
        "page to see where it stands."
    ]


def test_only_a_load_has_a_preview(as_manager: Client, ready: Ingestion) -> None:
    answer = as_manager.get(preview(ready), follow=True)
    assert "only a load is undone" in answer.content.decode()


def test_an_undo_without_a_reason_is_refused(
    as_manager: Client, loaded: Ingestion
) -> None:
    waiting = queue.pending()
    answer = as_manager.post(undo(loaded), {"reason": " "}, follow=True)
    assert "Say why the load is undone; the log keeps it." in answer.content.decode()
    assert queue.pending() == waiting


def test_a_clerk_has_no_such_button(as_clerk: Client, loaded: Ingestion) -> None:
    assert preview(loaded) not in as_clerk.get(page(loaded)).content.decode()
    assert as_clerk.get(preview(loaded)).status_code == 403
    answer = as_clerk.post(undo(loaded), {"reason": "Wrong month"}, follow=True)
    assert "Only a manager may undo a load." in answer.content.decode()


def test_a_register_whose_contract_has_undone_premium_is_refused(
    as_manager: Client,
) -> None:
    register = load(
        "UMR,Treaty type,Currency\nN1,QS,GBP\n", slug="treaties"
    )  # fmt: skip
    told = load(
        "UMR,Policy Ref,Transaction type,Effective date,Currency,Gross premium,"
        "Reporting period end\nN1,P1,Original,2026-02-01,GBP,9,2026-04-30\n",
        slug="premiums",
    )
    services.undo(told.pk, user=None, reason="wrong month", enqueue=False)
    undoing.undo(told.pk)
    content = as_manager.get(preview(register)).content.decode()
    assert "It cannot be undone as it stands" in content
    as_manager.post(undo(register), {"reason": "Wrong"})
    undoing.undo(register.pk)
    api = f"/api/v1/ingestions/{register.pk}/undo/"
    answer = as_manager.post(api, {"reason": "Wrong"}, content_type="application/json")
    assert answer.status_code == 202
    undoing.undo(register.pk)
    register.refresh_from_db()
    refused = register.events.filter(message=f"Not undone: {undoing.STILL_USED}")
    assert (register.status, refused.count()) == ("loaded", 2)
    assert Treaty.objects.filter(reference="N1").exists()
    assert PremiumEntry.all_objects.count() == 1
