"""What only all good rows of a file together show, where its Resources look at that."""

from dataclasses import dataclass, field

import polars as pl

from importers.pipeline.frames import ROW, no_issues
from importers.record_types import RecordType
from reinsurance.resources.base import DomainResource


@dataclass(slots=True)
class WholeFile:
    """The good rows of a file, as far as a Resource wants to see them together."""

    record_type: RecordType
    _chunks: dict[type[DomainResource], list[pl.DataFrame]] = field(
        default_factory=dict
    )

    def add(self, good: pl.DataFrame) -> None:
        """Take up the rows of a chunk."""
        for resource in self.record_type.resources:
            if resource.seen_together:
                rows = good.select(ROW, *resource.seen_together)
                self._chunks.setdefault(resource, []).append(rows)

    def issues(self) -> pl.DataFrame:
        """What has to be looked at, by the names of fields."""
        found = [
            resource().judge_together(pl.concat(chunks))
            for resource, chunks in self._chunks.items()
        ]
        return pl.concat([no_issues(), *found])
