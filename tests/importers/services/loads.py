"""Files that go in at once, for tests of what comes after."""

from typing import Any

from importers.models import Ingestion
from importers.services import ingestions, work


def loaded(content: str, slug: str = "claims", **more: Any) -> Ingestion:
    """Hand a file in, approve and load it, in this process."""
    ingestion = ingestions.submit(
        blocks=[content.encode()],
        file_name="file.csv",
        record_type=slug,
        source=ingestions.source_of(None),
        door="test",
        enqueue=False,
        **{"declared": "additional", **more},
    )
    work.check(ingestion.pk)
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message
    return ingestion
