"""Senders on their pages: who may say of which contracts they speak."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from importers.models import Source
from reinsurance.models import CedantLimit

SOURCES = "/admin/importers/source/"


@pytest.fixture
def limited(manager: User, andes: Source) -> User:
    """The manager, limited to the cedant of the sender Andes."""
    CedantLimit.objects.create(user=manager, cedant=andes.party)
    return manager


def fields(source: Source, **changes: Any) -> dict[str, Any]:
    """What a browser posts from the page of a sender."""
    names = [f.name for f in Source._meta.concrete_fields if f.editable]
    values = {name: getattr(source, name) for name in names}
    values |= {"party": source.party_id, **changes}
    return {n: v for n, v in values.items() if v not in (None, False)}


def test_who_is_limited_lets_no_sender_speak_of_more(
    limited: User, as_manager: Client, andes: Source
) -> None:
    answer = as_manager.post(
        f"{SOURCES}{andes.pk}/change/",
        fields(andes, name="Andes Re", is_house="on", party=""),
    )
    assert answer.context["adminform"].form.errors == {
        "party": ["This field is required."]
    }
    as_manager.post(
        f"{SOURCES}{andes.pk}/change/", fields(andes, name="Andes Re", is_house="on")
    )
    andes.refresh_from_db()
    assert (andes.name, andes.is_house) == ("Andes Re", False)


@pytest.mark.parametrize("source", [{"is_house": True}, {}])
def test_who_is_limited_changes_no_sender_of_all_contracts(
    limited: User, as_manager: Client, source: dict[str, Any]
) -> None:
    house = Source.objects.create(code="ours", name="Ours", **source)
    answer = as_manager.post(f"{SOURCES}{house.pk}/change/", fields(house, name="Mine"))
    assert answer.status_code in {302, 403, 404}
    house.refresh_from_db()
    assert house.name == "Ours"


def test_a_manager_without_limits_does(as_manager: Client, andes: Source) -> None:
    as_manager.post(f"{SOURCES}{andes.pk}/change/", fields(andes, is_house="on"))
    andes.refresh_from_db()
    assert andes.is_house
