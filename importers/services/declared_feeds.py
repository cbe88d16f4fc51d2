"""A feed of a file becomes a row, with its sender, mapping and times."""

import yaml
from django.core.exceptions import ValidationError

from importers import record_types
from importers.exceptions import ImporterError, MappingProblem
from importers.models import Feed, Mapping, Source, WebService
from importers.services import feed_yaml, mappings, schedules
from importers.services.feed_rules import problems_of_feed
from importers.services.feed_settings import Entry, Outcome
from importers.services.feed_yaml import Report, Wrong

Times = tuple[str, int | None]


class Senders:
    """The senders that feeds name; one with a name is made if it is not there."""

    def __init__(self, feeds: list[Entry], report: Report) -> None:
        self._codes: dict[int, str] = {}
        names: dict[str, str] = {}
        for feed in feeds:
            code, name = _sender(feed, report)
            self._codes[id(feed)] = code
            if name:
                names.setdefault(code, name)
        wanted = set(self._codes.values())
        self._known = {s.code: s for s in Source.objects.filter(code__in=wanted)}
        for code, name in names.items():
            if code not in self._known:
                self._known[code] = Source.objects.create(code=code, name=name)

    def of(self, entry: Entry, report: Report) -> Source | None:
        """The feed's sender; None where there is none, which is reported."""
        code = self._codes[id(entry)]
        if code and code not in self._known:
            known = ", ".join(Source.objects.values_list("code", flat=True)) or "none"
            said = (
                f"There is no source “{code}”. Write {{code: {code}, name: …}} and it "
                f"is made. Known: {known}."
            )
            entry.say(report, "source", said)
        return self._known.get(code)


def _sender(entry: Entry, report: Report) -> tuple[str, str]:
    """Code and name of a feed's sender; empty texts where they are wrong."""
    node = entry.nodes.get("source")
    if node is None or feed_yaml.is_null(node):
        entry.say(report, "source", "A feed needs “source”, the code of its sender.")
        return "", ""
    try:
        if isinstance(node, yaml.ScalarNode):
            return feed_yaml.text_of(node), ""
        found = feed_yaml.entries(node, ("code", "name"), "“source”", report)
        said = {}
        for name, (_, value) in found.items():
            model_field = getattr(Source, name).field
            said[name] = model_field.clean(feed_yaml.text_of(value), None)
    except Wrong as problem:
        entry.say(report, "source", f"“source” {problem.message}")
        return "", ""
    except ValidationError as error:
        entry.say(report, "source", f"“source”: {' '.join(error.messages)}")
        return "", ""
    if "code" not in said:
        entry.say(report, "source", "“source” needs a “code”.")
        return "", ""
    return said["code"], said.get("name", "")


def save_feed(
    entry: Entry, service: WebService, senders: Senders, report: Report
) -> Outcome:
    """Make or change the feed that the entry declares; report what is wrong."""
    feed = Feed.objects.filter(code=entry.code).first() or Feed()
    before = {n: getattr(feed, f"{n}_id") for n in ("service", "source", "mapping")}
    changed = entry.assign(feed)
    feed.service = service
    sender = senders.of(entry, report)
    if sender is not None:
        feed.source = sender
        feed.mapping = _mapping(entry, sender, report)
    changed += [n for n, key in before.items() if getattr(feed, f"{n}_id") != key]
    for name, said in problems_of_feed(feed).items():
        entry.say(report, name, f"“{name}”: {said}")
    times = _times(entry, report)
    is_new_time = times != _times_now(feed)
    if is_new_time:
        changed.append("schedule")
    if service._state.adding:
        return Outcome("feed", entry.code, "created")
    outcome = entry.save(feed, changed)
    if feed.pk and is_new_time and not entry.wrong:
        _set_times(feed, *times)
    return outcome


def _mapping(entry: Entry, sender: Source, report: Report) -> Mapping | None:
    """The mapping that the feed names, its sender's own before a shipped one."""
    node, slug = entry.nodes.get("mapping"), entry.values.get("record_type", "")
    if node is None or feed_yaml.is_null(node) or not slug:
        return None
    try:
        return mappings.find(record_types.get(slug), sender, feed_yaml.text_of(node))
    except Wrong as problem:
        entry.say(report, "mapping", f"“mapping” {problem.message}")
    except MappingProblem as problem:
        entry.say(report, "mapping", problem.message)
    return None


def _times(entry: Entry, report: Report) -> Times:
    """The cron line or the minutes; neither where there is no schedule."""
    node = entry.nodes.get("schedule")
    if node is None or feed_yaml.is_null(node):
        return "", None
    known = ("cron", "minutes")
    found = feed_yaml.entries(node, known, "“schedule”", report)
    if not found:
        entry.say(report, "schedule", "“schedule” takes {cron: …} or {minutes: …}.")
        return "", None
    try:
        cron = feed_yaml.text_of(found["cron"][1]) if "cron" in found else ""
        minutes = (
            feed_yaml.number_of(found["minutes"][1]) if "minutes" in found else None
        )
        schedules.check_times(cron, minutes)
    except Wrong as problem:
        entry.say(report, "schedule", f"“schedule” {problem.message}")
    except ImporterError as problem:
        entry.say(report, "schedule", problem.message)
    else:
        return cron, minutes
    return "", None


def _times_now(feed: Feed) -> Times:
    times = schedules.times_of(feed.pk) if feed.pk else None
    return (times.cron, times.minutes) if times else ("", None)


def _set_times(feed: Feed, cron: str, minutes: int | None) -> None:
    if cron or minutes:
        schedules.set_times(feed.pk, user=None, cron=cron, minutes=minutes)
    else:
        schedules.clear_times(feed.pk, user=None)
