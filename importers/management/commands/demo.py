"""``manage.py demo``: the sample files through the real pipeline and cluster."""

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from importers.exceptions import DuplicateFile
from importers.models import Ingestion, Source
from importers.pipeline.storage import blocks_of
from importers.services import ingestions
from importers.values import Status
from reinsurance.models import Party

MOVING = (Status.RECEIVED, Status.CHECKING, Status.APPROVED, Status.LOADING)
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
FILES = (
    Sample("parties.csv", "parties", "underwriting"),
    Sample("loss_events.csv", "loss-events", "underwriting"),
    Sample("treaty_register_2026.csv", "treaties", "underwriting"),
    Sample("claims_bordereau_2026_06.xlsx", "claims", "harbour", date(2026, 6, 30)),
)


class Command(BaseCommand):
    """Ingest the samples that are not loaded yet; a cluster has to be running."""

    help = "Ingest fixtures/samples through the cluster; loads nothing twice."

    def handle(self, *args: Any, **options: Any) -> None:
        """Submit as the clerk, approve as the manager, say what happened."""
        clerk = User.objects.get(username="clerk")
        manager = User.objects.get(username="manager")
        for sample in FILES:
            path = settings.BASE_DIR / SAMPLES / sample.file_name
            if self._is_loaded(sample):
                continue
            self._tell(self._ingest(sample, path, clerk, manager))

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
        ingestion = self._settled(number)
        if ingestion.status == Status.READY:
            ingestions.approve(number, user=manager)
            ingestion = self._settled(number)
        if ingestion.status != Status.LOADED:
            raise CommandError(
                f"{sample.file_name} is {ingestion.status}: {ingestion.message}"
            )
        return ingestion

    def _source(self, code: str) -> Source:
        name, party = SOURCES[code]
        source, _ = Source.objects.get_or_create(code=code, defaults={"name": name})
        if party and source.party is None:
            source.party = Party.objects.filter(code=party).first()
            source.save(update_fields=["party"])
        return source

    def _settled(self, number: int) -> Ingestion:
        deadline = time.monotonic() + 120
        while True:
            ingestion = Ingestion.objects.get(pk=number)
            if ingestion.status not in MOVING:
                return ingestion
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{ingestion.file_name} is still {ingestion.status} after two "
                    "minutes. Start a cluster: manage.py cluster"
                )
            time.sleep(0.1)

    def _tell(self, ingestion: Ingestion) -> None:
        counts = ingestion.issue_counts
        self.stdout.write(
            f"{ingestion.file_name}: {ingestion.rows_read} rows read, "
            f"{ingestion.rows_created} created, {ingestion.rows_updated} updated, "
            f"{ingestion.rows_unchanged} unchanged, {ingestion.rows_rejected} rejected "
            f"({counts.get('error', 0)} errors, {counts.get('warning', 0)} warnings, "
            f"{counts.get('breach', 0)} breaches)."
        )
