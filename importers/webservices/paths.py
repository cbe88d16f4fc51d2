"""Finding values in an answer: JMESPath, or JSONPath (RFC 9535) beginning with $."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jmespath
import jsonpath
from jmespath.exceptions import JMESPathError
from jsonpath.exceptions import JSONPathError

from importers.webservices.problems import BadFeed
from importers.webservices.values import Json


@lru_cache(maxsize=256)
def _compiled(path: str) -> Any:
    try:
        return (
            jsonpath.compile(path) if path.startswith("$") else jmespath.compile(path)
        )
    except (JMESPathError, JSONPathError) as error:
        raise BadFeed(
            f"“{path}” is no path into an answer. Write it as JMESPath (data.items) "
            "or JSONPath ($.data.items)."
        ) from error


def check(path: str) -> None:
    """Raise BadFeed where the path is not well formed."""
    if path:
        _compiled(path)


def find(path: str, body: Json) -> Json:
    """The value at the path; None where there is none.

    A JSONPath that finds one value gives it, one that finds several gives the list.
    """
    compiled = _compiled(path)
    if not path.startswith("$"):
        try:
            return compiled.search(body)
        except JMESPathError as error:
            raise BadFeed(f"“{path}” does not fit the answer: {error}") from error
    found = compiled.findall(body)
    if not found:
        return None
    return found[0] if len(found) == 1 else found


def text_at(path: str, body: Json) -> str:
    """The value as text; empty where there is none or it is no plain value."""
    value = find(path, body)
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, (dict, list)):
        return ""
    return plain(str(value))


def plain(text: str) -> str:
    """The text as the database can keep it: no NUL, no half of a character.

    Records with either are refused when they are read; until then their fields have
    names.
    """
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
