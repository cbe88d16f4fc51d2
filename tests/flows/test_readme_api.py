"""The commands of the README's section on the API, run as they stand."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from importers.models import Ingestion
from reinsurance.models import Claim, Party
from tests.clusters import Cluster

README = Path(__file__).resolve().parent.parent.parent / "README.md"

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]


def commands(section: str) -> str:
    """The shell lines between the section's marks."""
    text = README.read_text("utf-8")
    _, _, rest = text.partition(f"<!-- {section} -->\n```sh\n")
    lines, _, _ = rest.partition("```\n<!--")
    return lines


def test_the_whole_way_with_curl(
    live_server: LiveServer, quick_cluster: Cluster, harbour: Party, tmp_path: Path
) -> None:
    script = commands("api").replace("http://localhost:8000", live_server.url)
    assert script.count(live_server.url) == 1
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    issues, records = ran.stdout.split("{", 1)
    header, issue = issues.strip().splitlines()
    assert header == "row,column,message"
    assert issue.startswith("4,Date of Loss,")
    assert [
        (claim["reference"], claim["totals"][0]["incurred"])
        for claim in json.loads("{" + records)["results"]
    ] == [("API-1", "4200.50"), ("API-2", "800.00")]
    assert Claim.objects.count() == 2
    ingestion = Ingestion.objects.get()
    assert (ingestion.status, ingestion.rows_rejected) == ("loaded", 1)
    assert str(ingestion.submitted_by) == "demo-system"
    assert str(ingestion.approved_by) == "demo-approval"
