"""A user who is limited to certain cedants, whatever door they come in by."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from importers.exceptions import (
    BadMapping,
    ImporterError,
    LoadConflict,
    NotAllowed,
    UnknownSource,
)
from importers.models import Delivery, Feed, Ingestion
from importers.services import (
    deliveries,
    ingestions,
    limits,
    schedules,
    syncs,
    trials,
    webhooks,
    work,
)
from reinsurance.models import CedantLimit, Claim, Party, Treaty
from reinsurance.visibility import cedants_of
from tests.flows.two_cedants import (
    FOREIGN,
    HEADER,
    MINE,
    Books,
    books_of,
    file_of,
    limited,
    row,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(db: None) -> Books:
    return books_of(MINE)


@pytest.fixture
def foreign(db: None) -> Books:
    return books_of(FOREIGN)


@pytest.fixture
def some_clerk(clerk: User, mine: Books) -> User:
    """A clerk who sees one cedant."""
    return limited(clerk, mine)


@pytest.fixture
def some_manager(manager: User, mine: Books) -> User:
    """A manager who sees one cedant."""
    return limited(manager, mine)


def after_check(record: Ingestion) -> Ingestion:
    work.check(record.pk)
    record.refresh_from_db()
    return record


# --------------------------------------------------------------------------- handing in
@pytest.mark.parametrize(
    "kind",
    ["parties", "treaties", "treaty-scope", "exchange-rates", "loss-events"],
)
def test_only_bordereaux(kind: str, some_clerk: User, mine: Books) -> None:
    before = Ingestion.objects.count()
    with pytest.raises(NotAllowed, match=r"You may hand in premiums and claims only\."):
        file_of(mine.source, "a\n1\n", user=some_clerk, record_type=kind)
    assert Ingestion.objects.count() == before


def test_only_of_their_own_senders(
    some_clerk: User, mine: Books, foreign: Books
) -> None:
    direct = ingestions.source_of(None)
    for source in (foreign.source, direct):
        with pytest.raises(NotAllowed, match="files of your own senders only"):
            file_of(source, "a\n1\n", user=some_clerk)
    assert file_of(mine.source, "a\n1\n", user=some_clerk).status == "received"


def test_other_senders_are_not_named(
    some_clerk: User, mine: Books, foreign: Books
) -> None:
    assert ingestions.source_of("mine", user=some_clerk) == mine.source
    with pytest.raises(UnknownSource) as refused:
        ingestions.source_of("foreign", user=some_clerk)
    assert refused.value.message == "There is no source “foreign”. Known: mine."
    assert ingestions.source_of("foreign") == foreign.source


def test_no_mapping_of_others(some_clerk: User, mine: Books, foreign: Books) -> None:
    more = {"record_type": "premiums", "user": some_clerk}
    with pytest.raises(NotAllowed, match="There is no mapping number"):
        file_of(mine.source, "a\n1\n", mapping=foreign.mapping, **more)
    assert file_of(mine.source, "a\n1\n", mapping=mine.mapping, **more).pk


# ------------------------------------------------------------------------ every service
def test_what_they_do_not_see_is_not_there(
    some_manager: User, mine: Books, foreign: Books
) -> None:
    user = some_manager
    loaded, asked, feed, sync = (
        foreign.loaded.pk, foreign.asked.pk, foreign.feed.pk, foreign.sync.pk,
    )  # fmt: skip
    asks: list[tuple[str, Callable[[], object]]] = [
        ("ingestion", lambda: ingestions.approve(asked, user=user)),
        ("ingestion", lambda: ingestions.reject(asked, user=user, reason="x")),
        ("ingestion", lambda: ingestions.cancel(asked, user=user)),
        ("ingestion", lambda: ingestions.retry(asked, user=user)),
        ("ingestion", lambda: ingestions.undo(loaded, user=user, reason="x")),
        (
            "ingestion",
            lambda: ingestions.confirm_mapping(
                asked, columns={}, constants={}, user=user
            ),
        ),
        ("feed", lambda: syncs.request(feed, door="test", user=user)),
        ("feed", lambda: syncs.pause(feed, user=user, reason="x")),
        ("feed", lambda: syncs.resume(feed, user=user)),
        ("sync", lambda: syncs.cancel(sync, user=user)),
        ("feed", lambda: trials.try_feed(feed, user=user)),
        ("feed", lambda: schedules.set_times(feed, user=user, minutes=5)),
        ("feed", lambda: schedules.clear_times(feed, user=user)),
        ("feed", lambda: schedules.run_now(times.schedule, user=user)),
        ("webhook", lambda: webhooks.renew_secret(foreign.webhook.pk, user=user)),
        ("webhook", lambda: webhooks.switch_on(foreign.webhook.pk, user=user)),
        (
            "webhook",
            lambda: webhooks.switch_off(foreign.webhook.pk, user=user, reason="x"),
        ),
        ("webhook", lambda: deliveries.test(foreign.webhook.pk, user=user)),
        ("delivery", lambda: deliveries.send_again(foreign.delivery.pk, user=user)),
    ]
    times = schedules.times_of(feed)
    assert times is not None
    before = list(Ingestion.objects.order_by("pk").values())
    for what, ask in asks:
        with pytest.raises(NotAllowed, match=f"^There is no {what} number [0-9]+.$"):
            ask()
    assert list(Ingestion.objects.order_by("pk").values()) == before
    assert schedules.times_of(feed) == times
    assert Feed.objects.get(pk=feed).paused_at is None


def test_what_they_see_they_may_do(some_manager: User, mine: Books) -> None:
    ingestions.reject(mine.asked.pk, user=some_manager, reason="Wrong file.")
    syncs.pause(mine.feed.pk, user=some_manager, reason="Wait.")
    syncs.resume(mine.feed.pk, user=some_manager)
    schedules.set_times(mine.feed.pk, user=some_manager, minutes=5)
    ingestions.undo(mine.loaded.pk, user=some_manager, reason="Wrong.", enqueue=False)
    mine.asked.refresh_from_db()
    assert mine.asked.status == "rejected"


def test_feeds_of_what_they_may_not_hand_in(some_manager: User, mine: Books) -> None:
    Feed.objects.filter(pk=mine.feed.pk).update(record_type="exchange-rates")
    with pytest.raises(NotAllowed, match="premiums and claims only"):
        syncs.request(mine.feed.pk, door="test", user=some_manager)


# --------------------------------------------------------------------------- the rows
def test_rows_about_others_are_as_rows_about_nothing(
    some_clerk: User, mine: Books, foreign: Books
) -> None:
    record = after_check(
        file_of(
            mine.source,
            HEADER
            + row("Mine-T", "C-7")
            + row("Foreign-T", "Foreign-C")
            + row("Nowhere-T", "C-9"),
            user=some_clerk,
        )
    )
    assert record.status == "ready"
    assert (record.rows_created, record.rows_rejected) == (1, 2)
    advice = "Correct the reference, load the treaty register, or pick the contract."
    assert list(record.issues.order_by("row").values_list("code", "message")) == [
        ("unknown_treaty", f"No contract “Foreign-T” is in the books. {advice}"),
        ("unknown_treaty", f"No contract “Nowhere-T” is in the books. {advice}"),
    ]
    ingestions.approve(record.pk)
    work.load(record.pk)
    record.refresh_from_db()
    assert (record.status, record.rows_created) == ("loaded", 1)
    assert Claim.objects.filter(treaty=foreign.treaty).count() == 1


def test_who_sees_all_hands_in_all(clerk: User, mine: Books, foreign: Books) -> None:
    text = HEADER + row("Mine-T", "C-7") + row("Foreign-T", "C-8")
    record = after_check(file_of(mine.source, text, user=clerk))
    assert (record.rows_created, record.rows_rejected) == (2, 0)
    record = after_check(file_of(mine.source, text + row("Mine-T", "C-9")))
    assert (record.rows_created, record.rows_rejected) == (3, 0)


def test_no_value_for_all_rows_names_a_treaty_of_others(
    some_clerk: User, mine: Books, foreign: Books
) -> None:
    columns = {"UMR": {"field": ""}, "Paid": {"field": ""}}
    for reference in ("Foreign-T", "Nowhere-T"):
        with pytest.raises(BadMapping) as refused:
            ingestions.confirm_mapping(
                mine.asked.pk,
                columns=columns,
                constants={"treaty_reference": reference},
                user=some_clerk,
            )
        assert refused.value.message.startswith(f"No contract “{reference}” is in the")


def test_the_limit_holds_when_the_file_is_loaded(
    some_clerk: User, mine: Books, foreign: Books
) -> None:
    """A treaty passes to another cedant between the check and the load."""
    text = HEADER + row("Mine-T", "C-7")
    record = after_check(file_of(mine.source, text, user=some_clerk))
    ingestions.approve(record.pk)
    Treaty.objects.filter(pk=mine.treaty.pk).update(cedant=foreign.party)
    with pytest.raises(LoadConflict):
        work.load(record.pk)
    record.refresh_from_db()
    assert (record.status, record.message) == ("failed", limits.BEYOND)
    assert record.approved_at is None
    assert not Claim.all_objects.filter(reference="C-7").exists()
    ingestions.retry(record.pk, user=None, enqueue=False)
    assert after_check(record).status == "rejected"


def test_two_cedants_are_two(some_clerk: User, mine: Books, foreign: Books) -> None:
    CedantLimit.objects.create(user=some_clerk, cedant=foreign.party)
    user = User.objects.get(pk=some_clerk.pk)
    assert cedants_of(user) == {mine.party.pk, foreign.party.pk}
    text = HEADER + row("Mine-T", "C-7") + row("Foreign-T", "C-8")
    record = after_check(file_of(foreign.source, text, user=user))
    assert (record.rows_created, record.rows_rejected) == (2, 0)


def test_a_file_goes_with_its_sender(
    some_clerk: User, mine: Books, foreign: Books
) -> None:
    """The sender passes to another cedant, and the file of before with it."""
    record = file_of(mine.source, "a\n1\n", user=some_clerk)
    mine.source.party = foreign.party
    mine.source.save()
    with pytest.raises(NotAllowed, match="There is no ingestion"):
        ingestions.cancel(record.pk, user=some_clerk)
    with pytest.raises(ImporterError):
        file_of(mine.source, "a\n2\n", user=some_clerk)


def test_messages_of_their_webhook_are_theirs(
    some_manager: User, mine: Books, foreign: Books
) -> None:
    webhooks.switch_off(mine.webhook.pk, user=some_manager, reason="So.")
    webhooks.switch_on(mine.webhook.pk, user=some_manager)
    deliveries.send_again(mine.delivery.pk, user=some_manager)
    assert Delivery.objects.get(pk=mine.delivery.pk).status == "waiting"


def test_a_party_that_nobody_is_limited_to(some_clerk: User, mine: Books) -> None:
    """No cedant at all on the treaty: nobody's but of those who see all."""
    Treaty.objects.create(
        reference="Loose-T", treaty_type="QS", currency_id="GBP",
        inception="2026-01-01", expiry="2026-12-31",
    )  # fmt: skip
    text = HEADER + row("Loose-T", "C-7")
    record = after_check(file_of(mine.source, text, user=some_clerk))
    assert record.status == "rejected"
    assert Party.objects.count() == 1
