"""The demonstration's service and feed, wherever its partner is to be found today."""

from django.conf import settings
from django.db import transaction

from backoffice.demo_partner import CLIENT_SECRET
from importers.models import WebService
from importers.services import feed_files

FEED = "meridian-claims"
SERVICE = "meridian-exchange"
DECLARED_AT = "http://127.0.0.1:8090"


@transaction.atomic
def declare(address: str) -> None:
    """Make the service and its feed, or tell the service its partner's new address.

    What was edited meanwhile stays; so does a service that was sent elsewhere.
    """
    path = settings.BASE_DIR / "fixtures" / "samples" / "partner_feeds.yaml"
    feed_files.apply(
        path.read_text("utf-8").replace(DECLARED_AT, address),
        environment={"DEMO_PARTNER_SECRET": CLIENT_SECRET},
        only_missing=True,
    )
    WebService.objects.filter(
        code=SERVICE, base_url__startswith="http://127.0.0.1:"
    ).exclude(base_url=address).update(
        base_url=address, token_url=f"{address}/oauth/token"
    )
