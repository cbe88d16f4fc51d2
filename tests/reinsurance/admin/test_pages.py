"""Every page of the admin opens, for who may open it."""

from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from reinsurance.admin.values import MINOR_UNITS, money
from reinsurance.models import (
    CedantLimit,
    Claim,
    ClaimChange,
    ClaimPosition,
    ClaimStatement,
    Currency,
    Deletion,
    Layer,
    LineageRange,
    Load,
    LoadPeriod,
    Party,
    PremiumEntry,
    Stamp,
    Treaty,
)

# Parts of a user's and a claim's page; the machine's own.
WITHOUT_PAGES = {
    CedantLimit, ClaimChange, ClaimStatement, Deletion, LineageRange, Load, LoadPeriod,
    Stamp,
}  # fmt: skip
MODELS = [
    model
    for model in apps.get_app_config("reinsurance").get_models()
    if model not in WITHOUT_PAGES
]
NOT_ADDED = {"claimposition", "edit", "premiumentry"}
NOT_CHANGED = {"claimposition", "edit"}


def name_of(model: type[models.Model]) -> str:
    return str(model._meta.model_name)


def at(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:reinsurance_{model._meta.model_name}_{page}", args=args)


def test_every_model_has_its_pages() -> None:
    assert [m for m in MODELS if not admin.site.is_registered(m)] == []


def empty_of_money(book: Claim) -> None:
    """Take the contract's claims and premium: its terms then need no second person."""
    ClaimStatement.objects.all().delete()
    ClaimPosition.objects.all().delete()
    Claim.objects.all().delete()
    PremiumEntry.objects.all().delete()


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_pages_of_a_superuser(
    as_admin: Client, book: Claim, model: type[models.Model]
) -> None:
    record = model._default_manager.first()
    assert record is not None
    assert as_admin.get(at(model, "changelist")).status_code == 200
    page = as_admin.get(at(model, "change", record.pk))
    assert page.status_code == 200
    assert b">None<" not in page.content
    added = as_admin.get(at(model, "add")).status_code
    assert added == (403 if name_of(model) in NOT_ADDED else 200)


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_clerks_read_and_change_nothing(
    as_clerk: Client, book: Claim, model: type[models.Model]
) -> None:
    record = model._default_manager.first()
    assert as_clerk.get(at(model, "changelist")).status_code == 200
    assert as_clerk.get(at(model, "change", record.pk)).status_code == 200
    refused = 405 if name_of(model) in NOT_CHANGED else 403
    assert as_clerk.post(at(model, "change", record.pk), {}).status_code == refused
    assert as_clerk.get(at(model, "add")).status_code == 403


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_lists_are_searched(
    as_clerk: Client, book: Claim, model: type[models.Model]
) -> None:
    for words in ("x", "B0001", '"two words"', "a b", "%", "\\", "'"):
        page = as_clerk.get(at(model, "changelist"), {"q": words})
        assert page.status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_lists_take_as_many_queries_for_many_as_for_few(
    as_clerk: Client,
    book: Claim,
    model: type[models.Model],
    django_assert_max_num_queries,
) -> None:
    # In a test's transaction nothing is kept; one is the entry of the audit log, one
    # the totals of all claims of the page.
    with django_assert_max_num_queries(12):
        as_clerk.get(at(model, "changelist"))


def test_claims_are_found_by_prefix_and_by_treaty(
    as_clerk: Client, book: Claim
) -> None:
    def found(words: str) -> int:
        page = as_clerk.get(at(Claim, "changelist"), {"q": words})
        return len(page.context["cl"].result_list)

    assert [found(words) for words in ("C-001", "b0001", "B0001", "B0001 C-0")] == [
        1,
        0,
        1,
        1,
    ]
    assert [found(words) for words in ("00123", "B0002", "B0001 X")] == [0, 0, 0]


def test_claims_are_filtered_by_year(as_clerk: Client, book: Claim) -> None:
    def found(year: str) -> int:
        page = as_clerk.get(at(Claim, "changelist"), {"date_of_loss_year": year})
        return len(page.context["cl"].result_list)

    assert (found("2026"), found("2025"), found("0"), found("99999")) == (1, 0, 0, 0)


def test_money_is_written_with_separators(as_clerk: Client, book: Claim) -> None:
    page = as_clerk.get("/admin/reinsurance/premiumentry/")
    assert b'<span class="amount">1,234,567.80</span>' in page.content


def test_amounts_have_the_digits_of_their_currency(db: None) -> None:
    assert money(Decimal("1234.5000"), "KWD") == "1,234.500"
    assert money(Decimal("90000.0000"), "JPY") == "90,000.00"
    assert money(Decimal("-0.1234")) == "-0.1234"
    assert money(None, "KWD") == ""
    more = Currency.objects.filter(minor_units__gt=2).values_list("pk", "minor_units")
    assert dict(more) == MINOR_UNITS


# ----------------------------------------------------------------------- the records
def test_a_claim_shows_positions_movements_and_statements(
    as_clerk: Client, book: Claim
) -> None:
    page = as_clerk.get(at(Claim, "change", book.pk))
    positions, _, movements, statements, details = page.context["panels"]
    ((position, fees),) = positions.context["positions"]
    assert (position.paid_indemnity, position.incurred, fees) == (1500, 1750, [])
    assert [t.incurred for t in positions.context["totals"]] == [1750]
    lines = movements.context["lines"]
    assert [line.incurred for line in lines] == [1500, 1750]
    assert [line.changes for line in lines] == [
        [1000, 0, 500, 0, 0],
        [500, 0, -250, 0, 0],
    ]
    assert [t.statement.load.number for t in statements.context["told"]] == [902, 901]
    assert [t.amounts for t in statements.context["told"]] == [
        [("Paid, indemnity to date", 1500), ("Reserve, indemnity", 250)],
        [("Paid, indemnity to date", 1000), ("Reserve, indemnity", 500)],
    ]
    assert details.context["details"] == [("Claimant Name", "J Doe")]
    text = page.content.decode()
    assert "+1,000.00" in text
    assert "-250.00" in text
    assert "1,750.00" in text
    assert 'href="/admin/importers/ingestion/902/change/"' in text
    assert "<th>Claimant Name</th><td>J Doe</td>" in text


def test_a_claim_is_shown_as_at_a_day_and_as_known_on_one(
    as_clerk: Client, book: Claim
) -> None:
    Load.objects.filter(number=901).update(loaded_at="2026-06-05T10:00:00Z")
    Load.objects.filter(number=902).update(loaded_at="2026-07-05T10:00:00Z")

    def shown(**query: str) -> list[tuple[Any, ...]]:
        page = as_clerk.get(at(Claim, "change", book.pk), query)
        assert page.status_code == 200
        panel = page.context["panels"][1]
        found = panel.context["standings"]
        return [(s.number, s.amounts["paid_indemnity"]) for _, s, *_ in found]

    assert shown() == []
    assert shown(as_at="2026-05-31") == [(901, 1000)]
    assert shown(as_at="2026-04-30") == []
    assert shown(known_on="2026-07-04") == [(901, 1000)]
    assert shown(known_on="2026-07-05") == [(902, 1500)]
    assert shown(as_at="nonsense") == []


def test_fee_kinds_are_shown_where_there_are_any(as_clerk: Client, book: Claim) -> None:
    ClaimPosition.objects.update(paid_tpa=Decimal("12.5"))
    text = as_clerk.get(at(Claim, "change", book.pk)).content.decode()
    assert '<th class="num">TPA fees: paid</th>' in text
    assert '<td class="num">12.50</td>' in text


def test_a_claim_without_money_says_so(as_clerk: Client, book: Claim) -> None:
    ClaimStatement.objects.all().delete()
    ClaimPosition.objects.all().delete()
    text = as_clerk.get(at(Claim, "change", book.pk)).content.decode()
    assert "No position yet" in text
    assert "No movement yet" in text


def test_the_list_has_a_claims_totals_by_currency(
    as_clerk: Client, book: Claim
) -> None:
    ClaimPosition.objects.create(
        claim=book, currency_id="JPY", reserve_fees=Decimal("90000")
    )
    text = as_clerk.get(at(Claim, "changelist")).content.decode()
    assert "JPY 90,000.00<br>USD 1,750.00" in text
    assert "JPY 0.00<br>USD 1,500.00" in text


def test_money_of_a_claim_is_not_changed_by_hand(
    as_manager: Client, book: Claim
) -> None:
    data = {
        "status": "OPEN",
        "insured_name": "Bolt",
        "date_of_loss": "15/02/2026",
        "paid_indemnity": "9999",
        "incurred": "9999",
        "reference": "OTHER",
        "loss_event": book.loss_event_id,
    }
    answer = as_manager.post(at(Claim, "change", book.pk), data)
    assert answer.status_code == 302
    book.refresh_from_db()
    assert (book.insured_name, book.reference) == ("Bolt", "C-00123")
    position = ClaimPosition.objects.get(claim=book)
    assert (position.paid_indemnity, position.incurred) == (1500, 1750)
    assert book.details == {"Claimant Name": "J Doe"}


def test_the_ledger_is_not_written_by_hand(as_admin: Client, book: Claim) -> None:
    position = ClaimPosition.objects.get(claim=book)
    base = f"/admin/reinsurance/claimposition/{position.pk}"
    assert as_admin.post(f"{base}/change/", {}).status_code == 405
    assert as_admin.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert (
        as_admin.post(
            f"/admin/reinsurance/claim/{book.pk}/delete/", {"post": "yes"}
        ).status_code
        == 403
    )
    assert ClaimStatement.objects.filter(position=position).count() == 2


def test_claims_are_found_by_a_further_detail(as_clerk: Client, book: Claim) -> None:
    def found(words: str) -> int:
        page = as_clerk.get(at(Claim, "changelist"), {"q": words})
        return len(page.context["cl"].result_list)

    assert found('"Claimant Name=J Doe"') == 1
    assert found('"Claimant Name=J Do"') == 0
    assert found('C-00 "Claimant Name=J Doe"') == 1
    assert found("=J") == 0


def test_a_treaty_shows_layers_and_who_carries_them(
    as_clerk: Client, book: Claim
) -> None:
    page = as_clerk.get(at(Treaty, "change", book.treaty_id))
    market = page.context["panels"][0].context["layers"]
    assert [(e["layer"].number, len(e["lines"]), e["total"]) for e in market] == [
        (1, 1, book.treaty.layers.get().participations.get().signed_line)
    ]
    assert b"17.5%" in page.content
    assert b"Alpha Re" in page.content


def test_managers_edit_layers_on_the_treaty_and_lines_on_the_layer(
    as_manager: Client, book: Claim
) -> None:
    empty_of_money(book)
    layer = book.treaty.layers.get()
    line = layer.participations.get()
    shown = as_manager.get(at(Layer, "change", layer.pk)).content.decode()
    assert 'value="0.175"' in shown
    data = {
        "inuring_priority": 1,
        "ceded_share": "0.5",
        "placed_share": "1",
        "participations-TOTAL_FORMS": 1,
        "participations-INITIAL_FORMS": 1,
        "participations-0-id": line.pk,
        "participations-0-layer": layer.pk,
        "participations-0-reinsurer": line.reinsurer_id,
        "participations-0-signed_line": "0.2",
        "reason": "Slip signed",
    }
    answer = as_manager.post(at(Layer, "change", layer.pk), data)
    assert answer.status_code == 302
    line.refresh_from_db()
    layer.refresh_from_db()
    assert (str(line.signed_line), str(layer.ceded_share)) == (
        "0.20000000",
        "0.50000000",
    )


def test_a_constraint_is_told_at_the_form(as_manager: Client, book: Claim) -> None:
    data = {"reference": "B0002", "treaty_type": "QS", "basis": "LO", "currency": "USD"}
    data |= {"inception": "01/01/2026", "expiry": "31/12/2025"}
    data |= {"layers-TOTAL_FORMS": "0", "layers-INITIAL_FORMS": "0"}
    page = as_manager.post(at(Treaty, "add"), data)
    assert page.status_code == 200
    assert page.context["adminform"].form.non_field_errors() == [
        "A treaty expires on or after its inception."
    ]


def test_large_tables_are_chosen_by_typing(as_manager: Client, book: Claim) -> None:
    answer = as_manager.get(
        "/admin/autocomplete/",
        {
            "app_label": "reinsurance",
            "model_name": "treaty",
            "field_name": "cedant",
            "term": "and",
        },
    )
    party = Party.objects.get(code="ANDES")
    assert answer.json()["results"] == [
        {"id": str(party.pk), "text": "ANDES Andes Mutual"}
    ]


# -------------------------------------------------------------------------- lineage
def test_a_record_made_by_hand_says_so(as_clerk: Client, book: Claim) -> None:
    page = as_clerk.get(at(Treaty, "change", book.treaty_id))
    assert b"it was entered by hand" in page.content


def test_lineage_leads_to_file_and_row(as_clerk: Client, book: Claim) -> None:
    importers = apps.get_app_config("importers")
    source = importers.get_model("source").objects.create(code="andes", name="Andes")
    ingestion = importers.get_model("ingestion").objects.create(
        status="loaded",
        record_type="claims",
        source=source,
        door="test",
        file_name="june.csv",
        file_size=1,
        sha256="0" * 64,
        original="x",
    )
    importers.get_model("rowchange").objects.create(
        ingestion=ingestion,
        row=7,
        model="claim",
        object_id=book.pk,
        action="updated",
        before={"date_of_loss": "2026-02-14", "loss_event_id": None},
        after={"date_of_loss": "2026-02-15", "loss_event_id": str(book.loss_event_id)},
    )
    text = as_clerk.get(at(Claim, "change", book.pk)).content.decode()
    assert f'href="/admin/importers/ingestion/{ingestion.pk}/change/"' in text
    assert "june.csv" in text
    assert "<del>14 Feb 2026</del> → <ins>15 Feb 2026</ins>" in text
    assert "<del>nothing</del> → <ins>STORM1 Storm Ada</ins>" in text
