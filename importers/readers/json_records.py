"""One line of JSON becomes names and cells: nested names dotted, digits as sent."""

from __future__ import annotations

import json
from typing import Any

#: What a cell is before it is text; None is an empty one.
Cell = str | bool | None


class RepeatedName(ValueError):  # noqa: N818 (a value the caller words)
    """Two fields of a record have one name; ``str()`` is that name."""


class _Number(str):
    """The digits of a number, told from a text of the same digits."""

    __slots__ = ()


_quick = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str).raw_decode
#: Objects as tuples of pairs, so that a name sent twice is seen; lists stay lists.
_careful = json.JSONDecoder(
    object_pairs_hook=tuple,
    parse_float=_Number,
    parse_int=_Number,
    parse_constant=_Number,
).raw_decode


def flat_record(line: str) -> tuple[tuple[str, ...], tuple[Cell, ...]]:
    """Names and cells of the object on a line without blanks around it.

    Raises RepeatedName, another ValueError where the line is no JSON object, and
    RecursionError where it is nested some hundred levels deep.
    """
    # One brace and no bracket, in a text or not: nothing can be nested.
    if line.count("{") == 1 and "[" not in line:
        record, end = _quick(line)
        # Each name ends in a quote and a colon. As many of these as names are left
        # means that none was sent twice, if no blank stands between the two.
        if (
            end == len(line)
            and type(record) is dict
            and line.count('":') == len(record)
            and " :" not in line
            and "\t:" not in line
            and "\r:" not in line
        ):
            return tuple(record), tuple(record.values())
    pairs, end = _careful(line)
    if end != len(line) or type(pairs) is not tuple:
        raise ValueError("no JSON object, or more than one")
    names: list[str] = []
    cells: list[Cell] = []
    _flatten(pairs, "", names, cells)
    _refuse_repeated(names)
    return tuple(names), tuple(cells)


def _flatten(
    pairs: tuple[tuple[str, Any], ...], prefix: str, names: list[str], cells: list[Cell]
) -> None:
    keys = [prefix + key for key, _value in pairs]
    _refuse_repeated(keys)
    for name, (_key, value) in zip(keys, pairs, strict=True):
        if type(value) is tuple:
            _flatten(value, f"{name}.", names, cells)
        else:
            names.append(name)
            cells.append(_listed(value) if type(value) is list else value)


def _refuse_repeated(names: list[str]) -> None:
    if len(set(names)) == len(names):
        return
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise RepeatedName(name)
        seen.add(name)


def _listed(values: list[Any]) -> str:
    """A list of plain values joined with "; ", any other as compact JSON."""
    if any(type(value) in (list, tuple) for value in values):
        return _compact(values)
    return "; ".join(map(text_of, values))


def text_of(cell: Cell) -> str:
    """The cell as it will be read: true, false, nothing for null, or its text."""
    if cell is None:
        return ""
    if cell is True:
        return "true"
    return "false" if cell is False else cell


def _compact(value: Any) -> str:
    """JSON without needless blanks, its numbers as they were sent."""
    if type(value) is list:
        return "[" + ",".join(map(_compact, value)) + "]"
    if type(value) is tuple:
        pairs = (f"{_compact(key)}:{_compact(item)}" for key, item in value)
        return "{" + ",".join(pairs) + "}"
    if type(value) is _Number:
        return str(value)
    return json.dumps(value, ensure_ascii=False)
