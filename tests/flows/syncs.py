"""What tests of syncs start from: a partner, its service and a feed of claims."""

from typing import Any

from importers.models import Feed, Source, Sync, WebService
from importers.services import fetching, syncs
from importers.values import Paging, Secret
from reinsurance.models import Treaty
from tests.partner.server import Partner

ALLOWED = ["*", "http://127.0.0.1"]


def a_treaty() -> Treaty:
    """The treaty that the partner's claims are of."""
    return Treaty.objects.create(
        reference="B1526HCL26001",
        treaty_type="QS",
        currency_id="GBP",
        inception="2026-01-01",
        expiry="2026-12-31",
    )


def a_feed(partner: Partner, path: str = "next/absolute", **changes: Any) -> Feed:
    """An active feed of claims; changes of the service begin with ``service_``."""
    of_service: dict[str, Any] = {
        name.removeprefix("service_"): changes.pop(name)
        for name in list(changes)
        if name.startswith("service_")
    }
    if "secret" in of_service:
        of_service["secret"] = Secret(of_service["secret"])
    service = WebService.objects.create(
        code="partner", name="Partner", base_url=partner.url, attempts=2, **of_service
    )
    source = Source.objects.create(code="partner", name="Partner")
    settled: dict[str, Any] = {
        "code": "claims",
        "name": "Claims",
        "is_active": True,
        "record_type": "claims",
        "paging": Paging.AUTO,
        **changes,
    }
    return Feed.objects.create(service=service, source=source, path=path, **settled)


def run(feed: Feed, **more: Any) -> Sync:
    """Sync the feed here and now."""
    sync = syncs.request(feed.pk, door="test", enqueue=False, **more)
    fetching.run(sync.pk, enqueue=False)
    sync.refresh_from_db()
    return sync
