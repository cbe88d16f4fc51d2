"""Who is limited to certain cedants finds nothing of the others on any page."""

import warnings
from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import reverse
from django_q.models import Failure, OrmQ, Schedule

from backoffice.audit.entries import AuditEntry
from backoffice.backups.models import Backup, Drill
from backoffice.roles import OPERATOR
from importers.models import Event, Issue, Webhook
from reinsurance.models import Claim, ClaimStatement, Layer, Load, Party, Treaty
from reinsurance.visibility import seen_by
from tests.flows.two_cedants import FOREIGN, MINE, Books, books_of, limited

pytestmark = pytest.mark.django_db

OURS = ("reinsurance", "importers")
EVERYBODYS = ("auth", "authtoken")


@pytest.fixture
def mine(db: None) -> Books:
    return books_of(MINE)


@pytest.fixture
def foreign(db: None) -> Books:
    return books_of(FOREIGN)


@pytest.fixture
def browser(mine: Books, foreign: Books) -> Client:
    """Somebody who may do everything, with the records of one cedant."""
    user = User.objects.create_superuser("root", password="root-password")
    found = Client()
    found.force_login(limited(user, mine))
    return found


def pages() -> list[type[models.Model]]:
    """The models that have pages, without those of the machine."""
    closed = (OrmQ, Failure, Backup, Drill, AuditEntry)
    return [model for model in admin.site._registry if model not in closed]


def at(model: type[models.Model], page: str, *args: object) -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def read(browser: Client, url: str) -> str:
    """What a page says, wherever it leads, without what the user typed."""
    answer = browser.get(url, follow=True)
    assert answer.status_code in {200, 404, 405}, url
    if getattr(answer, "streaming", False):
        return b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    return answer.content.decode()


def test_every_model_says_whose_its_records_are() -> None:
    for app in OURS:
        for model in apps.get_app_config(app).get_models():
            assert isinstance(getattr(model, "cedant_paths", None), tuple), model
            seen_by(model._default_manager.all(), User(pk=0)).exists()


def test_the_lists(browser: Client) -> None:
    """With their filters and search."""
    for model in pages():
        content = read(browser, at(model, "changelist"))
        assert FOREIGN not in content, model
        assert FOREIGN.lower() + "-" not in content, model
        if getattr(model, "cedant_paths", ()):
            assert MINE in content, model
            assert f"{FOREIGN}-" not in read(browser, at(model, "changelist") + "?q=x")


def test_the_pages_of_every_record(browser: Client) -> None:
    user = User.objects.get(username="root")
    for model in pages():
        if model._meta.app_label in EVERYBODYS:
            continue
        rows = model._default_manager.order_by("pk")
        seen = set(rows.values_list("pk", flat=True))
        if hasattr(model, "cedant_paths"):
            seen = set(seen_by(rows, user).values_list("pk", flat=True))
        if model is Schedule:
            seen = {Schedule.objects.get(name="Sync mine-feed").pk}
        others = set()
        if getattr(model, "cedant_paths", ()) or model is Schedule:
            others = set(rows.values_list("pk", flat=True)) - seen
            assert others, model
            assert seen, model
        for key in sorted(seen, key=str)[:4]:
            content = read(browser, at(model, "change", key))
            assert FOREIGN not in content, (model, key)
            assert "doesn’t exist" not in content
            read(browser, at(model, "history", key))
        for key in others:
            for page in ("change", "history", "delete"):
                answer = browser.get(at(model, page, key), follow=True)
                assert FOREIGN not in answer.content.decode(), (model, key, page)
                assert answer.status_code != 200 or answer.redirect_chain, (model, page)


def test_the_forms_to_add_one(browser: Client) -> None:
    for model in pages():
        answer = browser.get(at(model, "add"))
        assert answer.status_code in {200, 403}
        assert FOREIGN not in answer.content.decode(), model


def test_exports(browser: Client) -> None:
    for model in pages():
        if not hasattr(admin.site._registry[model], "get_export_queryset"):
            continue
        url = at(model, "export")
        everything = model._default_manager.values_list("pk", flat=True)
        for more in ({}, {"export_items": list(everything)}):
            data = {"format": "0", "resource": "0", **more}
            with warnings.catch_warnings():
                # import-export's own call of a method that it takes out of use
                warnings.simplefilter("ignore", DeprecationWarning)
                answer = browser.post(url, data)
            assert answer.headers["Content-Type"] == "text/csv", model
            assert FOREIGN not in answer.content.decode(), model


def test_what_forms_complete(browser: Client) -> None:
    for model, field, term in (
        (Claim, "treaty", ""),
        (Claim, "treaty", FOREIGN),
        (Treaty, "cedant", ""),
        (Treaty, "cedant", FOREIGN),
        (Layer, "treaty", f"{FOREIGN}-T"),
    ):
        answer = browser.get(
            reverse("admin:autocomplete"),
            {
                "term": term,
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field,
            },
        )
        found = [result["text"] for result in answer.json()["results"]]
        assert not [text for text in found if FOREIGN in text]
        assert bool(found) == (term == "")


def test_our_own_pages_answer_as_if_it_were_not_there(
    browser: Client, mine: Books, foreign: Books
) -> None:
    for books, is_there in ((mine, True), (foreign, False)):
        key = books.loaded.pk
        for name, args in (
            ("importers_ingestion_status", [key]),
            ("importers_ingestion_original", [key]),
            ("importers_ingestion_columns", [books.asked.pk]),
            ("importers_feed_test", [books.feed.pk]),
            ("importers_sync_status", [books.sync.pk]),
        ):
            answer = browser.get(reverse(f"admin:{name}", args=args))
            assert answer.status_code == (200 if is_there else 404), name
            if getattr(answer, "streaming", False):
                assert b"Mine-T" in b"".join(answer.streaming_content)  # type: ignore[arg-type]
        for name, args in (
            ("importers_ingestion_rejected_rows", [key]),
            ("importers_sync_payload", [books.sync.pk]),
            ("importers_sync_discarded", [books.sync.pk]),
        ):
            assert browser.get(reverse(f"admin:{name}", args=args)).status_code == 404


def test_our_own_buttons(browser: Client, mine: Books, foreign: Books) -> None:
    for name, args in (
        ("importers_ingestion_move", [foreign.asked.pk, "cancel"]),
        ("importers_feed_move", [foreign.feed.pk, "pause"]),
        ("importers_sync_move", [foreign.sync.pk, "cancel"]),
        ("importers_webhook_move", [foreign.webhook.pk, "off"]),
        ("importers_delivery_again", [foreign.delivery.pk]),
    ):
        answer = browser.post(reverse(f"admin:{name}", args=args), {"reason": "x"})
        assert answer.status_code == 404, name
    for record in (foreign.asked, foreign.sync):
        before = record.status
        record.refresh_from_db()
        assert record.status == before
    assert Webhook.objects.get(pk=foreign.webhook.pk).is_active
    schedule = Schedule.objects.get(name="Sync foreign-feed")
    url = reverse("admin:django_q_schedule_run", args=[schedule.pk])
    said = browser.post(url, follow=True).content.decode()
    assert "This schedule is gone." in said
    moved = Schedule.objects.get(pk=schedule.pk)
    assert moved.next_run == schedule.next_run


@pytest.mark.parametrize("tab", ["summary", "issues", "changes", "file", "history"])
def test_the_tabs_of_a_file(
    tab: str, browser: Client, mine: Books, foreign: Books
) -> None:
    content = read(
        browser, at(type(mine.loaded), "change", mine.loaded.pk) + f"?tab={tab}"
    )
    assert MINE in content
    assert FOREIGN not in content


def test_the_home_page(browser: Client) -> None:
    content = read(browser, reverse("admin:index"))
    assert "Mine sender" in content
    assert FOREIGN not in content
    assert "1 sync failed this week" in content


def test_the_upload_form(browser: Client, mine: Books, foreign: Books) -> None:
    page = browser.get(reverse("admin:importers_ingestion_upload"))
    form = page.context["form"]
    assert [slug for slug, _ in form.fields["record_type"].choices] == [
        "", "premiums", "claims",
    ]  # fmt: skip
    assert list(form.fields["source"].queryset) == [mine.source]
    assert foreign.mapping not in form.fields["mapping"].queryset
    assert mine.mapping in form.fields["mapping"].queryset
    assert form.fields["source"].required
    assert FOREIGN not in page.content.decode()


def load_of(books: Books) -> Load:
    """The load of their file."""
    return Load.objects.get(number=books.loaded.pk)


def test_lineage_names_no_file_of_others(
    browser: Client, mine: Books, foreign: Books
) -> None:
    """A claim of ours that a file of another sender changed."""
    claim = mine.claim
    ClaimStatement.objects.create(
        position=claim.positions.get(), load=load_of(foreign), row=7,
        values={"insured_name": FOREIGN},
    )  # fmt: skip
    content = read(browser, at(Claim, "change", claim.pk))
    assert FOREIGN not in content
    assert f"No. {mine.loaded.pk}" in content or f"/{mine.loaded.pk}/" in content


def test_names_of_others_are_not_told_by_our_own_file(
    browser: Client, mine: Books, foreign: Books
) -> None:
    ClaimStatement.objects.create(
        position=foreign.claim.positions.get(), load=load_of(mine), row=7
    )
    url = at(type(mine.loaded), "change", mine.loaded.pk) + "?tab=changes"
    content = read(browser, url)
    assert FOREIGN not in content
    assert "no longer in the books" in content


def test_a_broker_stays_when_the_treaty_is_saved(browser: Client, mine: Books) -> None:
    """The broker is none of the user's cedants, but their treaty's."""
    broker = Party.objects.create(code="BROKER", name="Broker Ltd")
    Treaty.objects.filter(pk=mine.treaty.pk).update(broker=broker)
    form = browser.get(at(Treaty, "change", mine.treaty.pk)).context["adminform"].form
    assert set(form.fields["broker"].queryset) == {broker, mine.party}
    assert set(form.fields["cedant"].queryset) == {mine.party}
    assert "Broker Ltd" in str(form["broker"])


def test_the_queue_is_not_for_them(mine: Books, user_with: Callable[..., User]) -> None:
    operator = user_with(OPERATOR)
    everybody, some = Client(), Client()
    everybody.force_login(operator)
    assert everybody.get(at(OrmQ, "changelist")).status_code == 200
    some.force_login(limited(operator, mine))
    for model in (OrmQ, Failure):
        assert some.get(at(model, "changelist")).status_code == 403


def test_a_webhook_of_theirs_hears_of_one_sender(
    browser: Client, mine: Books, foreign: Books
) -> None:
    form = browser.get(at(Webhook, "add")).context["adminform"].form
    assert form.fields["source"].required
    data = {"name": "New", "url": "https://new.example"}
    for source in ("", foreign.source.pk):
        answer = browser.post(at(Webhook, "add"), {**data, "source": source})
        assert list(answer.context["adminform"].form.errors) == ["source"]
    answer = browser.post(at(Webhook, "add"), {**data, "source": mine.source.pk})
    assert answer.status_code == 302


def test_everybody_else_sees_all(mine: Books, foreign: Books, manager: User) -> None:
    for model in (Claim, ClaimStatement, Issue, Event):
        rows = model._default_manager.all()
        assert seen_by(rows, manager).count() == rows.count()
    browser = Client()
    browser.force_login(manager)
    content = browser.get(at(Claim, "changelist")).content.decode()
    assert MINE in content
    assert FOREIGN in content
