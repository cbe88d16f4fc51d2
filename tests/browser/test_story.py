"""The main job as people do it: upload, map, read what is wrong, approve, look up."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from importers.models import Event, Ingestion, Mapping
from reinsurance.models import Claim, ClaimStatement, Participation, Treaty
from tests.browser.conftest import PATIENCE_MS, Open
from tests.clusters import Cluster

pytestmark = [
    pytest.mark.browser,
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("cluster"),
]

CLAIMS = (
    "UMR,Claim Ref,Insured,Date of Loss,Date Notified,Currency,Paid,Reserve",
    "B1526HCL26001,00017,Alder Ltd,2026-03-01,2026-03-04,GBP,100.50,900",
    "B1526HCL26001,00018,Birch Ltd,2026-03-02,2026-03-03,GBP,0,250",
    "B1526HCL26001,00019,Cedar Ltd,31 February 2026,2026-03-03,GBP,0,10",
    "B9999XXX00000,00020,Dogwood Ltd,2026-03-02,2026-03-03,GBP,1,1",
)


def sign_in(page: Page, user: User) -> None:
    page.goto("/admin/")
    page.get_by_label("User name").fill(user.username)
    page.get_by_label("Password").fill(f"{user.username}-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url("/admin/")


def head(page: Page) -> Locator:
    return page.locator("#ingestion")


def expect_status(page: Page, status: str) -> None:
    """The page follows by itself until the file stands there."""
    expect(head(page)).to_have_attribute("data-status", status, timeout=PATIENCE_MS)


def upload(page: Page, path: Path, kind: str, **period: str) -> Ingestion:
    page.get_by_label("Kind of file").select_option(label=kind)
    page.locator("input[type=file]").set_input_files(path)
    for name, day in period.items():
        page.locator(f"input[name={name}]").fill(day)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text(f"Received {path.name} as number")).to_be_visible()
    return Ingestion.objects.latest("pk")


def approve(page: Page, ingestion: Ingestion) -> None:
    page.goto(f"/admin/importers/ingestion/{ingestion.pk}/change/")
    page.get_by_role("button", name="Approve and load").click()
    expect_status(page, "loaded")


def load_register(clerk: Page, manager: Page, samples: Path) -> None:
    """Parties carry no money: the clerk lets them in alone; treaties do."""
    clerk.goto("/admin/importers/ingestion/upload/")
    parties = upload(clerk, samples / "parties.csv", "Parties")
    expect_status(clerk, "ready")
    approve(clerk, parties)
    clerk.goto("/admin/importers/ingestion/upload/")
    treaties = upload(clerk, samples / "treaty_register_2026.csv", "Treaties")
    expect_status(clerk, "ready")
    expect(clerk.get_by_role("button", name="Approve and load")).to_have_count(0)
    approve(manager, treaties)


def counts(page: Page) -> list[int]:
    """Rows read = created + updated + unchanged + held out."""
    expect(page.locator(".tile")).to_have_count(5)
    read, *parts = map(int, page.locator(".tile b").all_inner_texts())
    assert read == sum(parts)
    return parts


def test_a_bordereau_from_upload_to_the_ledger(
    open_page: Open, clerk: User, manager: User, samples: Path, tmp_path: Path
) -> None:
    path = tmp_path / "claims_june.csv"
    path.write_text("\n".join(CLAIMS))
    page, managers = open_page(), open_page()
    sign_in(page, clerk)
    sign_in(managers, manager)
    load_register(page, managers, samples)
    assert (Treaty.objects.count(), Participation.objects.count()) == (6, 27)

    # Claims → Import, with the kind of file chosen already.
    page.goto("/admin/")
    page.get_by_role("link", name="Claims", exact=True).first.click()
    page.get_by_role("link", name="Import").click()
    kind = page.get_by_label("Kind of file")
    expect(kind).to_have_value("claims")
    ingestion = upload(page, path, "Claims", period_end="2026-06-30")

    # “Paid” may mean two things: the clerk says which.
    expect_status(page, "needs mapping")
    expect(head(page)).to_contain_text("Say what “Paid” means.")
    page.get_by_role("link", name="Map columns", exact=True).click()
    question = page.get_by_label(re.compile(r"^Paid"))
    expect(question).to_have_value("")
    expect(
        page.get_by_role("row", name=re.compile(r"^Paid.* please answer"))
    ).to_contain_text("100.50")
    page.get_by_role("button", name="Confirm and check the file").click()
    expect(question).to_be_visible()  # not without an answer
    question.select_option(label="Paid to date, indemnity")
    page.get_by_role("button", name="Confirm and check the file").click()

    # Ready, with two rows held out; money is not for the clerk to approve.
    expect_status(page, "ready")
    assert counts(page) == [2, 0, 0, 2]
    expect(page.get_by_role("button", name="Approve and load")).to_have_count(0)
    expect(page.get_by_text("Only a manager may approve this file.")).to_be_visible()
    page.get_by_role("link", name="Issues").click()
    issues = page.locator("table.issues tbody tr")
    expect(issues).to_have_count(2)
    expect(issues.nth(0)).to_contain_text("31 February 2026")
    expect(issues.nth(1)).to_contain_text("B9999XXX00000")
    assert Mapping.objects.get(source=ingestion.source).confirmed_by == clerk
    assert not Claim.objects.exists()

    # The manager, in a browser of their own.
    page = managers
    page.goto("/admin/importers/ingestion/")
    page.get_by_role("link", name="claims_june.csv").click()
    expect_status(page, "ready")
    page.get_by_role("button", name="Approve and load").click()
    expect_status(page, "loaded")
    assert counts(page) == [2, 0, 0, 2]
    page.get_by_role("link", name="History").click()
    story = page.locator("ol.story li")
    expect(story.last).to_contain_text("Loaded: 2 created, 0 updated")

    # The claim: its leading zeros, its ledger and where it comes from.
    page.get_by_role("link", name="Changes", exact=True).click()
    page.get_by_role("link", name="00017").click()
    for title in ("Positions", "Movements", "Statements"):
        heading = page.locator(".card-header").get_by_text(title, exact=True)
        panel = page.locator(".panel").filter(has=heading)
        expect(panel.locator("tbody tr")).to_have_count(1)
        expect(panel).to_contain_text("100.50")
        if title != "Statements":
            expect(panel).to_contain_text("1,000.50")
    lineage = page.locator("#lineage")
    expect(lineage).to_contain_text("claims_june.csv")
    expect(lineage.locator("tbody tr")).to_have_count(1)
    expect(lineage.locator("tbody tr td").nth(2)).to_have_text("2")
    lineage.get_by_role("link", name=f"No. {ingestion.pk}").click()
    expect(head(page)).to_be_visible()

    claim = Claim.objects.get(reference="00017")
    position = claim.positions.get()
    assert (str(position.paid_indemnity), str(position.incurred)) == (
        "100.5000",
        "1000.5000",
    )
    assert (Claim.objects.count(), ClaimStatement.objects.count()) == (2, 2)
    events = Event.objects.filter(ingestion=ingestion)
    assert list(events.values_list("status", "user__username")) == [
        ("received", "clerk"),
        ("checking", None),
        ("needs mapping", None),
        ("received", "clerk"),
        ("checking", None),
        ("ready", None),
        ("approved", "manager"),
        ("loading", None),
        ("loaded", None),
    ]


@pytest.mark.slow
def test_the_sample_bordereau_as_it_comes(
    open_page: Open, clerk: User, manager: User, samples: Path
) -> None:
    """An Excel workbook with a title over its header: read without a question."""
    page, managers = open_page(), open_page()
    sign_in(page, clerk)
    sign_in(managers, manager)
    load_register(page, managers, samples)
    page.goto("/admin/importers/ingestion/upload/")
    events = upload(page, samples / "loss_events.csv", "Loss events")
    expect_status(page, "ready")
    approve(page, events)
    page.goto("/admin/importers/ingestion/upload/?type=claims")
    name = "claims_bordereau_2026_06.xlsx"
    ingestion = upload(page, samples / name, "Claims", period_end="2026-06-30")
    expect_status(page, "ready")
    assert counts(page) == [174, 0, 0, 7]

    # The rows held out, as a file to mend; the original as it came.
    with page.expect_download() as told:
        page.get_by_role("link", name="Original file").click()
    assert Path(told.value.path()).read_bytes() == (samples / name).read_bytes()
    with page.expect_download() as told:
        page.get_by_role("link", name="Rejected rows").click()
    lines = Path(told.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 7

    # The same file a second time leads to the first.
    page.goto("/admin/importers/ingestion/upload/?type=claims")
    page.locator("input[type=file]").set_input_files(samples / name)
    page.get_by_role("button", name="Upload and check").click()
    already = f"This file is already on its way as number {ingestion.pk} (ready)."
    expect(page.get_by_text(already)).to_be_visible()
    assert Ingestion.objects.filter(record_type="claims").count() == 1

    approve(managers, ingestion)
    assert counts(managers) == [174, 0, 0, 7]
    assert Claim.objects.count() == 174


def test_a_file_that_is_no_table_is_refused_in_words(
    open_page: Open, clerk: User, cluster: Cluster, tmp_path: Path
) -> None:
    path = tmp_path / "report.xlsx"
    path.write_bytes(b"%PDF-1.7\n" + b"x" * 900)
    workers = cluster.members()
    page = open_page()
    sign_in(page, clerk)
    page.goto("/admin/importers/ingestion/upload/")
    ingestion = upload(page, path, "Parties")
    expect_status(page, "rejected")
    ingestion.refresh_from_db()
    expect(head(page)).to_contain_text(ingestion.message)
    expect(page.get_by_role("button", name="Approve and load")).to_have_count(0)
    assert cluster.members() == workers
