"""What several end-to-end tests start from."""

from pathlib import Path

import pytest

from reinsurance.models import Treaty
from tests.benchmarks import generate


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
