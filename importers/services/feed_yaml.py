"""YAML whose every value knows its line, so that what is wrong with it can be shown.

Texts stay as they are written: ``NO`` is Norway and ``2026-01-31`` a text.  Only
``true``, ``false``, ``null`` and decimal numbers are anything else.
"""

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from importers.exceptions import ImporterError

MOST_LEVELS = 60
NOT_STORABLE = "holds a character that is no text."
_TAG = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT = (f"{_TAG}{n}" for n in ("null", "bool", "int", "float"))


class BadFeedFile(ImporterError):  # noqa: N818 (names are the trade's)
    """A file of services and feeds is not right; ``problems``: lines and sentences."""

    code = "bad_feed_file"

    def __init__(self, problems: Iterable[tuple[int, str]]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(f"{line}: {said}" for line, said in self.problems))


class Wrong(ImporterError):  # noqa: N818 (names are the trade's)
    """One value is not right."""

    code = "bad_feed_file"


@dataclass(slots=True)
class Report:
    """What was found wrong so far, by line."""

    problems: list[tuple[int, str]] = field(default_factory=list)

    def say(self, line: int, sentence: str) -> None:
        """Add a problem."""
        self.problems.append((line, sentence))

    def end(self) -> None:
        """Raise BadFeedFile where there was any."""
        if self.problems:
            raise BadFeedFile(self.problems)


class _Loader(yaml.SafeLoader):
    """Composes nodes only; without aliases, with the few kinds of plain values."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    levels = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        self.levels += 1
        problem = ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem = "“&” and “*” are not used in this file; write the value out"
        elif getattr(event, "tag", None):
            problem = "“!” is not used in this file; put a text into quotation marks"
        elif self.levels > MOST_LEVELS:
            problem = "this is nested too deep"
        if problem:
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self.levels -= 1
        return node


for _tag, _pattern, _first in (
    (_NULL, r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (_BOOL, r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    (_INT, r"[-+]?[0-9]{1,18}", list("-+0123456789")),
    (_FLOAT, r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]{1,2})?", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), _first)


def compose(text: str) -> yaml.Node | None:
    """The root of the text, None where it is empty; raises BadFeedFile."""
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"This is no good YAML: {error.problem or error.context}."
        raise BadFeedFile([((mark.line if mark else 0) + 1, said)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        said = "There is a character here that YAML does not allow."
        raise BadFeedFile([(line, said)]) from error


def line_of(node: yaml.Node) -> int:
    """The line on which the value begins, from 1."""
    return node.start_mark.line + 1


def entries(
    node: yaml.Node, known: Collection[str], what: str, report: Report
) -> dict[str, tuple[int, yaml.Node]]:
    """Settings by name, each with its line; unknown and repeated ones are reported.

    ``known`` empty: any name will do.
    """
    if not isinstance(node, yaml.MappingNode):
        report.say(line_of(node), f"{what} has to be names and values (name: value).")
        return {}
    found: dict[str, tuple[int, yaml.Node]] = {}
    for key, value in node.value:
        line = line_of(key)
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if not name:
            report.say(line, "A name is missing here.")
        elif not _is_storable(name):
            report.say(line, f"A name {NOT_STORABLE}")
        elif known and name not in known:
            report.say(line, _unknown(name, known, what))
        elif name in found:
            report.say(line, f"“{name}” stands in line {found[name][0]} already.")
        else:
            found[name] = (line, value)
    return found


def _unknown(name: str, known: Collection[str], what: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    advice = f"Did you mean “{close[0]}”?" if close else f"Known: {', '.join(known)}."
    return f"{what} has no setting “{name}”. {advice}"


def items(node: yaml.Node, what: str, report: Report) -> list[yaml.Node]:
    """The members of a list; none where there is no list, which is reported."""
    if is_null(node):
        return []
    if not isinstance(node, yaml.SequenceNode):
        report.say(line_of(node), f"{what} is a list: begin each one with “- ”.")
        return []
    return list(node.value)


def is_null(node: yaml.Node) -> bool:
    """Whether nothing stands there, or null."""
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL


def text_of(node: yaml.Node) -> str:
    """A text as written, empty for nothing; raises Wrong."""
    if is_null(node):
        return ""
    if not isinstance(node, yaml.ScalarNode):
        raise Wrong("takes one text, no list and no names.")
    if not _is_storable(node.value):
        raise Wrong(NOT_STORABLE)
    return str(node.value)


def _is_storable(text: str) -> bool:
    """Whether it is text: no NUL, no half character."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def number_of(node: yaml.Node) -> int:
    """A whole number; raises Wrong."""
    if isinstance(node, yaml.ScalarNode) and node.tag == _INT:
        return int(node.value)
    raise Wrong("takes a whole number.")


def truth_of(node: yaml.Node) -> bool:
    """Yes or no; raises Wrong."""
    if isinstance(node, yaml.ScalarNode) and node.tag == _BOOL:
        return node.value.lower() == "true"
    raise Wrong("takes true or false.")


def texts_of(node: yaml.Node) -> list[str]:
    """A list of texts; raises Wrong."""
    if isinstance(node, yaml.SequenceNode):
        return [text_of(member) for member in node.value]
    raise Wrong("takes a list: [one, two].")


def json_of(node: yaml.Node, report: Report) -> Any:
    """Any value that JSON can hold; repeated names are reported."""
    if isinstance(node, yaml.MappingNode):
        found = entries(node, (), "An object", report)
        return {name: json_of(value, report) for name, (_, value) in found.items()}
    if isinstance(node, yaml.SequenceNode):
        return [json_of(member, report) for member in node.value]
    if node.tag == _BOOL:
        return truth_of(node)
    if node.tag == _INT:
        return int(node.value)
    if node.tag == _FLOAT:
        return float(node.value)
    if is_null(node):
        return None
    if not _is_storable(node.value):
        report.say(line_of(node), f"A text {NOT_STORABLE}")
    return str(node.value)


class _Dumper(yaml.SafeDumper):
    """Writes lists indented below their name, and no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def dump(value: Any) -> str:
    """Values as YAML, in their order; reads back as the same values."""
    return str(
        yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=88)
    )
