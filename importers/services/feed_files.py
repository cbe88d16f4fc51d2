"""Services and feeds in a YAML file: applied to the database, and written from it.

The format is described in ``docs/web-services.md``.  What a service or feed of the
file leaves out has its default; secrets are only named, as environment variables;
services and feeds that the file does not name are left alone, and so is where a feed
stands (cursor, pause, tokens).
"""

from collections.abc import Mapping
from typing import Any

import yaml
from django.db import transaction

from importers.models import Feed, WebService
from importers.services import feed_yaml, schedules
from importers.services.declared_feeds import Senders, save_feed
from importers.services.declared_services import save_service, suggested
from importers.services.feed_settings import (
    FEED,
    REFERENCES,
    SECRETS,
    SERVICE,
    Entry,
    Outcome,
    entry_of,
    written,
)
from importers.services.feed_yaml import Report

HEAD = "# Web services and their feeds. The format: docs/web-services.md\n"


def apply(
    text: str,
    *,
    environment: Mapping[str, str],
    is_trial: bool = False,
    only_missing: bool = False,
) -> list[Outcome]:
    """Make services and feeds be as the file has them, all or none of them.

    ``is_trial``: nothing is written in the end.  ``only_missing``: services that are
    there already are left alone, and so are feeds.  Raises BadFeedFile, which tells
    all that is wrong.
    """
    report = Report()
    services = _read(text, report)
    outcomes = []
    with transaction.atomic():
        if only_missing:
            known = set(WebService.objects.values_list("code", flat=True))
            taken = set(Feed.objects.values_list("code", flat=True))
            services = [
                (entry, [feed for feed in feeds if feed.code not in taken])
                for entry, feeds in services
                if entry.code not in known
            ]
        senders = Senders([feed for _, feeds in services for feed in feeds], report)
        for entry, feeds in services:
            service, outcome = save_service(entry, environment, report)
            outcomes.append(outcome)
            outcomes += [save_feed(feed, service, senders, report) for feed in feeds]
        report.end()
        transaction.set_rollback(is_trial)
    return outcomes


def _read(text: str, report: Report) -> list[tuple[Entry, list[Entry]]]:
    """The services of the file with their feeds; raises BadFeedFile for bad YAML."""
    root = feed_yaml.compose(text)
    if root is None or feed_yaml.is_null(root):
        report.say(1, "The file is empty. It begins with “services:”.")
        return []
    found = feed_yaml.entries(root, ("services",), "The file", report)
    if isinstance(root, yaml.MappingNode) and "services" not in found:
        report.say(1, "The file has no “services:”.")
    services: list[tuple[Entry, list[Entry]]] = []
    for _, listed in found.values():
        for node in feed_yaml.items(listed, "“services”", report):
            others = (*SECRETS, "feeds")
            entry = entry_of(node, SERVICE, others, "A service", report)
            services.append((entry, _feeds(entry, report)))
    _refuse_repeated([entry for entry, _ in services], report)
    _refuse_repeated([feed for _, feeds in services for feed in feeds], report)
    return services


def _feeds(entry: Entry, report: Report) -> list[Entry]:
    if "feeds" not in entry.nodes:
        return []
    return [
        entry_of(node, FEED, REFERENCES, "A feed", report)
        for node in feed_yaml.items(entry.nodes["feeds"], "“feeds”", report)
    ]


def _refuse_repeated(entries: list[Entry], report: Report) -> None:
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(entry.code, entry) if entry.code else entry
        if other is not entry:
            line = other.lines["code"]
            said = f"The code “{entry.code}” stands in line {line} already."
            entry.say(report, "code", said)


# -------------------------------------------------------------------- writing
def export() -> str:
    """All services and feeds as a file; no secret is in it, only where it belongs."""
    feeds: dict[int, list[Feed]] = {}
    for feed in Feed.objects.select_related("source", "mapping").order_by("code"):
        feeds.setdefault(feed.service_id, []).append(feed)
    taken: set[str] = set()
    services = [
        {
            **written(SERVICE, service),
            **{name: _secret(service, name, taken) for name in SECRETS},
            "feeds": [_feed(feed) for feed in feeds.get(service.pk, [])],
        }
        for service in WebService.objects.order_by("code")
    ]
    return HEAD + feed_yaml.dump({"services": services})


def _secret(service: WebService, name: str, taken: set[str]) -> dict[str, str] | None:
    """A variable for the secret, if there is one; not one of another service."""
    if not getattr(service, name):
        return None
    variable = first = suggested(service.code, name)
    number = 1
    while variable in taken:
        number += 1
        variable = f"{first}_{number}"
    taken.add(variable)
    return {"env": variable}


def _feed(feed: Feed) -> dict[str, Any]:
    told = written(FEED, feed)
    times = schedules.times_of(feed.pk)
    schedule: dict[str, Any] | None = None
    if times is not None and (times.cron or times.minutes):
        schedule = {"cron": times.cron} if times.cron else {"minutes": times.minutes}
    return {
        **told,
        "source": {"code": feed.source.code, "name": feed.source.name},
        "mapping": feed.mapping.name if feed.mapping else None,
        "schedule": schedule,
    }
