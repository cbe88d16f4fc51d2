"""The books of two cedants, and a user who sees one of them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import User

from importers.models import (
    Arrival,
    Delivery,
    Feed,
    Inbox,
    Ingestion,
    Mapping,
    Source,
    Sync,
    Webhook,
    WebService,
)
from importers.services import ingestions, schedules, webhooks, work
from reinsurance.choices import PremiumTransaction
from reinsurance.models import (
    Bordereau,
    CedantLimit,
    Claim,
    Edit,
    Layer,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
    TreatyScope,
)

HEADER = "UMR,Claim Ref,Insured,Date of Loss,Currency,Paid to date\n"
MINE, FOREIGN = "Mine", "Foreign"


@dataclass(frozen=True, slots=True)
class Books:
    """What there is of one cedant; every name of it begins with the mark."""

    mark: str
    party: Party
    treaty: Treaty
    source: Source
    mapping: Mapping
    feed: Feed
    sync: Sync
    loaded: Ingestion
    asked: Ingestion
    webhook: Webhook

    @property
    def claim(self) -> Claim:
        """The claim of the loaded file."""
        return Claim.objects.get(treaty=self.treaty)

    @property
    def delivery(self) -> Delivery:
        """The newest message to the webhook."""
        return Delivery.objects.filter(webhook=self.webhook).latest("pk")


def row(reference: str, claim: str, insured: str = "Insured") -> str:
    """A line of a claims bordereau."""
    return f"{reference},{claim},{insured},2026-03-01,GBP,5\n"


def books_of(mark: str, user: User | None = None) -> Books:
    """Everything that the admin shows, once for a cedant."""
    party = Party.objects.create(code=f"{mark}-P", name=f"{mark} Mutual")
    treaty = Treaty.objects.create(
        reference=f"{mark}-T", name=f"{mark} treaty", cedant=party, treaty_type="QS",
        currency_id="GBP", inception="2026-01-01", expiry="2026-12-31",
    )  # fmt: skip
    layer = Layer.objects.create(treaty=treaty, number=1)
    Participation.objects.create(layer=layer, reinsurer=party)
    TreatyScope.objects.create(treaty=treaty, portfolio=f"{mark}-folio")
    source = Source.objects.create(
        code=mark.lower(), name=f"{mark} sender", party=party
    )
    mapping = Mapping.objects.create(
        source=source, record_type="premiums", name=f"{mark} mapping"
    )
    webhook = Webhook(name=f"{mark} hook", url=f"https://{mark}.example", source=source)
    webhooks.register(webhook=webhook, user=None)
    loaded = file_of(
        source,
        HEADER + row(f"{mark}-T", f"{mark}-C", mark),
        user=user,
        period_end=date(2026, 3, 31),
    )
    work.check(loaded.pk)
    ingestions.approve(loaded.pk)
    work.load(loaded.pk)
    loaded.refresh_from_db()
    assert loaded.status == "loaded"
    asked = file_of(source, f"UMR,Paid\n{mark}-T,5\n", user=user)
    Ingestion.objects.filter(pk=asked.pk).update(
        status="needs mapping",
        table={"header": ["UMR", "Paid"], "samples": {"UMR": [f"{mark}-T"]}},
    )
    asked.refresh_from_db()
    assert Bordereau.objects.get(party=party).load.number == loaded.pk
    PremiumEntry.objects.create(
        treaty=treaty, policy_reference=f"{mark}-POL",
        transaction_type=PremiumTransaction.values[0], effective_date=date(2026, 1, 1),
        currency_id="GBP", gross_premium=1,
    )  # fmt: skip
    Edit.objects.create(
        model="treaty", object_id=treaty.pk, reference=f"{mark}-T", cedant=party,
        treaty=treaty, action="changed", before={"name": "Old"},
        after={"name": f"{mark} treaty"}, reason=f"{mark} reason",
    )  # fmt: skip
    inbox = Inbox.objects.create(
        code=f"{mark}-inbox",
        name=f"{mark} inbox",
        source=source,
        record_type="claims",
        path=f"{mark}/claims",
    )
    Arrival.objects.create(inbox=inbox, key=f"{mark}.csv", etag="1-1", size=1)
    service = WebService.objects.create(
        code=f"{mark.lower()}-api", name=f"{mark} service",
        base_url=f"https://{mark}.example",
    )  # fmt: skip
    feed = Feed.objects.create(
        code=f"{mark.lower()}-feed", name=f"{mark} feed", service=service,
        source=source, record_type="claims", paused_reason=f"{mark} reason",
    )  # fmt: skip
    schedules.set_times(feed.pk, user=None, minutes=60)
    sync = Sync.objects.create(feed=feed, status="failed", message=f"{mark} failed")
    return Books(
        mark, party, treaty, source, mapping, feed, sync, loaded, asked, webhook
    )


def file_of(source: Source, text: str, **more: Any) -> Ingestion:
    """A claims file that was handed in."""
    return ingestions.submit(
        **{
            "blocks": [text.encode()],
            "file_name": f"{source.name}.csv",
            "record_type": "claims",
            "source": source,
            "door": "test",
            "enqueue": False,
            **more,
        }
    )


def limited(user: User, books: Books) -> User:
    """The user, who sees this cedant's records only from now on."""
    CedantLimit.objects.create(user=user, cedant=books.party)
    return User.objects.get(pk=user.pk)
