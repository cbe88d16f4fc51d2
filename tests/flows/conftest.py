"""What several end-to-end tests start from."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from backoffice.demo_users import create_demo_clients
from importers.models import Source
from reinsurance.models import Party, Treaty
from tests import sqs
from tests.benchmarks import generate
from tests.clusters import Cluster, end, start


@pytest.fixture
def fifty_treaties(transactional_db: None) -> None:
    """The treaties of the generated bordereaux, committed."""
    Treaty.objects.bulk_create(
        Treaty(
            reference=f"BENCH{number:03d}",
            treaty_type="QS",
            currency_id="GBP",
            inception="2026-01-01",
            expiry="2026-12-31",
        )
        for number in range(generate.TREATIES)
    )


@pytest.fixture(scope="session")
def large_bordereau(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Claims of 60,000 rows, two chunks: checking and loading take some seconds."""
    return generate.write_csv(tmp_path_factory.mktemp("large") / "claims.csv", 60_000)


@pytest.fixture(scope="session")
def sqs_server() -> Iterator[str]:
    """The address of a server that speaks SQS."""
    with sqs.running() as address:
        yield address


@pytest.fixture
def on_sqs(
    sqs_server: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Tasks wait in SQS, for this process; the environment that says so to others."""
    url = sqs.queue_url(sqs_server)
    for name, value in sqs.KEYS.items():
        monkeypatch.setenv(name, value)
    sqs.choose(url, partial(setattr, settings))
    return {"QUEUE_URL": url, **sqs.KEYS}


@pytest.fixture
def quick_cluster(
    process_environment: dict[str, str], tmp_path: Path
) -> Iterator[Cluster]:
    """A real cluster of the quick queue on the test's database and storage."""
    running = start(process_environment, tmp_path, queue="quick")
    yield running
    end(running)


@pytest.fixture
def harbour(transactional_db: None) -> Party:
    """The sender of the examples for integrators, its treaty and the demo clients."""
    create_demo_clients()
    harbour = Party.objects.create(code="HARBOUR", name="Harbour Coverholders")
    Source.objects.create(code="harbour", name="Harbour", party=harbour)
    Treaty.objects.create(
        reference="B1526HCL26001",
        cedant=harbour,
        treaty_type="QS",
        currency_id="GBP",
        inception="2026-01-01",
        expiry="2026-12-31",
    )
    return harbour
