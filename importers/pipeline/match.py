"""Stage three: which header means which column of the record type.

A header that can mean two things is never guessed: the clerk is asked once, and the
answer is remembered for the sender.
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from importers.record_types import RecordType

Decision = Literal["auto", "ask", "ignore"]
NEARLY = 0.88
SECOND = 0.9
"""How sure a meaning is that gives way to another one of the same header."""
Known = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Match:
    """What a header means: the field, how sure that is (0 to 1), what to do."""

    header: str
    position: int
    field: str
    confidence: float
    decision: Decision
    percent: bool = False
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matches:
    """All headers of a file, constants, and the required fields nothing fills."""

    columns: tuple[Match, ...]
    missing: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        """Whether the file can be read without asking anyone."""
        return not self.missing and all(m.decision != "ask" for m in self.columns)

    @property
    def used(self) -> dict[str, Match]:
        """Matches by field, where the header is used."""
        return {m.field: m for m in self.columns if m.decision == "auto"}

    def as_json(self) -> dict[str, Any]:
        """Plain values: kept with the ingestion and printed by the command."""
        return {
            "columns": {
                m.header: {
                    "field": m.field or None,
                    "confidence": round(m.confidence, 3),
                    "decision": m.decision,
                    "percent": m.percent,
                    "candidates": list(m.candidates),
                }
                for m in self.columns
                if m.header
            },
            "missing": list(self.missing),
            "constants": dict(self.constants),
        }


def normal(header: str) -> str:
    """A header in comparable form: no case, marks, units, codes or punctuation."""
    text = re.sub(r"\s+", " ", header).strip().casefold()
    text = re.sub(r"[*†‡§¹²³]+", " ", text)
    text = re.sub(r"\((?:[a-z]{3}|000s?|%|[£$€])\)", " ", text)
    text = re.sub(r"(?<=\w)%|%(?=\w)", " % ", text)
    text = re.sub(r"[^0-9a-z%#à-ÿ]+", " ", text)
    stripped = re.sub(r"\bcr\d{4}\b", " ", text)
    return " ".join((stripped if stripped.strip() else text).split())


def _packed(header: str) -> str:
    """As :func:`normal`, without spaces: ``PolicyNumber`` is "policy number"."""
    return normal(header).replace(" ", "")


@cache
def _vocabulary(
    record_type: RecordType,
) -> tuple[dict[str, dict[str, float]], dict[str, set[str]]]:
    """Words to fields with confidence, and words that only suggest fields."""
    known: dict[str, dict[str, float]] = defaultdict(dict)
    unsure: dict[str, set[str]] = defaultdict(set)
    for name, column in record_type.columns.items():
        own, other = (SECOND, SECOND) if column.gives_way else (1.0, 0.95)
        for word in (name, str(column.column_name)):
            known[_packed(word)][name] = own
        for word in column.synonyms:
            known[_packed(word)].setdefault(name, other)
        for word in column.ask:
            unsure[_packed(word)].add(name)
    return dict(known), dict(unsure)


def _meanings(header: str, known: Known) -> Mapping[str, float]:
    """Fields that a header may mean, and how sure that is; by its code if need be."""
    code = re.search(r"\bcr\d{4}\b", header.casefold())
    return known.get(_packed(header)) or (known.get(code[0]) if code else None) or {}


def _guess(
    header: str,
    known: Known,
    unsure: Mapping[str, set[str]],
) -> tuple[str, float, Decision, tuple[str, ...]]:
    word = _packed(header)
    if not word:
        return "", 0.0, "ignore", ()
    fields = _meanings(header, known)
    best = [n for n, sure in fields.items() if sure == max(fields.values())]
    if len(best) == 1 and word not in unsure:
        return best[0], fields[best[0]], "auto", tuple(best)
    candidates = tuple(sorted({*best, *unsure.get(word, ())}))
    if candidates:
        return candidates[0], 0.5, "ask", candidates
    close = difflib.get_close_matches(word, known, n=1, cutoff=NEARLY)
    if close and len(word) >= 5:
        names = tuple(sorted(known[close[0]]))
        ratio = difflib.SequenceMatcher(None, word, close[0]).ratio()
        return names[0], ratio * 0.8, "ask", names
    return "", 0.0, "ignore", ()


def match(
    header: Sequence[str],
    record_type: RecordType,
    *,
    remembered: Mapping[str, Mapping[str, Any]] | None = None,
    constants: Mapping[str, str] | None = None,
) -> Matches:
    """Match headers to the record type's fields.

    ``remembered`` is a confirmed mapping's ``columns`` (normal header to field and
    ``percent``); what it says is final.  ``constants`` gives a field the same text in
    every row.
    """
    known, unsure = _vocabulary(record_type)
    remembered = remembered or {}
    constants = {n: t for n, t in (constants or {}).items() if n in record_type.columns}
    found: list[Match] = []
    for position, text in enumerate(header):
        said = remembered.get(normal(text)) if text.strip() else None
        if said is not None:
            name = str(said.get("field") or "")
            if name and name not in record_type.columns:
                name = ""
            decision: Decision = "auto" if name else "ignore"
            percent = bool(said.get("percent"))
            found.append(Match(text, position, name, 1.0, decision, percent, (name,)))
            continue
        name, sure, decision, candidates = _guess(text, known, unsure)
        percent = False
        found.append(Match(text, position, name, sure, decision, percent, candidates))
    found = _settle(found, known, remembered)
    filled = {m.field for m in found if m.decision == "auto"} | set(constants)
    missing = tuple(n for n in record_type.required if n not in filled)
    found = [_drop_needless(m, filled) for m in found]
    return Matches(tuple(found), missing, constants)


def _settle(
    found: list[Match], known: Known, remembered: Mapping[str, Any]
) -> list[Match]:
    """Two headers for one field: the surer one has it, equals are asked about.

    A header that has another meaning gives way to one that has none.
    """
    by_field: dict[str, list[Match]] = defaultdict(list)
    for m in found:
        if m.decision == "auto":
            by_field[m.field].append(m)
    taken = set(by_field)
    replaced: dict[int, Match] = {}
    for rivals in by_field.values():
        if len(rivals) < 2:
            continue
        best = max(m.confidence for m in rivals)
        winners = [m for m in rivals if m.confidence == best]
        firm = [m for m in winners if not _others(m, known, taken, remembered)]
        winners = firm or winners[:1]
        for m in rivals:
            if m in winners and len(winners) == 1:
                continue
            if others := _others(m, known, taken, remembered):
                taken.add(others[0])
                sure = known_as(m.header, known, others[0])
                replaced[m.position] = replace(
                    m, field=others[0], confidence=sure, candidates=others[:1]
                )
                continue
            decision: Decision = "ask" if m in winners else "ignore"
            replaced[m.position] = replace(
                m, confidence=0.5, decision=decision, candidates=(m.field,)
            )
    return [replaced.get(m.position, m) for m in found]


def known_as(header: str, known: Known, name: str) -> float:
    """How sure it is that the header means the field."""
    return _meanings(header, known)[name]


def _others(
    m: Match,
    known: Known,
    taken: Collection[str],
    remembered: Mapping[str, Any],
) -> tuple[str, ...]:
    """Other fields that the header may mean and no other header has taken."""
    if normal(m.header) in remembered:
        return ()
    meanings = _meanings(m.header, known)
    rest = [name for name in meanings if name != m.field and name not in taken]
    return tuple(sorted(rest, key=lambda name: -meanings[name]))


def _drop_needless(m: Match, filled: set[str]) -> Match:
    """A question whose every answer another header has given is not worth asking."""
    if m.decision == "ask" and set(m.candidates) <= filled:
        return Match(m.header, m.position, "", 0.0, "ignore", m.percent, ())
    return m
