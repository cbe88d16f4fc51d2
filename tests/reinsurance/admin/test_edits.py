"""Changes by hand: what is kept of them, and what waits for a second person."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.roles import MANAGER
from reinsurance.admin.editing import NO_REASON, NOT_WITH_IT, WAITS
from reinsurance.ledger.descriptions import FIELDS
from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimPosition,
    ClaimStatement,
    Deletion,
    Edit,
    ExchangeRate,
    Layer,
    Load,
    LossEvent,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
)
from tests.reinsurance.admin.conftest import browser_of


@pytest.fixture
def second(book: Claim) -> Client:
    """Another manager's browser."""
    user = User.objects.create_user("second", is_staff=True)
    user.groups.add(Group.objects.get(name=MANAGER.name))
    return browser_of(user)


@pytest.fixture
def without_money(book: Claim) -> Treaty:
    """A contract with no claim and no premium on it."""
    treaty = book.treaty
    for model in (ClaimStatement, ClaimPosition, Claim, PremiumEntry):
        model.objects.all().delete()
    return treaty


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def treaty_form(treaty: Treaty, **changes: Any) -> dict[str, Any]:
    """The treaty's form as it is filled in, with changes."""
    layers = list(treaty.layers.order_by("number"))
    data: dict[str, Any] = {
        "name": treaty.name,
        "cedant": treaty.cedant_id,
        "treaty_type": treaty.treaty_type,
        "basis": treaty.basis,
        "inception": "01/01/2026",
        "expiry": "31/12/2026",
        "currency": treaty.currency_id,
        "layers-TOTAL_FORMS": len(layers),
        "layers-INITIAL_FORMS": len(layers),
        "reason": "Endorsement 2",
    }
    for number, layer in enumerate(layers):
        data |= {
            f"layers-{number}-id": layer.pk,
            f"layers-{number}-treaty": treaty.pk,
            f"layers-{number}-number": layer.number,
            f"layers-{number}-ceded_share": str(layer.ceded_share),
            f"layers-{number}-occurrence_limit": str(layer.occurrence_limit),
            f"layers-{number}-placed_share": str(layer.placed_share),
        }
    return data | changes


def change(treaty: Treaty) -> str:
    return reverse("admin:reinsurance_treaty_change", args=[treaty.pk])


def move(edit: Edit, name: str) -> str:
    return reverse("admin:reinsurance_edit_move", args=[edit.pk, name])


# ------------------------------------------------------------------- what is kept
def test_a_change_of_a_party_is_kept_with_who_made_it(
    as_manager: Client, manager: User, book: Claim
) -> None:
    party = Party.objects.get(code="ALPHA")
    data = {"name": "Alpha Re SE", "country": "DE"}
    url = reverse("admin:reinsurance_party_change", args=[party.pk])
    assert as_manager.post(url, data).status_code == 302
    edit = Edit.objects.get(model="party")
    assert (edit.object_id, edit.action, edit.status) == (
        party.pk,
        "changed",
        "applied",
    )
    assert (edit.before, edit.after) == ({"name": "Alpha Re"}, {"name": "Alpha Re SE"})
    assert (edit.user, edit.confirmed_by, edit.reason) == (manager, None, "")
    assert edit.reference == "ALPHA Alpha Re"


def test_nothing_is_kept_where_nothing_changed(as_manager: Client, book: Claim) -> None:
    event = LossEvent.objects.get()
    before = event.updated_at
    data = {"name": event.name, "date_from": "14/02/2026"}
    url = reverse("admin:reinsurance_lossevent_change", args=[event.pk])
    assert as_manager.post(url, data).status_code == 302
    assert not Edit.objects.filter(model="lossevent").exists()
    event.refresh_from_db()
    assert event.updated_at == before


def test_what_was_added_is_kept(as_manager: Client, book: Claim) -> None:
    data = {"code": "NEW", "name": "New Re"}
    assert (
        as_manager.post(reverse("admin:reinsurance_party_add"), data).status_code == 302
    )
    edit = Edit.objects.get(model="party")
    assert edit.object_id == Party.objects.get(code="NEW").pk
    assert (edit.action, edit.before, edit.after) == ("added", {}, data)


def test_a_change_of_a_claim_is_its_cedants(as_manager: Client, book: Claim) -> None:
    data = {"status": "OPEN", "insured_name": "Bolt", "date_of_loss": "16/02/2026"}
    url = reverse("admin:reinsurance_claim_change", args=[book.pk])
    data["loss_event"] = str(book.loss_event_id)
    assert as_manager.post(url, data).status_code == 302
    edit = Edit.objects.filter(model="claim").latest("pk")
    assert edit.cedant == book.treaty.cedant
    assert edit.treaty is None
    assert edit.after == {"insured_name": "Bolt", "date_of_loss": "2026-02-16"}


def test_statements_still_tell_what_they_told_before_a_change_by_hand(
    as_manager: Client, book: Claim
) -> None:
    insured, lost = (1 << FIELDS.index(n) for n in ("insured_name", "date_of_loss"))
    may, june = ClaimStatement.objects.order_by("pk")
    ClaimStatement.objects.filter(pk=may.pk).update(told=insured)
    ClaimStatement.objects.filter(pk=june.pk).update(
        told=insured + lost, values={"insured_name": "Nut"}
    )
    data = {"status": "OPEN", "insured_name": "Bolt", "date_of_loss": "16/02/2026"}
    url = reverse("admin:reinsurance_claim_change", args=[book.pk])
    assert as_manager.post(url, data).status_code == 302
    may.refresh_from_db()
    june.refresh_from_db()
    assert may.values == {"insured_name": "=HYPERLINK(1)"}
    assert june.values == {"insured_name": "Nut", "date_of_loss": "2026-02-15"}


@pytest.mark.parametrize(
    "name", ["treaty", "layer", "participation", "treatyscope", "premiumentry"]
)
def test_terms_and_money_are_changed_for_a_reason_only(
    as_manager: Client, book: Claim, name: str
) -> None:
    model = Edit._meta.apps.get_model("reinsurance", name)
    record = model.objects.first()
    url = reverse(f"admin:reinsurance_{name}_change", args=[record.pk])
    assert 'name="reason"' in as_manager.get(url).content.decode()
    page = as_manager.post(url, {})
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["reason"] == [
        "This field is required."
    ]


def test_the_reason_of_a_premiums_change_is_kept(
    as_manager: Client, book: Claim
) -> None:
    entry = PremiumEntry.objects.get()
    url = reverse("admin:reinsurance_premiumentry_change", args=[entry.pk])
    data = {"insured_name": "Bolt", "gross_premium": "1", "reason": "Name misspelt"}
    assert as_manager.post(url, data).status_code == 302
    edit = Edit.objects.get(model="premiumentry")
    assert (edit.after, edit.reason) == ({"insured_name": "Bolt"}, "Name misspelt")
    entry.refresh_from_db()
    assert entry.gross_premium == Decimal("1234567.8")


# ----------------------------------------------------- contracts without money on them
def test_terms_of_a_contract_without_money_change_at_once(
    as_manager: Client, without_money: Treaty
) -> None:
    data = treaty_form(without_money, name="Renamed")
    data["layers-0-ceded_share"] = "0.5"
    answer = as_manager.post(change(without_money), data)
    assert answer.status_code == 302, answer.context["errors"]
    kept = Edit.objects.filter(status="applied").exclude(model="claim")
    assert [(e.model, e.before, e.after, e.reason) for e in kept.order_by("pk")] == [
        ("treaty", {"name": "Andes quota share"}, {"name": "Renamed"}, "Endorsement 2"),
        (
            "layer",
            {"ceded_share": "0.40000000"},
            {"ceded_share": "0.50000000"},
            "Endorsement 2",
        ),
    ]
    assert Layer.objects.get().ceded_share == Decimal("0.5")


def test_a_deletion_is_told_of_all_that_goes_with_it(
    as_admin: Client, without_money: Treaty
) -> None:
    without_money.bordereaux.all().delete()
    url = reverse("admin:reinsurance_treaty_delete", args=[without_money.pk])
    keys = [without_money.pk, Layer.objects.get().pk, Participation.objects.get().pk]
    assert as_admin.post(url, {"post": "yes", "reason": "Twice"}).status_code == 302
    gone = {d.model: d for d in Deletion.objects.all()}
    assert set(gone) == {"treaty", "layer", "participation", "treatyscope"}
    assert [gone[n].object_id for n in ("treaty", "layer", "participation")] == keys
    assert {d.cedant for d in gone.values()} == {without_money.cedant}
    edit = Edit.objects.get(model="treaty")
    assert (edit.action, edit.reason, edit.reference) == ("deleted", "Twice", "B0001")
    assert edit.before["name"] == "Andes quota share"


def test_many_are_not_deleted_at_once(as_admin: Client, book: Claim) -> None:
    url = reverse("admin:reinsurance_party_changelist")
    page = as_admin.get(url)
    assert b"delete_selected" not in page.content


# -------------------------------------------------------- contracts with money on them
def test_terms_of_a_contract_with_money_wait_for_a_second_person(
    as_manager: Client, manager: User, second: Client, book: Claim
) -> None:
    treaty = book.treaty
    answer = as_manager.post(change(treaty), treaty_form(treaty, cash_loss_limit="500"))
    assert answer.status_code == 302
    assert said(answer) == [WAITS]
    treaty.refresh_from_db()
    assert treaty.cash_loss_limit is None
    (edit,) = Edit.objects.filter(status="proposed")
    assert (edit.before, edit.after) == (
        {"cash_loss_limit": None},
        {"cash_loss_limit": "500.0000"},
    )
    own = as_manager.get(change(treaty)).content.decode()
    assert "You proposed this; another person decides." in own
    assert move(edit, "apply") not in own
    shown = second.get(change(treaty)).content.decode()
    assert "<del>nothing</del> → <ins>500.00</ins>" in shown
    assert "Endorsement 2" in shown
    assert move(edit, "apply") in shown
    answer = second.post(move(edit, "apply"))
    assert (answer.status_code, answer["Location"]) == (302, change(treaty))
    assert said(answer) == ["Applied: the contract is changed."]
    treaty.refresh_from_db()
    assert treaty.cash_loss_limit == 500
    edit.refresh_from_db()
    assert (edit.status, edit.user, edit.confirmed_by.username) == (
        "applied", manager, "second",
    )  # fmt: skip
    assert edit.decided_at is not None
    assert (
        "Waits for a second person" not in second.get(change(treaty)).content.decode()
    )


def test_nobody_applies_what_they_proposed_themselves(
    as_manager: Client, book: Claim
) -> None:
    treaty = book.treaty
    as_manager.post(change(treaty), treaty_form(treaty, cash_loss_limit="500"))
    (edit,) = Edit.objects.filter(status="proposed")
    answer = as_manager.post(move(edit, "apply"))
    assert said(answer)[-1] == (
        "You proposed this change yourself. Somebody else has to decide it."
    )
    treaty.refresh_from_db()
    edit.refresh_from_db()
    assert (treaty.cash_loss_limit, edit.status) == (None, "proposed")


def test_what_changed_meanwhile_is_not_overwritten(
    as_manager: Client, second: Client, book: Claim
) -> None:
    treaty = book.treaty
    as_manager.post(change(treaty), treaty_form(treaty, name="Proposed"))
    (edit,) = Edit.objects.filter(status="proposed")
    Treaty.objects.update(name="By a file")
    assert said(second.post(move(edit, "apply"))) == [
        "Since the change was proposed, this has become another: name. Refuse the "
        "change, and propose it anew."
    ]
    treaty.refresh_from_db()
    assert treaty.name == "By a file"
    second.post(move(edit, "refuse"))
    edit.refresh_from_db()
    assert (edit.status, edit.confirmed_by.username) == ("refused", "second")
    assert said(second.post(move(edit, "apply")))[-1] == (
        "This change is decided already: refused."
    )


def test_what_the_books_do_not_allow_is_not_applied(
    as_manager: Client, second: Client, book: Claim
) -> None:
    treaty = book.treaty
    as_manager.post(change(treaty), treaty_form(treaty, expiry="01/02/2026"))
    (edit,) = Edit.objects.filter(status="proposed")
    Treaty.objects.update(inception="2026-03-01")
    assert said(second.post(move(edit, "apply"))) == [
        "The change does not fit the books: A treaty expires on or after its inception."
    ]
    edit.refresh_from_db()
    assert edit.status == "proposed"


def test_layers_and_lines_of_such_a_contract_wait_as_well(
    as_manager: Client, second: Client, book: Claim
) -> None:
    treaty = book.treaty
    data = treaty_form(treaty) | {
        "layers-TOTAL_FORMS": 2,
        "layers-0-ceded_share": "0.6",
        "layers-1-number": 2,
        "layers-1-ceded_share": "1",
        "layers-1-placed_share": "1",
        "layers-1-occurrence_attachment": "5000000",
        "layers-1-occurrence_limit": "100",
    }
    answer = as_manager.post(change(treaty), data)
    assert said(answer) == [WAITS]
    assert treaty.layers.count() == 1
    changed, added = Edit.objects.filter(status="proposed").order_by("pk")
    assert (changed.model, changed.after) == ("layer", {"ceded_share": "0.60000000"})
    assert (added.action, added.object_id, added.after["number"]) == (
        "added",
        None,
        "2",
    )
    for edit in (changed, added):
        second.post(move(edit, "apply"))
    first, new = treaty.layers.order_by("number")
    assert (first.ceded_share, new.occurrence_limit) == (Decimal("0.6"), 100)
    added.refresh_from_db()
    assert added.object_id == new.pk


def test_a_deletion_of_such_terms_waits_as_well(
    as_admin: Client, second: Client, book: Claim
) -> None:
    line = Participation.objects.get()
    url = reverse("admin:reinsurance_participation_delete", args=[line.pk])
    assert b'name="reason"' in as_admin.get(url).content
    assert said(as_admin.post(url, {"post": "yes"})) == [NO_REASON]
    assert not Edit.objects.filter(status="proposed").exists()
    answer = as_admin.post(url, {"post": "yes", "reason": "Left the panel"})
    assert said(answer)[-1] == WAITS
    assert Participation.objects.exists()
    assert not Deletion.objects.exists()
    (edit,) = Edit.objects.filter(status="proposed")
    assert (edit.action, edit.reason) == ("deleted", "Left the panel")
    second.post(move(edit, "apply"))
    assert not Participation.objects.exists()
    assert Deletion.objects.get().object_id == line.pk


def test_lines_below_a_layer_that_is_only_proposed_are_left_out(
    as_manager: Client, book: Claim
) -> None:
    data = {
        "treaty": book.treaty_id,
        "number": 7,
        "inuring_priority": 1,
        "ceded_share": 1,
        "placed_share": 1,
        "participations-TOTAL_FORMS": 1,
        "participations-INITIAL_FORMS": 0,
        "participations-0-reinsurer": Party.objects.get(code="ALPHA").pk,
    }
    answer = as_manager.post(reverse("admin:reinsurance_layer_add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    assert said(answer) == [NOT_WITH_IT, WAITS]
    assert Layer.objects.count() == Participation.objects.count() == 1
    (edit,) = Edit.objects.filter(status="proposed")
    assert (edit.model, edit.action, edit.treaty) == ("layer", "added", book.treaty)


def test_who_may_not_change_terms_decides_nothing(
    as_clerk: Client, as_manager: Client, second: Client, book: Claim
) -> None:
    treaty = book.treaty
    as_manager.post(change(treaty), treaty_form(treaty, name="Proposed"))
    (edit,) = Edit.objects.filter(status="proposed")
    assert as_clerk.post(move(edit, "apply")).status_code == 403
    assert move(edit, "apply") not in as_clerk.get(change(treaty)).content.decode()
    assert second.get(move(edit, "apply")).status_code == 405
    assert second.post(move(edit, "nothing")).status_code == 404
    other = Party.objects.create(code="OTHER", name="Other Mutual")
    CedantLimit.objects.create(user=User.objects.get(username="second"), cedant=other)
    assert second.post(move(edit, "apply")).status_code == 404
    edit.refresh_from_db()
    assert edit.status == "proposed"


def test_changes_by_hand_have_a_list_and_a_page(
    as_manager: Client, second: Client, book: Claim
) -> None:
    as_manager.post(change(book.treaty), treaty_form(book.treaty, name="Proposed"))
    (edit,) = Edit.objects.filter(status="proposed")
    url = reverse("admin:reinsurance_edit_changelist")
    page = second.get(url, {"status__exact": "proposed"})
    assert [e.pk for e in page.context["cl"].result_list] == [edit.pk]
    text = second.get(
        reverse("admin:reinsurance_edit_change", args=[edit.pk])
    ).content.decode()
    assert "<del>Andes quota share</del> → <ins>Proposed</ins>" in text
    assert move(edit, "refuse") in text


# ------------------------------------------------------------- what does not hold
def test_an_amount_by_hand_has_the_decimals_of_its_currency(
    as_manager: Client, without_money: Treaty
) -> None:
    Treaty.objects.update(currency="JPY")
    without_money.refresh_from_db()
    layer = without_money.layers.first()
    assert layer is not None
    Layer.objects.filter(pk=layer.pk).update(occurrence_limit=1000)
    form = treaty_form(without_money, **{"layers-0-occurrence_limit": "1000.5"})
    answer = as_manager.post(change(without_money), form)
    assert answer.status_code == 200
    wrong = (
        "The occurrence limit 1000.5 has more decimals than JPY has. Correct the "
        "amount or the currency."
    )
    assert wrong in answer.content.decode()
    form = treaty_form(without_money, premium_income_limit="0.5")
    form["layers-0-occurrence_limit"] = "1000"
    answer = as_manager.post(change(without_money), form)
    assert "The premium income limit 0.5 has more decimals" in answer.content.decode()
    layer.refresh_from_db()
    assert layer.occurrence_limit == 1000


def layer_form(layer: Layer, *lines: str) -> dict[str, Any]:
    """The layer's form with the signed lines of its participations."""
    found = list(layer.participations.order_by("pk"))
    data: dict[str, Any] = {
        "inuring_priority": 1,
        "ceded_share": "0.4",
        "occurrence_limit": "5000000",
        "placed_share": "1",
        "participations-TOTAL_FORMS": len(found),
        "participations-INITIAL_FORMS": len(found),
        "reason": "Endorsement 3",
    }
    for number, (line, signed) in enumerate(zip(found, lines, strict=True)):
        data |= {
            f"participations-{number}-id": line.pk,
            f"participations-{number}-layer": layer.pk,
            f"participations-{number}-reinsurer": line.reinsurer_id,
            f"participations-{number}-signed_line": signed,
        }
        if line.is_lead:
            data[f"participations-{number}-is_lead"] = "on"
    return data


@pytest.fixture
def panel(book: Claim) -> Layer:
    """A layer whose panel signs 60 % and 40 %."""
    layer = Layer.objects.get()
    layer.participations.update(signed_line="0.6")
    beta = Party.objects.create(code="BETA", name="Beta Re")
    Participation.objects.create(layer=layer, reinsurer=beta, signed_line="0.4")
    return layer


def signed(layer: Layer) -> list[Decimal | None]:
    lines = layer.participations.order_by("pk")
    return list(lines.values_list("signed_line", flat=True))


ABOVE_ONE = (
    "The signed lines of layer 1 of “B0001” total 1.3, more than the whole. Correct "
    "the lines."
)
ASKED = "Nothing was saved. Correct it, or tick “It is meant”."


def test_a_panel_above_the_whole_is_saved_only_if_it_is_meant(
    as_manager: Client, panel: Layer, without_money: Treaty
) -> None:
    url = reverse("admin:reinsurance_layer_change", args=[panel.pk])
    assert b"breach_is_meant" not in as_manager.get(url).content
    form = layer_form(panel, "0.6", "0.7")
    answer = as_manager.post(url, form)
    assert answer.status_code == 200
    assert answer.context["errors"] == [[ABOVE_ONE, ASKED]]
    assert b'name="breach_is_meant"' in answer.content
    assert signed(panel) == [Decimal("0.6"), Decimal("0.4")]
    assert not Edit.objects.filter(model="participation").exists()
    assert as_manager.post(url, form | {"breach_is_meant": "on"}).status_code == 302
    assert signed(panel) == [Decimal("0.6"), Decimal("0.7")]
    (edit,) = Edit.objects.filter(model="participation")
    assert (edit.after, edit.reason) == (
        {"signed_line": "0.70000000"},
        "Endorsement 3",
    )


def test_what_was_broken_before_is_not_asked_again(
    as_manager: Client, panel: Layer, without_money: Treaty
) -> None:
    panel.participations.update(signed_line="0.65")
    url = reverse("admin:reinsurance_layer_change", args=[panel.pk])
    form = layer_form(panel, "0.65", "0.65") | {"name": "First"}
    assert as_manager.post(url, form).status_code == 302
    panel.refresh_from_db()
    assert panel.name == "First"


def test_lines_of_a_contract_with_money_are_proposed_only_if_meant(
    as_manager: Client, second: Client, panel: Layer
) -> None:
    url = reverse("admin:reinsurance_layer_change", args=[panel.pk])
    swapped = layer_form(panel, "0.4", "0.6")
    assert as_manager.post(url, swapped).status_code == 302
    assert Edit.objects.filter(status="proposed").count() == 2
    Edit.objects.all().delete()
    form = layer_form(panel, "0.6", "0.7")
    answer = as_manager.post(url, form)
    assert answer.context["errors"] == [[ABOVE_ONE, ASKED]]
    assert not Edit.objects.filter(status="proposed").exists()
    as_manager.post(url, form | {"breach_is_meant": "on"})
    (edit,) = Edit.objects.filter(status="proposed")
    answer = second.post(move(edit, "apply"))
    assert said(answer)[-2:] == ["Applied: the contract is changed.", ABOVE_ONE]


def test_layers_by_hand_do_not_overlap_unless_it_is_meant(
    as_manager: Client, without_money: Treaty
) -> None:
    data = treaty_form(without_money) | {
        "layers-TOTAL_FORMS": 2,
        "layers-1-number": 2,
        "layers-1-ceded_share": "1",
        "layers-1-placed_share": "1",
        "layers-1-occurrence_attachment": "100",
        "layers-1-occurrence_limit": "100",
    }
    answer = as_manager.post(change(without_money), data)
    assert answer.context["errors"] == [
        [
            "Layer 2 of “B0001” begins at 100.00, below the top of a lower layer, "
            "which is 5000000.00. Correct the attachments or limits.",
            ASKED,
        ]
    ]
    assert without_money.layers.count() == 1
    form = data | {"breach_is_meant": "on"}
    assert as_manager.post(change(without_money), form).status_code == 302
    assert without_money.layers.count() == 2


def test_a_period_by_hand_runs_into_another_contract_only_if_it_is_meant(
    as_manager: Client, without_money: Treaty
) -> None:
    Treaty.objects.create(
        reference=without_money.reference,
        cedant=without_money.cedant,
        treaty_type=without_money.treaty_type,
        currency=without_money.currency,
        inception=date(2027, 1, 1),
        expiry=date(2027, 12, 31),
    )
    form = treaty_form(without_money, expiry="31/01/2027")
    answer = as_manager.post(change(without_money), form)
    assert answer.context["errors"] == [
        [
            "Contract “B0001” of 2026-01-01 (ANDES) runs at the same time as “B0001” "
            "of 2027-01-01 (ANDES). Is it the same contract? Then correct the "
            "inception or the reference.",
            ASKED,
        ]
    ]
    meant = form | {"breach_is_meant": "on"}
    assert as_manager.post(change(without_money), meant).status_code == 302
    without_money.refresh_from_db()
    assert without_money.expiry == date(2027, 1, 31)


def test_a_line_is_added_by_hand_above_the_whole_only_if_it_is_meant(
    as_manager: Client, panel: Layer, without_money: Treaty
) -> None:
    party = Party.objects.create(code="GAMMA", name="Gamma Re")
    data = {"layer": panel.pk, "reinsurer": party.pk, "signed_line": "0.3"}
    url = reverse("admin:reinsurance_participation_add")
    answer = as_manager.post(url, data)
    assert answer.context["errors"] == [[ABOVE_ONE, ASKED]]
    assert as_manager.post(url, data | {"breach_is_meant": "on"}).status_code == 302
    assert panel.participations.count() == 3


def test_a_currency_by_hand_has_the_decimals_of_the_amounts(
    as_manager: Client, without_money: Treaty
) -> None:
    Layer.objects.update(deposit_premium="2500.75")
    form = treaty_form(without_money, currency="JPY")
    answer = as_manager.post(change(without_money), form)
    text = answer.content.decode()
    assert "The deposit premium 2500.75 has more decimals than JPY has." in text
    without_money.refresh_from_db()
    assert without_money.currency_id == "USD"


@pytest.mark.parametrize("model", [Claim, PremiumEntry])
def test_hidden_claims_and_premium_are_money_as_well(
    as_manager: Client, book: Claim, model: Any
) -> None:
    treaty = book.treaty
    for kind in (ClaimStatement, ClaimPosition, Claim, PremiumEntry):
        if kind is not model:
            kind.objects.all().delete()
    load = Load.objects.create(number=7, record_type="x", undone_at=timezone.now())
    model.objects.update(load=load)
    assert not Claim.objects.exists()
    assert not PremiumEntry.objects.exists()
    form = treaty_form(treaty, **{"layers-0-ceded_share": "0.11"})
    answer = as_manager.post(change(treaty), form)
    assert said(answer)[-1] == WAITS
    assert Layer.objects.get().ceded_share == Decimal("0.4")
    assert Edit.objects.get(model="layer").status == "proposed"


def test_a_rate_by_hand_is_held_against_the_others(
    book: Claim, as_manager: Client
) -> None:
    add = reverse("admin:reinsurance_exchangerate_add")
    form = {"base": "USD", "quote": "USD", "date": "2026-07-01", "rate": "1.1"}
    refused = as_manager.post(add, form)
    assert "The rate of USD to itself is 1." in refused.content.decode()
    assert ExchangeRate.objects.count() == 1
    assert "It is meant" not in as_manager.get(add).content.decode()
    wrong = {**form, "quote": "EUR", "rate": "92"}
    asked = as_manager.post(add, wrong)
    assert ExchangeRate.objects.count() == 1
    assert asked.context["adminform"].form.non_field_errors() == [
        "USD to EUR 92 on 2026-07-01, and USD to EUR 0.92 on 2026-06-30: they differ "
        "by more than a factor of 1.5. Is one of them the wrong way round, or its "
        "decimal mark? Correct it.",
        "Nothing was saved. Correct it, or tick “It is meant”.",
    ]
    assert "It is meant" in asked.content.decode()
    as_manager.post(add, {**wrong, "breach_is_meant": "on"})
    assert ExchangeRate.objects.count() == 2


def test_a_rate_that_is_changed_by_hand_is_held_against_what_it_was(
    book: Claim, as_manager: Client
) -> None:
    ExchangeRate.objects.all().delete()
    rate = ExchangeRate.objects.create(
        base_id="USD", quote_id="GBP", date="2026-06-30", rate=Decimal("0.8")
    )
    form = {"base": "USD", "quote": "GBP", "date": "2026-06-30", "rate": "80"}
    page = reverse("admin:reinsurance_exchangerate_change", args=[rate.pk])
    asked = as_manager.post(page, form)
    assert asked.context["adminform"].form.non_field_errors() == [
        "USD to GBP 80, and USD to GBP 0.8 before: they differ by more than a factor "
        "of 1.5. Is one of them the wrong way round, or its decimal mark? Correct it.",
        "Nothing was saved. Correct it, or tick “It is meant”.",
    ]
    rate.refresh_from_db()
    assert rate.rate == Decimal("0.8")
    as_manager.post(page, {**form, "rate": "0.81"})
    rate.refresh_from_db()
    assert rate.rate == Decimal("0.81")
    as_manager.post(page, {**form, "breach_is_meant": "on"})
    rate.refresh_from_db()
    assert rate.rate == 80
    as_manager.post(page, form)
    assert Edit.objects.filter(model="exchangerate").count() == 2
