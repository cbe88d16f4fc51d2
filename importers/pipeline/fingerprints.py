"""What was approved, in a form that can be compared: fingerprint and difference."""

import json
from hashlib import sha256
from typing import Any

from importers.pipeline.effects import Effect


def as_plain(effect: Effect) -> dict[str, Any]:
    """The effect as it is stored and compared: plain JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(effect.as_json(), default=str))
    return plain


def fingerprint(sha: str, mapping: Any, effect: dict[str, Any]) -> str:
    """The fingerprint of content, mapping and expected effect, in hexadecimal."""
    text = json.dumps([sha, mapping, effect], sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()


def difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    """In words: what loading would do now that it would not have done then."""
    said = []
    for part, what in (("rows", "rows {}"), ("codes", "{}"), ("moves", "{}")):
        old, new = before.get(part, {}), after.get(part, {})
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                called = what.format(name.replace("_", " "))
                said.append(
                    f"{called}: {old.get(name, 0)} then, {new.get(name, 0)} now"
                )
    if before.get("lacking", 0) != after.get("lacking", 0):
        said.append(
            f"left out by the correction: {before.get('lacking', 0)} then, "
            f"{after.get('lacking', 0)} now"
        )
    elif before.get("lacking_digest") != after.get("lacking_digest"):
        said.append("what the correction leaves out is something else now")
    old, new = before.get("before", {}), after.get("before", {})
    others = [n for n in sorted({*old, *new}) if old.get(n) != new.get(n)]
    if others:
        said.append(
            f"what the file changes is not what it was then ({', '.join(others)}): see "
            "before and after under Changes, and the issues"
        )
    return "; ".join(said)
