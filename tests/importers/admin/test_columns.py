"""The mapping form."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from importers.models import Ingestion, Mapping, Source
from importers.services import work
from tests.importers.admin.conftest import csv_of

HEADER = ["UMR", "Reference", "Date of Loss", "Status", "Paid", "Colour"]
ROW = ["B0001", "N-1", "2026-03-01", "Open", "100", "red"]


@pytest.fixture
def asked(sent: Callable[..., Ingestion]) -> Ingestion:
    """A file with two unclear headers and no currency."""
    return sent(HEADER, ROW, [*ROW[:1], "N-2", *ROW[2:]])


def url_of(ingestion: Ingestion) -> str:
    return reverse("admin:importers_ingestion_columns", args=[ingestion.pk])


ANSWER = {
    "field-0": "treaty_reference",
    "field-1": "claim_reference",
    "field-2": "date_of_loss",
    "field-3": "claim_status",
    "field-4": "paid_indemnity",
    "field-5": "-",
    "constant-currency": "USD",
}


def test_the_form_shows_headers_with_samples(
    as_clerk: Client, asked: Ingestion
) -> None:
    assert asked.status == "needs mapping"
    rows = as_clerk.get(url_of(asked)).context["form"].rows()
    assert [row["header"] for row in rows] == HEADER
    assert rows[1]["samples"] == ["N-1", "N-2"]
    assert rows[0]["samples"] == ["B0001"]


def test_sure_headers_are_chosen_and_unclear_ones_are_not(
    as_clerk: Client, asked: Ingestion
) -> None:
    rows = as_clerk.get(url_of(asked)).context["form"].rows()
    chosen = {row["header"]: row["field"].value() for row in rows}
    assert chosen == {
        "UMR": "treaty_reference",
        "Reference": "",
        "Date of Loss": "date_of_loss",
        "Status": "claim_status",
        "Paid": "",
        "Colour": "-",
    }


def test_what_no_column_brings_is_asked_for(as_clerk: Client, asked: Ingestion) -> None:
    labels = [f.label for f in as_clerk.get(url_of(asked)).context["form"].constants()]
    assert labels == ["Claim reference", "Currency"]


def test_the_answer_is_remembered_and_the_file_checked_by_it(
    as_clerk: Client, clerk, asked: Ingestion, andes: Source
) -> None:
    answer = as_clerk.post(url_of(asked), ANSWER)
    assert answer.status_code == 302
    mapping = Mapping.objects.get(source=andes)
    assert mapping.confirmed_by == clerk
    assert mapping.columns["reference"] == {
        "field": "claim_reference",
        "percent": False,
    }
    assert mapping.columns["colour"] == {"field": "", "percent": False}
    assert mapping.constants == {"currency": "USD"}
    work.check(asked.pk)
    asked.refresh_from_db()
    assert (asked.status, asked.rows_read, asked.rows_created) == ("ready", 2, 2)


def test_the_next_file_of_the_sender_needs_no_question(
    as_clerk: Client, asked: Ingestion, sent: Callable[..., Ingestion]
) -> None:
    as_clerk.post(url_of(asked), ANSWER)
    another = sent(HEADER, [*ROW[:1], "N-3", *ROW[2:]])
    assert another.status == "ready"


def test_what_was_typed_for_all_rows_is_said_of_the_next_file(
    as_clerk: Client,
    as_manager: Client,
    clerk: User,
    asked: Ingestion,
    sent: Callable[..., Ingestion],
) -> None:
    as_clerk.post(url_of(asked), ANSWER)
    another = sent(HEADER, [*ROW[:1], "N-3", *ROW[2:]])
    told = another.issues.get(code="constants_used")
    day = date_format(Mapping.objects.get(source=another.source).confirmed_at, "j F Y")
    assert (told.row, told.severity) == (0, "warning")
    assert told.message == (
        "No column of the file brings Currency “USD”: every row gets it, as it was "
        f"typed by {clerk.username} on {day} (“Confirmed for claims.csv”). Is it right "
        "for this file? If not, say anew what its columns are."
    )
    assert another.effect_parts["warnings"]["constants_used"] == 1
    page = as_manager.get(
        reverse("admin:importers_ingestion_change", args=[another.pk])
    ).content.decode()
    assert "<strong>Currency</strong> is “USD” in every row" in page
    assert "Constants used" in page


def test_what_a_column_brings_is_not_said_to_be_the_same_in_every_row(
    as_clerk: Client,
    as_manager: Client,
    asked: Ingestion,
    sent: Callable[..., Ingestion],
) -> None:
    as_clerk.post(url_of(asked), ANSWER)
    another = sent([*HEADER, "Currency"], [*ROW[:1], "N-3", *ROW[2:], "USD"])
    assert "constants_used" not in another.issue_counts["by_code"]
    page = as_manager.get(
        reverse("admin:importers_ingestion_change", args=[another.pk])
    ).content.decode()
    assert "in every row" not in page


def test_an_unclear_column_needs_an_answer(as_clerk: Client, asked: Ingestion) -> None:
    page = as_clerk.post(url_of(asked), ANSWER | {"field-4": ""})
    assert page.context["form"].errors["field-4"] == [
        "Choose what this column is, or ignore it."
    ]
    asked.refresh_from_db()
    assert asked.status == "needs mapping"


def test_a_mapping_that_does_not_hold_is_told_at_the_form(
    as_clerk: Client, asked: Ingestion, andes: Source
) -> None:
    page = as_clerk.post(url_of(asked), ANSWER | {"field-5": "claim_reference"})
    assert page.context["form"].non_field_errors() == [
        "“Reference” and “Colour” both go to “Claim reference”. "
        "Choose one of them and ignore the other."
    ]
    assert not Mapping.objects.filter(source=andes).exists()


def test_a_field_taken_away_can_be_given_as_a_constant(
    as_clerk: Client, asked: Ingestion
) -> None:
    page = as_clerk.post(url_of(asked), ANSWER | {"field-0": "-"})
    form = page.context["form"]
    assert form.non_field_errors() == [
        "No column goes to “Treaty reference”. Choose one, or give a value for all "
        "rows."
    ]
    assert "Treaty reference" in [field.label for field in form.constants()]


def test_a_field_nobody_knows_is_refused(as_clerk: Client, asked: Ingestion) -> None:
    page = as_clerk.post(url_of(asked), ANSWER | {"field-5": "password"})
    assert "field-5" in page.context["form"].errors


def test_a_ready_file_can_be_mapped_again(as_clerk: Client, ready: Ingestion) -> None:
    rows = as_clerk.get(url_of(ready)).context["form"].rows()
    assert rows[0]["field"].value() == "treaty_reference"


def test_a_loaded_file_cannot(as_clerk: Client, loaded: Ingestion) -> None:
    answer = as_clerk.get(url_of(loaded))
    assert answer.status_code == 302
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert told == ["This file is “loaded”; its columns cannot be mapped now."]


def test_per_cent_is_offered_for_shares(
    as_clerk: Client, sent: Callable[..., Ingestion]
) -> None:
    header = ["UMR", "Type", "Currency", "Layer", "Reinsurer", "Signed line"]
    ingestion = sent(
        header, ["B7", "QS", "USD", "1", "ANDES", "30"], record_type="treaties"
    )
    Ingestion.objects.filter(pk=ingestion.pk).update(status="needs mapping")
    page = as_clerk.get(url_of(ingestion))
    assert b"30 means 30%" in page.content
    names = ("treaty_reference", "treaty_type", "currency", "layer_number", "reinsurer")
    answer = {f"field-{n}": name for n, name in enumerate(names)}
    as_clerk.post(
        url_of(ingestion),
        answer | {"field-5": "signed_line", "percent-5": "on", "percent-0": "on"},
    )
    columns = Mapping.objects.get(record_type="treaties", source__isnull=False).columns
    assert columns["signed line"] == {"field": "signed_line", "percent": True}
    assert columns["umr"] == {"field": "treaty_reference", "percent": False}


def test_cells_are_shown_as_text(
    as_clerk: Client, sent: Callable[..., Ingestion]
) -> None:
    content = csv_of(HEADER, ["B0001", "<b>x</b>", *ROW[2:]])
    ingestion = sent(blocks=[content])
    page = as_clerk.get(url_of(ingestion))
    assert b"<b>x</b>" not in page.content
    assert b"&lt;b&gt;x&lt;/b&gt;" in page.content
