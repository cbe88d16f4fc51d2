"""What the lists export, handed in again, changes nothing; whatever the books hold."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from importers.models import Ingestion
from importers.pipeline import storage
from reinsurance.models import Claim
from tests.flows import odd_books
from tests.flows.hand_ins import FORMATS, books, csv_of, hand_in, load, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("odd")]

EXPORTS = {
    "party": "parties",
    "treaty": "treaties",
    "layer": "treaties",
    "participation": "treaties",
    "treatyscope": "treaty-scope",
    "premiumentry": "premiums",
    "claim": "claims",
    "claimposition": "claims",
    "exchangerate": "exchange-rates",
    "lossevent": "loss-events",
}


@pytest.fixture(scope="module")
def odd(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The odd books, written once: each test takes back what it did itself."""
    with django_db_blocker.unblock(), transaction.atomic():
        odd_books.fill()
        with django_db_blocker.block():
            yield
        transaction.set_rollback(True)


@pytest.fixture
def browser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="root-password"))
    return client


def exported(browser: Client, model: str, kind: str, query: str = "") -> bytes:
    url = f"/admin/reinsurance/{model}/export/{query}"
    answer = browser.post(url, {"format": FORMATS[kind], "resource": "0"})
    assert answer.status_code == 200
    return answer.content


# ------------------------------------------------------------------------- the exports
@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("model", EXPORTS)
def test_an_export_handed_in_again_changes_nothing(
    browser: Client, model: str, kind: str
) -> None:
    slug = EXPORTS[model]
    content = exported(browser, model, kind)
    before = books()
    checked = hand_in(content, slug, f"again.{kind}", declared="additional")
    assert checked.rows_unchanged == checked.rows_read > 0, told(checked)
    breaches = checked.issues.filter(severity="breach")
    assert not breaches.filter(code="left_the_panel").exists()
    load(checked)
    assert checked.rows_unchanged == checked.rows_read
    assert books() == before


@pytest.mark.parametrize("model", ["participation", "layer"])
def test_a_filtered_register_leaves_nobody_out(browser: Client, model: str) -> None:
    query = "?is_lead__exact=1" if model == "participation" else "?q=0001"
    before = books()
    content = exported(browser, model, "csv", query)
    checked = load(hand_in(content, "treaties", "some.csv"))
    assert checked.rows_unchanged == checked.rows_read > 1
    assert books() == before


# --------------------------------------------------------------------- rows held out
def test_rows_held_out_come_back_as_they_were_written() -> None:
    """A sender's real apostrophe stays; ours is undone, however often."""
    names = ("=1+1", "'=1+1", "'t Hooft", "-", "@x", "'-5", "''=y")
    rows = [
        {"UMR": "0001", "Claim Ref": f"X{n}", "Ccy": "XXQ", "Insured": name}
        for n, name in enumerate(names)
    ]
    good = {"UMR": "BARE", "Claim Ref": "Y", "Ccy": "USD", "Insured": "'=real"}
    first = load(hand_in(csv_of(*rows, good), "claims", "first.csv"))
    assert first.rows_rejected == len(names)
    assert Claim.objects.get(reference="Y").insured_name == "'=real"
    second = hand_in(rejected(first), "claims", "second.csv", declared="additional")
    assert second.rows_rejected == len(names), told(second)
    third = rejected(second).replace("XXQ", "USD").replace("0001", "BARE")
    done = load(hand_in(third, "claims", "third.csv", declared="additional"))
    assert done.rows_created == len(names), told(done)
    found = Claim.objects.filter(reference__startswith="X").order_by("reference")
    assert [claim.insured_name for claim in found] == list(names)


def test_rows_of_an_export_that_are_held_out(browser: Client) -> None:
    content = exported(browser, "party", "csv").decode()
    broken = content.replace('"NA"', '"Atlantis"')
    first = hand_in(broken, "parties", "broken.csv")
    assert first.rows_rejected > 20
    mended = rejected(first).replace("Atlantis", "NA")
    again = hand_in(mended, "parties", "mended.csv")
    assert again.rows_unchanged == again.rows_read == first.rows_rejected, told(again)


def rejected(ingestion: Ingestion) -> str:
    """The CSV of the rows held out."""
    with storage.local(ingestion.rejected) as path:
        return path.read_bytes().decode("utf-8-sig")
