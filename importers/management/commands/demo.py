"""``manage.py demo``: the samples through the real pipeline and cluster."""

import argparse
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from importers.exceptions import DuplicateFile, StateProblem
from importers.management.following import MOVING, wait
from importers.models import Feed, Ingestion, Source, Sync
from importers.pipeline.storage import blocks_of
from importers.services import ingestions, syncs
from importers.values import RUNNING, Status, SyncStatus
from reinsurance.models import Party

PATIENCE_SECONDS = 120.0
SAMPLES = Path("fixtures") / "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample file, what it holds, who sends it, and of which period it is."""

    file_name: str
    record_type: str
    source: str
    period_end: date | None = None


SOURCES = {
    "underwriting": ("Underwriting department", ""),
    "harbour": ("Harbour Coverholders", "HARBOUR"),
}
"""Names of the senders, and codes of their parties; without one: the house's own."""
FILES = (
    Sample("parties.csv", "parties", "underwriting"),
    Sample("loss_events.csv", "loss-events", "underwriting"),
    Sample("treaty_register_2026.csv", "treaties", "underwriting"),
    Sample("claims_bordereau_2026_06.xlsx", "claims", "harbour", date(2026, 6, 30)),
)


class Command(BaseCommand):
    """Ingest the samples that are not loaded yet; a cluster has to be running."""

    help = "Ingest fixtures/samples through the cluster; loads nothing twice."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--feed", default="", help="code of a feed to sync, once")

    def handle(self, *args: Any, **options: Any) -> None:
        """Submit as the clerk, approve as the manager, say what happened."""
        clerk = User.objects.get(username="clerk")
        manager = User.objects.get(username="manager")
        for sample in FILES:
            path = settings.BASE_DIR / SAMPLES / sample.file_name
            if self._is_loaded(sample):
                continue
            self._tell(self._ingest(sample, path, clerk, manager))
        if feed := Feed.objects.filter(code=options["feed"]).first():
            self._sync(feed, manager)

    def _is_loaded(self, sample: Sample) -> bool:
        return Ingestion.objects.filter(
            file_name=sample.file_name,
            record_type=sample.record_type,
            source__code=sample.source,
            status=Status.LOADED,
        ).exists()

    def _ingest(
        self, sample: Sample, path: Path, clerk: User, manager: User
    ) -> Ingestion:
        try:
            number = ingestions.submit(
                blocks=blocks_of(path),
                file_name=path.name,
                record_type=sample.record_type,
                source=self._source(sample.source),
                door="demonstration",
                user=clerk,
                period_end=sample.period_end,
            ).pk
        except DuplicateFile as earlier:
            number = earlier.ingestion or 0
        return self._loaded(number, manager)

    def _loaded(self, number: int, manager: User) -> Ingestion:
        """The ingestion, loaded with the manager's approval."""
        ingestion = self._settled(number)
        if ingestion.status == Status.READY:
            ingestions.approve(number, user=manager)
            ingestion = self._settled(number)
        if ingestion.status != Status.LOADED:
            raise CommandError(
                f"{ingestion.file_name} is {ingestion.status}: {ingestion.message}"
            )
        return ingestion

    def _sync(self, feed: Feed, manager: User) -> None:
        """Sync a feed that never was; a partner who fails spoils no demonstration."""
        sync = Sync.objects.filter(feed=feed, status=SyncStatus.HANDED_IN).first()
        if sync is not None and not _is_under_way(sync.ingestion):
            return
        if sync is None:
            sync = self._fetched(feed)
        self.stdout.write(
            f"{feed}: {sync.pages} pages, {sync.records} records fetched "
            f"({sync.waited_seconds:.1f} s waited). {sync.message}"
        )
        if sync.ingestion is not None:
            self._tell(self._loaded(sync.ingestion.pk, manager))

    def _fetched(self, feed: Feed) -> Sync:
        try:
            sync = syncs.request(feed.pk, door="demonstration")
        except syncs.SyncRunning as running:
            sync = Sync.objects.get(pk=running.sync or 0)
        self._wait(sync, RUNNING)
        return sync

    def _source(self, code: str) -> Source:
        name, party = SOURCES[code]
        source, _ = Source.objects.get_or_create(
            code=code, defaults={"name": name, "is_house": not party}
        )
        if party and source.party is None:
            source.party = Party.objects.filter(code=party).first()
            source.save(update_fields=["party"])
        return source

    def _settled(self, number: int) -> Ingestion:
        ingestion = Ingestion.objects.get(pk=number)
        self._wait(ingestion, MOVING)
        return ingestion

    def _wait(self, record: Ingestion | Sync, moving: tuple[StrEnum, ...]) -> None:
        try:
            wait(record, moving, PATIENCE_SECONDS)
        except StateProblem as problem:
            raise CommandError(str(problem)) from problem

    def _tell(self, ingestion: Ingestion) -> None:
        counts = ingestion.issue_counts
        self.stdout.write(
            f"{ingestion.file_name}: {ingestion.rows_read} rows read, "
            f"{ingestion.rows_created} created, {ingestion.rows_updated} updated, "
            f"{ingestion.rows_unchanged} unchanged, {ingestion.rows_rejected} rejected "
            f"({counts.get('error', 0)} errors, {counts.get('warning', 0)} warnings, "
            f"{counts.get('breach', 0)} breaches)."
        )


def _is_under_way(ingestion: Ingestion | None) -> bool:
    return ingestion is not None and ingestion.status in (*MOVING, Status.READY)
