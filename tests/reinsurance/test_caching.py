"""What is remembered is true: every way of changing a topic makes a new stamp."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from importers.models import Ingestion, Source
from reinsurance.caching import Topic, remembered, stamp_of
from reinsurance.models import Currency, LineOfBusiness, Party, Stamp
from reinsurance.resources.claims import ClaimResource

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")


def names() -> list[str]:
    """Codes of the currencies, as remembered."""
    return remembered(
        Topic.REFERENCE,
        "names",
        lambda: list(Currency.objects.values_list("name", flat=True)[:3]),
    )


def elsewhere(ask: Callable[[], T]) -> T:
    """The answer of a thread with a connection of its own."""

    def asked() -> T:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_answer_is_made_once(
    store: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        before = names()
    with django_assert_num_queries(1):
        assert names() == before == ["UAE Dirham", "Afghani", "Lek"]


def test_none_is_an_answer(store: str) -> None:
    asked = []
    for _ in range(2):
        assert remembered(Topic.HOME, "none", lambda: asked.append(1)) is None
    assert asked == [1]


def test_answers_are_copies(store: str) -> None:
    names().append("Doubloon")
    assert "Doubloon" not in names()


def test_topics_and_keys_do_not_meet(store: str) -> None:
    for topic in Topic:
        for key in ("a", "b c", "é\n" * 200):
            assert remembered(topic, key, lambda t=topic, k=key: (t, k)) == (topic, key)
    for topic in Topic:
        for key in ("a", "b c", "é\n" * 200):
            assert remembered(topic, key, lambda: None) == (topic, key)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Currency.objects.filter(pk="AED").update(name="Dirham"),
        lambda: Currency.objects.create(code="AAA", name="A", numeric_code="1"),
        lambda: Currency.objects.bulk_create(
            [Currency(code="AAA", name="A", numeric_code="1")]
        ),
        lambda: Currency.objects.filter(pk="AED").delete(),
        lambda: sql("UPDATE reinsurance_currency SET name = 'D' WHERE code = 'AED'"),
        lambda: sql("DELETE FROM reinsurance_currency WHERE code = 'AED'"),
        lambda: sql("TRUNCATE reinsurance_currency CASCADE"),
        lambda: call_command("flush", interactive=False, verbosity=0),
    ],
    ids=[
        "update",
        "create",
        "bulk",
        "delete",
        "sql-update",
        "sql-delete",
        "truncate",
        "flush",
    ],  # fmt: skip
)
def test_every_way_of_changing_is_noticed(
    store: str, change: Callable[[], Any]
) -> None:
    names()
    change()
    assert names() == list(Currency.objects.values_list("name", flat=True)[:3])
    assert elsewhere(names) == names()


def test_what_is_rolled_back_leaves_no_trace(
    store: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    before, stamp = names(), stamp_of(Topic.REFERENCE)
    with transaction.atomic():
        Currency.objects.filter(pk="AED").update(name="Rolled back")
        assert names()[0] == "Rolled back"
        transaction.set_rollback(True)
    with django_assert_num_queries(1):
        assert names() == before
    assert stamp_of(Topic.REFERENCE) == stamp


def test_what_is_not_committed_is_not_told_to_others(store: str) -> None:
    before = names()
    with transaction.atomic():
        Currency.objects.filter(pk="AED").update(name="Not yet")
        assert names()[0] == "Not yet"
        assert elsewhere(names) == before
        Currency.objects.filter(pk="AED").update(name="Committed")
        assert names()[0] == "Committed"
        assert elsewhere(names) == before
    assert elsewhere(names) == names() == ["Committed", *before[1:]]


def test_an_answer_that_was_overtaken_is_not_kept_as_the_newest(store: str) -> None:
    def slow() -> str:
        name = Currency.objects.get(pk="AED").name
        elsewhere(lambda: Currency.objects.filter(pk="AED").update(name="Newer"))
        return name

    def quick() -> str:
        return Currency.objects.get(pk="AED").name

    assert remembered(Topic.REFERENCE, "one", slow) == "UAE Dirham"
    assert remembered(Topic.REFERENCE, "one", quick) == "Newer"


def test_writers_at_the_same_time_neither_wait_nor_hide_each_other(store: str) -> None:
    own_first = threading.Barrier(2, timeout=10)

    def write(code: str) -> None:
        with transaction.atomic():
            Currency.objects.create(code=code, name=code, numeric_code="1")
            own_first.wait()  # both have stamped, neither has committed
            LineOfBusiness.objects.create(code=code, name=code)

    seen = {stamp_of(Topic.REFERENCE)}
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(elsewhere, lambda: write("AAA"))
        write("AAB")
        other.result()
    seen.add(stamp_of(Topic.REFERENCE))
    assert len(seen) == 2
    assert names() == ["AAA", "AAB", "UAE Dirham"]


def test_no_stamp_comes_back_whatever_the_order_of_commits(store: str) -> None:
    """Three writers and a reader: no stamp is seen again after another one."""
    done = threading.Event()

    def write(code: str) -> None:
        for _ in range(60):
            with transaction.atomic():
                Currency.objects.filter(pk=code).update(numeric_code="1")
                Currency.objects.filter(pk=code).update(numeric_code="2")

    def read() -> list[str | None]:
        seen = []
        while not done.is_set():
            if (stamp := stamp_of(Topic.REFERENCE)) not in seen[-1:]:
                seen.append(stamp)
        return seen

    with ThreadPoolExecutor(4) as pool:
        reading = pool.submit(elsewhere, read)
        writing = [
            pool.submit(elsewhere, lambda code=code: write(code))
            for code in ("AED", "AFN", "ALL")
        ]
        for one in writing:
            one.result()
        done.set()
        seen = reading.result()
    assert len(seen) == len(set(seen)) > 3
    Currency.objects.filter(pk="AED").update(numeric_code="3")
    assert 16 <= Stamp.objects.filter(topic=Topic.REFERENCE).count() <= 20


def test_a_writer_with_one_snapshot_does_not_fail_over_old_stamps(store: str) -> None:
    for number in range(20):
        Currency.objects.filter(pk="AED").update(numeric_code=number)
    with transaction.atomic():
        sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        before = stamp_of(Topic.REFERENCE)
        elsewhere(lambda: Currency.objects.filter(pk="AFN").update(name="A"))
        LineOfBusiness.objects.create(code="X", name="X")
    assert stamp_of(Topic.REFERENCE) != before


def test_a_topic_without_a_stamp_is_not_remembered(store: str) -> None:
    Stamp.objects.all().delete()
    names()
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE reinsurance_currency DISABLE TRIGGER stamp_reference"
        )
        cursor.execute("UPDATE reinsurance_currency SET name = 'D' WHERE code = 'AED'")
        cursor.execute(
            "ALTER TABLE reinsurance_currency ENABLE TRIGGER stamp_reference"
        )
    assert names()[0] == "D"


def test_what_does_not_matter_leaves_the_stamp_alone(store: str, clerk: User) -> None:
    party = Party.objects.create(code="ANDES", name="Andes")
    source = Source.objects.create(code="andes", name="Andes", party=party)
    file = Ingestion.objects.create(
        record_type="claims", source=source, door="test", file_name="a", file_size=1
    )
    before = {topic: stamp_of(topic) for topic in Topic}
    own = Ingestion.objects.filter(pk=file.pk)
    own.update(heartbeat_at=timezone.now())
    own.update(lease="worker", attempts=F("attempts") + 1)
    User.objects.filter(pk=clerk.pk).update(last_login=timezone.now())
    Party.objects.update(name="Andes Mutual")
    assert {topic: stamp_of(topic) for topic in Topic} == before
    own.update(status="checking")
    assert stamp_of(Topic.HOME) != before[Topic.HOME]
    assert stamp_of(Topic.ACCESS) == before[Topic.ACCESS]


def test_access_is_stamped_by_all_that_gives_it(store: str, clerk: User) -> None:
    seen = [stamp_of(Topic.ACCESS)]

    def noticed() -> bool:
        seen.append(stamp_of(Topic.ACCESS))
        return seen[-1] != seen[-2]

    group = Group.objects.get(name="Manager")
    permission = group.permissions.earliest("pk")
    party = Party.objects.create(code="ANDES", name="Andes")
    assert not noticed()
    for change in (
        lambda: clerk.groups.add(group),
        lambda: group.permissions.remove(permission),
        lambda: clerk.user_permissions.add(permission),
        lambda: clerk.cedant_limits.create(cedant=party),
        lambda: clerk.cedant_limits.all().delete(),
        lambda: User.objects.filter(pk=clerk.pk).update(is_active=False),
        lambda: sql("DELETE FROM auth_user_groups"),
    ):
        change()
        assert noticed()


def test_the_words_of_a_code_table_are_asked_once(
    store: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    widget = ClaimResource().fields["currency"].widget
    assert widget.parse_many(["usd", "US Dollar"]) == {"usd": "USD", "US Dollar": "USD"}
    with django_assert_num_queries(1):
        widget.parse_many(["usd", "gbp"])
    Currency.objects.create(code="XAX", name="Doubloon", numeric_code="1")
    assert widget.parse_many(["doubloon"]) == {"doubloon": "XAX"}
