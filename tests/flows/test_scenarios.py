"""Histories that once went wrong in the books, each as a scenario (`files/books`).

A step loads a file, undoes one, or says what the books hold; the same files are played
on a running installation through its commands.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.dateparse import parse_date
from pytest_django import DjangoDbBlocker

from importers.management import book_rows
from importers.management.book_rows import Wanted
from importers.management.following import follow
from importers.models import Ingestion
from importers.services import declared_sources, ingestions, leases, undoing
from tests.database import load_basics

FILES = sorted((Path(__file__).parent.parent / "files" / "books").glob("*.yaml"))
SETUP, *OTHERS = FILES
Scenario = dict[str, Any]


def scenarios(path: Path) -> list[Scenario]:
    document = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 texts
    found: list[Scenario] = document["scenarios"]
    return found


@pytest.fixture(scope="module")
def installation(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Senders, parties, rates and contracts; gone with the transaction."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases, "LONGEST_BEAT_SECONDS", 600.0)
        with transaction.atomic():
            if not Group.objects.exists():  # a test before has emptied the tables
                load_basics()
            for scenario in scenarios(SETUP):
                play(scenario)
            yield
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario["name"])
        for path in OTHERS
        for scenario in scenarios(path)
    ],
)
def test_scenario(installation: None, scenario: Scenario) -> None:
    with transaction.atomic():
        play(scenario)
        transaction.set_rollback(True)


# ------------------------------------------------------------------------- playing
def play(scenario: Scenario) -> None:
    """Play the steps of a scenario."""
    loaded: dict[str, int] = {}
    for number, step in enumerate(scenario["steps"]):
        if "sources" in step:
            declared_sources.apply(yaml.safe_dump({"sources": step["sources"]}))
        elif "load" in step:
            ingestion = load(step["load"])
            loaded[step["load"].get("label", str(number))] = ingestion.pk
        elif "undo" in step:
            key = loaded[step["undo"]]
            ingestions.undo(key, user=None, reason="By mistake.", enqueue=False)
            undoing.undo(key)
            assert Ingestion.objects.get(pk=key).status == "undone"
        else:
            hold(step["books"])


def load(step: dict[str, Any]) -> Ingestion:
    """Hand a file in, check it, and load what is good of it."""
    has_period = step["type"] in {"claims", "premiums"}
    end = step.get("period_end")
    ingestion = ingestions.submit(
        blocks=[step["csv"].encode()],
        file_name="file.csv",
        record_type=step["type"],
        source=ingestions.source_of(step.get("source")),
        door="test",
        period_end=parse_date(end) if end else None,
        declared=step.get("declare", "additional") if has_period else "",
        enqueue=False,
    )
    follow(ingestion, queue=False, approve=True, timeout=60)
    ingestion.refresh_from_db()
    expected(step.get("expect", {}), ingestion)
    return ingestion


def expected(want: dict[str, Any], ingestion: Ingestion) -> None:
    """What the check has to come to: status, rows by action, codes of issues."""
    codes = set(ingestion.issue_counts.get("by_code", {}))
    statuses = want.get("status", ["loaded"] if not want else [])
    statuses = [statuses] if isinstance(statuses, str) else statuses
    assert not statuses or ingestion.status in statuses, ingestion.message
    for action, count in want.get("rows", {}).items():
        assert getattr(ingestion, f"rows_{action}") == int(count), (action, codes)
    if "codes_any" in want:
        assert codes & set(want["codes_any"])
    if "some_issue" in want:
        assert codes - {"later_period_loaded", "duplicate_row"}
    assert not codes & set(want.get("codes_not", ()))


def hold(want: dict[str, Any]) -> None:
    """What the books have to hold now."""
    asked = {n: want[n] for n in ("claim", "treaty", "policy") if n in want}
    day = parse_date(want["as_at"]) if "as_at" in want else None
    rows = list(getattr(book_rows, want["kind"])(Wanted(**asked, as_at=day)))
    if "count" in want:
        assert len(rows) == int(want["count"])
    for name, total in want.get("sums", {}).items():
        assert sum(Decimal(row[name] or 0) for row in rows) == Decimal(total), name
    for like in want.get("has", ()):
        assert any(is_like(like, row) for row in rows), (like, rows)
    for like in want.get("has_not", ()):
        assert not any(is_like(like, row) for row in rows), (like, rows)


def is_like(want: Any, got: Any) -> bool:
    """Whether all that is named is so; amounts are compared as numbers."""
    if isinstance(want, dict):
        return all(is_like(value, got[name]) for name, value in want.items())
    if isinstance(want, list):
        pairs = zip(want, got, strict=False)
        return len(want) == len(got) and all(is_like(*pair) for pair in pairs)
    try:
        return Decimal(want) == Decimal(str(got))
    except InvalidOperation:
        return want == str(got or "")
