"""A form that was opened before its record became another is not saved."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    Edit,
    Layer,
    LossEvent,
    Party,
    PremiumEntry,
    Treaty,
)
from tests.reinsurance.admin.test_edits import treaty_form

CHANGED = (
    "{} was changed meanwhile, by a file or by somebody else: nothing was saved. The "
    "form shows what stands now; History says who changed what. Look again, and enter "
    "your change anew."
)


@pytest.fixture
def treaty(book: Claim) -> Treaty:
    """A contract with no money on it: its form is saved at once."""
    for model in (ClaimStatement, ClaimPosition, Claim, PremiumEntry):
        model.objects.all().delete()
    return book.treaty


def page(record: Any) -> str:
    name = record._meta.model_name
    return reverse(f"admin:reinsurance_{name}_change", args=[record.pk])


def opened(browser: Client, record: Any) -> str:
    """The digest in the form that a person opens."""
    form = browser.get(page(record)).content.decode()
    (found,) = re.findall('name="as_opened" value="([0-9a-f]{64})"', form)
    return str(found)


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_what_a_register_changed_since_is_not_put_back(
    as_manager: Client, treaty: Treaty
) -> None:
    form = treaty_form(
        treaty, territories="Chile", as_opened=opened(as_manager, treaty)
    )
    Treaty.objects.update(loss_notification_threshold=777)
    answer = as_manager.post(page(treaty), form)
    assert (answer.status_code, answer["Location"]) == (302, page(treaty))
    assert said(answer) == [CHANGED.format("Treaty “B0001”")]
    treaty.refresh_from_db()
    assert (treaty.loss_notification_threshold, treaty.territories) == (777, "")
    assert not Edit.objects.filter(model="treaty").exists()
    form |= {"as_opened": opened(as_manager, treaty)}
    form |= {"loss_notification_threshold": "777"}
    as_manager.post(page(treaty), form)
    treaty.refresh_from_db()
    assert (treaty.loss_notification_threshold, treaty.territories) == (777, "Chile")


def test_neither_is_what_was_changed_of_a_record_below_it(
    as_manager: Client, treaty: Treaty
) -> None:
    form = treaty_form(
        treaty, territories="Chile", as_opened=opened(as_manager, treaty)
    )
    Layer.objects.update(occurrence_limit=6_000_000)
    answer = as_manager.post(page(treaty), form)
    assert said(answer) == [CHANGED.format("Treaty “B0001”")]
    assert Layer.objects.get().occurrence_limit == 6_000_000
    form["as_opened"] = opened(as_manager, treaty)
    Layer.objects.create(treaty=treaty, number=2)
    answer = as_manager.post(page(treaty), form)
    assert said(answer)[-1] == CHANGED.format("Treaty “B0001”")


def test_a_form_that_is_shown_again_is_saved_over_what_it_was_opened_with(
    as_manager: Client, treaty: Treaty
) -> None:
    digest = opened(as_manager, treaty)
    wrong = treaty_form(treaty, territories="Chile", as_opened=digest, reason="")
    answer = as_manager.post(page(treaty), wrong)
    assert answer.status_code == 200
    assert answer.context["as_opened"] == digest
    answer = as_manager.post(page(treaty), {**wrong, "reason": "Endorsement"})
    treaty.refresh_from_db()
    assert treaty.territories == "Chile"


@pytest.mark.parametrize(
    ("model", "changes", "form", "name"),
    [
        (Claim, {"insured_name": "Quay"}, {"status": "OPEN"}, "Claim “C-00123”"),
        (Layer, {"commission": "0.1"}, {}, "Layer “B0001 layer 1”"),
        (LossEvent, {"name": "Ada II"}, {"name": "x"}, "Loss event “STORM1 Ada II”"),
        (Party, {"name": "Andes II"}, {"name": "x"}, "Party “ALPHA Andes II”"),
    ],
)
def test_it_holds_for_every_record(
    as_manager: Client, book: Claim, model: Any, changes: Any, form: Any, name: str
) -> None:
    record = model.objects.first()
    told = {**form, "as_opened": opened(as_manager, record)}
    model.objects.filter(pk=record.pk).update(**changes)
    answer = as_manager.post(page(record), told)
    assert said(answer) == [CHANGED.format(name)]
    record.refresh_from_db()
    ((field, value),) = changes.items()
    assert str(getattr(record, field)).startswith(value)
