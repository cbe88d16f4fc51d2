"""What may be asked of an ingestion, by whom, and what becomes of it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from importers import queue
from importers.exceptions import BadMapping, DuplicateFile, NotAllowed, StateProblem
from importers.models import Ingestion, Mapping, Source
from importers.services import ingestions, work
from reinsurance.models import Claim, ClaimPosition, Party, Treaty

pytestmark = pytest.mark.django_db
HEADER = "UMR,Claim Ref,Date of Loss,Currency,Paid\n"
ROW = "T1,A1,2026-03-01,GBP,5\n"


@pytest.fixture(autouse=True)
def treaty() -> Treaty:
    return Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")


@pytest.fixture
def source() -> Source:
    return Source.objects.create(code="sender", name="Sender")


Submit = Callable[..., Ingestion]


@pytest.fixture
def submit(source: Source, clerk: User) -> Submit:
    def hand_in(
        content: str, slug: str = "claims", user: User | None = clerk, **more: object
    ) -> Ingestion:
        ingestion = ingestions.submit(
            blocks=[content.encode()],
            file_name="file.csv",
            record_type=slug,
            source=source,
            door="test",
            user=user,
            enqueue=False,
            **more,  # type: ignore[arg-type]
        )
        work.check(ingestion.pk)
        ingestion.refresh_from_db()
        return ingestion

    return hand_in


def ready(submit: Submit) -> Ingestion:
    return submit(HEADER.replace("Paid", "Paid to date") + ROW)


def status(ingestion: Ingestion) -> str:
    ingestion.refresh_from_db()
    return ingestion.status


def test_a_confirmed_mapping_is_remembered_for_the_sender(
    submit: Submit, clerk: User, source: Source
) -> None:
    first = submit(HEADER + ROW)
    assert status(first) == "needs mapping"
    assert first.message == "Say what “Paid” means."
    columns = {
        "UMR": {"field": "treaty_reference"},
        "Claim Ref": {"field": "claim_reference"},
        "Date of Loss": {"field": "date_of_loss"},
        "Currency": {"field": "currency"},
        "Paid": {"field": "paid_indemnity"},
    }
    ingestions.confirm_mapping(
        first.pk, columns=columns, constants={}, user=clerk, enqueue=False
    )
    work.check(first.pk)
    assert status(first) == "ready"
    assert Mapping.objects.get(source=source).confirmed_by == clerk
    second = submit(HEADER + ROW.replace("A1", "A2"))
    assert status(second) == "ready"
    other = Source.objects.create(code="other", name="Other")
    third = ingestions.submit(
        blocks=[(HEADER + ROW).encode()],
        file_name="file.csv",
        record_type="claims",
        source=other,
        door="test",
        enqueue=False,
    )
    work.check(third.pk)
    assert status(third) == "needs mapping"


def test_a_value_for_all_rows_fills_a_missing_column(
    submit: Submit, clerk: User
) -> None:
    first = submit("UMR,Claim Ref,Date of Loss\nT1,A1,2026-03-01\n")
    assert first.message == "No column was found for “Currency”."
    columns = {
        "UMR": {"field": "treaty_reference"},
        "Claim Ref": {"field": "claim_reference"},
        "Date of Loss": {"field": "date_of_loss"},
    }
    with pytest.raises(BadMapping, match="No column goes to “Currency”"):
        ingestions.confirm_mapping(
            first.pk, columns=columns, constants={}, user=clerk, enqueue=False
        )
    ingestions.confirm_mapping(
        first.pk,
        columns=columns,
        constants={"currency": "GBP"},
        user=clerk,
        enqueue=False,
    )
    work.check(first.pk)
    assert status(first) == "ready"
    ingestions.approve(first.pk, enqueue=False)
    work.load(first.pk)
    position = ClaimPosition.objects.get()
    assert (position.claim.reference, position.currency_id) == ("A1", "GBP")


def test_two_headers_cannot_go_to_one_field(submit: Submit, clerk: User) -> None:
    first = submit(HEADER + ROW)
    columns = {
        "UMR": {"field": "treaty_reference"},
        "Claim Ref": {"field": "treaty_reference"},
    }
    with pytest.raises(BadMapping, match="“UMR” and “Claim Ref” both go to"):
        ingestions.confirm_mapping(
            first.pk, columns=columns, constants={}, user=clerk, enqueue=False
        )
    assert status(first) == "needs mapping"


def test_who_submitted_money_cannot_approve_it(
    submit: Submit, clerk: User, manager: User
) -> None:
    ingestion = ready(submit)
    with pytest.raises(NotAllowed, match="Only a manager may approve this file"):
        ingestions.approve(ingestion.pk, user=clerk)
    own = submit(HEADER.replace("Paid", "Total paid") + ROW, user=manager)
    with pytest.raises(NotAllowed, match="You submitted this file yourself"):
        ingestions.approve(own.pk, user=manager)
    ingestions.approve(ingestion.pk, user=manager)
    assert status(ingestion) == "approved"
    assert ingestion.approved_by == manager
    assert queue.pending() == 1


def test_a_file_without_money_may_be_approved_by_its_clerk(
    submit: Submit, clerk: User
) -> None:
    ingestion = submit("Party code,Party name\nP1,One\n", slug="parties")
    ingestions.approve(ingestion.pk, user=clerk, enqueue=False)
    work.load(ingestion.pk)
    assert status(ingestion) == "loaded"
    assert Party.objects.get().name == "One"


def test_a_rejection_needs_a_reason_and_loads_nothing(
    submit: Submit, clerk: User, manager: User
) -> None:
    ingestion = ready(submit)
    with pytest.raises(NotAllowed):
        ingestions.reject(ingestion.pk, user=clerk, reason="wrong month")
    with pytest.raises(StateProblem, match="Say why"):
        ingestions.reject(ingestion.pk, user=manager, reason="  ")
    ingestions.reject(ingestion.pk, user=manager, reason="wrong month")
    assert status(ingestion) == "rejected"
    assert ingestion.message == "wrong month"
    assert (ingestion.rows_read, ingestion.rows_rejected) == (1, 1)
    with pytest.raises(StateProblem, match="is “rejected” by now"):
        ingestions.approve(ingestion.pk, user=manager)
    work.load(ingestion.pk)
    assert not Claim.objects.exists()


def test_a_cancelled_file_can_be_handed_in_again(submit: Submit, clerk: User) -> None:
    first = ready(submit)
    with pytest.raises(DuplicateFile) as refused:
        ready(submit)
    assert refused.value.ingestion == first.pk
    assert f"already on its way as number {first.pk}" in str(refused.value)
    ingestions.cancel(first.pk, user=clerk)
    assert status(first) == "cancelled"
    assert status(ready(submit)) == "ready"


def test_an_auditor_submits_nothing(source: Source, db: None) -> None:
    stranger = User.objects.create_user("stranger", is_staff=True)
    with pytest.raises(NotAllowed):
        ingestions.submit(
            blocks=[b"x"],
            file_name="a.csv",
            record_type="claims",
            source=source,
            door="test",
            user=stranger,
        )
    assert not Ingestion.objects.exists()


def test_the_check_is_queued_with_the_file(source: Source, clerk: User) -> None:
    ingestions.submit(
        blocks=[b"x"],
        file_name="a.csv",
        record_type="claims",
        source=source,
        door="test",
        user=clerk,
    )
    assert queue.pending() == 1


def test_a_rejected_file_can_be_read_by_another_mapping(
    submit: Submit, clerk: User
) -> None:
    """Per cent written without the sign: nothing passes until the mapping says so."""
    Party.objects.create(code="ALPHA", name="Alpha Re")
    header = "UMR,Treaty type,Currency,Reinsurer,Signed line\n"
    first = submit(header + "N1,QS,GBP,ALPHA,30\n", slug="treaties")
    assert status(first) == "rejected"
    assert first.issue_counts["by_code"] == {"bad_share": 1}
    columns = {
        "UMR": {"field": "treaty_reference"},
        "Treaty type": {"field": "treaty_type"},
        "Currency": {"field": "currency"},
        "Reinsurer": {"field": "reinsurer"},
        "Signed line": {"field": "signed_line", "percent": True},
    }
    ingestions.confirm_mapping(
        first.pk, columns=columns, constants={}, user=clerk, enqueue=False
    )
    work.check(first.pk)
    assert status(first) == "ready"
    assert first.rows_created == 1
    assert first.message == ""
    assert not first.issues.exists()
