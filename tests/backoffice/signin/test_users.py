"""People in the admin: invited, limited, helped; only superusers change anything."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core import mail
from django.test import Client as Browser

from backoffice.models import Invitation
from backoffice.signin import second_factor
from reinsurance.models import CedantLimit, Party
from tests.backoffice.signin.conftest import deliver

pytestmark = pytest.mark.django_db

ADD = "/admin/auth/user/add/"
LIST = "/admin/auth/user/"
NO_LIMITS = {
    "cedant_limits-TOTAL_FORMS": "0",
    "cedant_limits-INITIAL_FORMS": "0",
}
NEW = {
    "username": "anna",
    "first_name": "Anna",
    "last_name": "Berg",
    "email": "anna@example.com",
    "is_staff": "on",
    "how": "invite",
    **NO_LIMITS,
}


def test_an_invited_person_gets_a_mail_and_is_off_until_answered(
    as_admin: Browser,
) -> None:
    andes = Party.objects.create(code="ANDES", name="Andes")
    clerks = Group.objects.get(name="Clerk")
    page = as_admin.get(ADD).content.decode()
    assert "May see only the records of" in page
    answer = as_admin.post(
        ADD,
        {
            **NEW,
            "groups": [clerks.pk],
            "cedant_limits-TOTAL_FORMS": "1",
            "cedant_limits-0-cedant": andes.pk,
        },
    )
    assert answer.status_code == 302
    anna = User.objects.get(username="anna")
    assert (anna.is_active, anna.is_staff, anna.is_superuser) == (False, True, False)
    assert not anna.has_usable_password()
    assert list(anna.groups.all()) == [clerks]
    assert CedantLimit.objects.get(user=anna).cedant == andes
    assert Invitation.objects.get().invited_by.username == "root"
    deliver()
    [sent] = mail.outbox
    assert sent.to == ["anna@example.com"]
    assert "Hello Anna," in sent.body
    found = re.search(r"http://testserver(/account/activate/\S+)", str(sent.body))
    assert found
    browser = Browser()
    form = browser.get(found[1])["Location"]
    password = "quite-a-long-one"
    browser.post(form, {"new_password1": password, "new_password2": password})
    signed_in = browser.post(
        "/admin/login/", {"username": "anna", "password": password}
    )
    assert signed_in.status_code == 302


def test_a_superuser_chooses_a_password(as_admin: Browser) -> None:
    as_admin.post(ADD, {**NEW, "how": "password", "password": "quite-a-long-one"})
    anna = User.objects.get(username="anna")
    assert anna.is_active
    assert anna.check_password("quite-a-long-one")
    deliver()
    assert mail.outbox == []
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": ""}, "An invitation needs an e-mail address."),
        ({"email": "ROOT@example.com"}, "Somebody else has this address."),
        ({"how": "password", "password": "short"}, "at least 12 characters"),
        ({"how": "password", "password": ""}, "too short"),
    ],
)
def test_what_is_not_good_is_refused(
    as_admin: Browser, change: dict[str, str], said: str
) -> None:
    User.objects.filter(username="root").update(email="root@example.com")
    page = as_admin.post(ADD, {**NEW, **change})
    assert page.status_code == 200
    assert said in page.content.decode()
    assert User.objects.count() == 1


def test_a_service_account_has_no_password(as_admin: Browser) -> None:
    as_admin.post(ADD, {**NEW, "how": "none", "is_staff": "", "email": ""})
    anna = User.objects.get(username="anna")
    assert (anna.is_active, anna.has_usable_password()) == (True, False)


def test_operators_look_and_change_nothing(as_operator: Browser, clerk: User) -> None:
    page = as_operator.get(LIST).content.decode()
    assert "clerk" in page
    assert as_operator.get(f"{LIST}{clerk.pk}/change/").status_code == 200
    assert as_operator.get(ADD).status_code == 403
    answer = as_operator.post(f"{LIST}{clerk.pk}/change/", {**NEW, "is_active": "on"})
    assert answer.status_code == 403
    for action in ("send_link", "invite", "take_away_factor", "forget_company"):
        as_operator.post(LIST, {"action": action, "_selected_action": [clerk.pk]})
    deliver()
    assert mail.outbox == []
    assert as_operator.get(f"{LIST}{clerk.pk}/password/").status_code == 403


def test_a_superuser_sends_links_and_takes_away_a_second_factor(
    as_admin: Browser, clerk: User, with_app: Any
) -> None:
    second_factor.confirm(clerk, with_app(clerk))
    as_admin.post(LIST, {"action": "send_link", "_selected_action": [clerk.pk]})
    deliver()
    assert mail.outbox == []
    User.objects.filter(pk=clerk.pk).update(email="clerk@example.com")
    as_admin.post(LIST, {"action": "send_link", "_selected_action": [clerk.pk]})
    deliver()
    assert [sent.to for sent in mail.outbox] == [["clerk@example.com"]]
    chosen = {"action": "take_away_factor", "_selected_action": [clerk.pk]}
    as_admin.post(LIST, chosen)
    assert second_factor.device_of(clerk) is None


def test_who_is_switched_off_is_invited_no_more(as_admin: Browser, clerk: User) -> None:
    Invitation.objects.create(user=clerk)
    data = {**NEW, "username": "clerk", "is_active": ""}
    answer = as_admin.post(f"{LIST}{clerk.pk}/change/", data)
    assert answer.status_code == 302
    clerk.refresh_from_db()
    assert not clerk.is_active
    assert not Invitation.objects.exists()


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    as_admin: Browser, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        user = User.objects.create_user(f"user-{number}")
        user.groups.add(*Group.objects.all())
    with django_assert_max_num_queries(12):
        as_admin.get(LIST)
