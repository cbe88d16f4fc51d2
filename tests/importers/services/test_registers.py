"""Registers that come in two files: the rows held out, mended, and declared ones."""

import csv
import io
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from importers.models import Ingestion
from importers.pipeline import storage
from importers.services import ingestions, work
from importers.services.doable import doable
from reinsurance.models import Participation, Party

pytestmark = pytest.mark.django_db
HEADER = "UMR,Treaty type,Currency,Layer,Reinsurer,Written line,Signed line\n"
Checked = Callable[..., Ingestion]


@pytest.fixture(autouse=True)
def parties() -> None:
    for code in ("RE1", "RE3"):
        Party.objects.create(code=code, name=code)


@pytest.fixture
def check() -> Checked:
    def hand_in(content: str, **more: str) -> Ingestion:
        ingestion = ingestions.submit(
            blocks=[content.encode()],
            file_name="register.csv",
            record_type="treaties",
            source=ingestions.source_of(None),
            door="test",
            enqueue=False,
            **more,  # type: ignore[arg-type]
        )
        work.check(ingestion.pk)
        ingestion.refresh_from_db()
        assert ingestion.status == "ready", ingestion.message
        return ingestion

    return hand_in


def load(ingestion: Ingestion) -> None:
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message


def row(reinsurer: str, signed: str, written: str = "") -> str:
    return f"X1,QS,GBP,1,{reinsurer},{written},{signed}\n"


def signed() -> dict[str, int]:
    return {
        line.reinsurer.code: int((line.signed_line or 0) * 100)
        for line in Participation.objects.select_related("reinsurer")
    }


def breaches(ingestion: Ingestion) -> list[str]:
    issues = ingestion.issues.filter(severity="breach")
    return list(issues.order_by("pk").values_list("code", flat=True))


@pytest.fixture
def mended(check: Checked) -> str:
    """The rejected rows of a register, mended; RE1 60 is loaded, RE3 was held out."""
    load(check(HEADER + row("RE1", "50%") + row("RE3", "50%")))
    first = check(HEADER + row("RE1", "60%") + row("RE3", "40%", "4O%"))
    assert breaches(first) == ["signed_lines_above_one"]
    load(first)
    assert (first.rows_rejected, signed()) == (1, {"RE1": 60, "RE3": 50})
    with storage.local(first.rejected) as path:
        return path.read_text("utf-8-sig").replace("4O%", "40%")


def test_mended_rows_are_not_taken_for_the_whole_register(
    check: Checked, mended: str
) -> None:
    second = check(mended)
    assert breaches(second) == []
    load(second)
    assert signed() == {"RE1": 60, "RE3": 40}


def test_a_register_declared_additional_lets_nobody_go(
    check: Checked, mended: str, clerk: User
) -> None:
    lines = list(csv.reader(io.StringIO(mended)))
    bare = "\n".join(",".join(line[:-2]) for line in lines) + "\n"
    second = check(bare)
    assert breaches(second) == ["left_the_panel"]
    assert doable(second, clerk).declare
    ingestions.declare(second.pk, "additional", user=clerk, enqueue=False)
    work.check(second.pk)
    second.refresh_from_db()
    assert breaches(second) == []
    load(second)
    assert signed() == {"RE1": 60, "RE3": 40}


def test_a_register_declared_at_once(check: Checked, mended: str) -> None:
    load(check(HEADER + row("RE3", "40%"), declared="additional"))
    assert signed() == {"RE1": 60, "RE3": 40}
