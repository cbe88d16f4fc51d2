"""What a person wrote into a claim stays when a file after it is undone."""

import datetime

import pytest
from django.contrib.auth.models import User

from importers import record_types
from importers.models import Ingestion
from importers.pipeline.undo import undo
from reinsurance.models import Claim, ClaimStatement, Edit, Treaty
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
JUNE, JULY, AUGUST = (
    datetime.date(2026, month, day) for month, day in ((6, 30), (7, 31), (8, 31))
)


@pytest.fixture(autouse=True)
def june(db: None) -> Ingestion:
    Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")
    return tell(JUNE, Insured="Quay", Paid_to_date="100")


def tell(period: datetime.date, **cells: str) -> Ingestion:
    told = {name.replace("_", " "): text for name, text in cells.items()}
    header = ("UMR", "Claim Ref", "Date of Loss", "Currency", *told)
    row = ["T1", "C1", "2026-05-01", "GBP", *told.values()]
    _, _, ingestion = run(Table(header, [row]), CLAIMS, period_end=period)
    return ingestion


def write(**after: str) -> None:
    """As the claim's page does: the value, what statements told, and the edit."""
    claim = Claim.objects.get()
    before = {name: getattr(claim, name) for name in after}
    ClaimStatement.objects.filter(values=None).update(values=before)
    Claim.objects.update(**after)
    Edit.objects.create(
        model="claim",
        object_id=claim.pk,
        action="changed",
        before=before,
        after=after,
        user=User.objects.create(username="ann"),
        reason="The policy says so.",
    )


def backdate(ingestion: Ingestion, days: int) -> None:
    """The file was loaded so many days ago; a transaction has one time for all."""
    load = ClaimStatement.objects.filter(load__number=ingestion.pk).first()
    assert load is not None
    load.load.loaded_at -= datetime.timedelta(days=days)
    load.load.save()


def test_a_value_by_hand_outlives_the_undo_of_a_later_file(june: Ingestion) -> None:
    backdate(june, 1)
    write(insured_name="Quay Stores Ltd")
    Edit.objects.update(at=Edit.objects.get().at - datetime.timedelta(hours=1))
    july = tell(JULY, Paid_to_date="120")
    assert Claim.objects.get().insured_name == "Quay Stores Ltd"
    undo(CLAIMS, ingestion=july.pk)
    assert Claim.objects.get().insured_name == "Quay Stores Ltd"


def test_what_a_file_tells_after_it_counts_and_comes_back(june: Ingestion) -> None:
    backdate(june, 1)
    write(insured_name="Quay Stores Ltd")
    Edit.objects.update(at=Edit.objects.get().at - datetime.timedelta(hours=1))
    july = tell(JULY, Insured="Quay Group", Paid_to_date="120")
    august = tell(AUGUST, Paid_to_date="130")
    undo(CLAIMS, ingestion=august.pk)
    assert Claim.objects.get().insured_name == "Quay Group"
    undo(CLAIMS, ingestion=july.pk)
    assert Claim.objects.get().insured_name == "Quay Stores Ltd"
