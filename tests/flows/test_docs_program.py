"""The program of the page for integrators, run as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from importers.models import Ingestion
from importers.services import ingestions
from reinsurance.models import Claim, Party
from tests.clusters import Cluster, wait_until

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "integrators.md"
BORDEREAU = (
    "UMR,Claim Ref,Insured,Date of Loss,Status,Ccy,Paid to date,Reserve\n"
    "B1526HCL26001,API-1,Quay Stores,2026-03-14,Open,GBP,1200.50,3000\n"
    "B1526HCL26001,API-2,Pier Hotel,2026-05-02,Open,GBP,0,800\n"
    "B1526HCL26001,API-3,Lock House,31/02/2026,Open,GBP,100,0\n"
)

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]


def program() -> str:
    """The lines between the page's marks."""
    _, _, rest = PAGE.read_text("utf-8").partition("<!-- program -->\n```python\n")
    lines, mark, _ = rest.partition("```\n<!-- /program -->")
    assert mark
    return lines


def test_a_file_goes_in_and_what_changed_comes_out(
    live_server: LiveServer, quick_cluster: Cluster, harbour: Party, tmp_path: Path
) -> None:
    folder = tmp_path / "outbox" / "claims" / "harbour" / "2026-06-30"
    folder.mkdir(parents=True)
    (folder / "june.csv").write_text(BORDEREAU)
    script = tmp_path / "loop.py"
    script.write_text(program())

    def run() -> list[str]:
        ran = subprocess.run(
            [sys.executable, script],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "BACK_OFFICE": live_server.url,
                "CLIENT_ID": "demo-system",
                "CLIENT_SECRET": "demo-system-2026",
            },
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()

    assert run() == ["june.csv: ready, 1 rows held out, waits for approval"]
    assert "31/02/2026" in (folder / "june.rejected").read_text("utf-8-sig")
    (tmp_path / "state.json").unlink()  # as if killed before it could write it down
    assert run() == ["june.csv: ready, 1 rows held out, waits for approval"]
    ingestion = Ingestion.objects.get()
    assert str(ingestion.period_end) == "2026-06-30"

    ingestions.approve(ingestion.pk)
    wait_until(Claim.objects.exists, "the load")
    assert run() == [
        "june.csv: loaded, 1 rows held out",
        "claim API-1: incurred 4200.50 GBP",
        "claim API-2: incurred 800.00 GBP",
    ]
    assert run() == []

    ingestions.undo(ingestion.pk, user=None, reason="Sent by mistake.")
    wait_until(lambda: not Claim.objects.exists(), "the undo")
    gone = [f"claim API-{n}: not in the books any more" for n in (1, 2)]
    assert sorted(run()) == gone
    assert run() == []
    assert Ingestion.objects.count() == 1
