"""The body of an answer as values: JSON, JSON lines, CSV or XML."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from email.message import Message
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from importers.webservices.answers import KEPT
from importers.webservices.hosts import shown
from importers.webservices.problems import (
    HtmlAnswer,
    NotReadable,
    WrongCharset,
    WrongContentType,
)
from importers.webservices.values import Answer, Format, Json

_HTML = re.compile(rb"\s*<(?:!doctype html|html|head|body)[\s>]", re.I)
_KINDS = {
    Format.JSON: ("json", "javascript"),
    Format.JSON_LINES: ("json", "jsonl"),
    Format.CSV: ("csv", "excel", "tab-separated"),
    Format.XML: ("xml",),
}
MALFORMED = (csv.Error, ParseError, DefusedXmlException, RecursionError)
NO_CONTENT = 204
_VAGUE = ("", "text/plain", "application/octet-stream", "binary/octet-stream")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(answer: Answer, format: Format) -> Json:
    """The answer's body; a list of objects for JSON lines and CSV.

    No content (204) is an empty list.  Decimal numbers stay as they were written
    (``Decimal``).  XML becomes an object below the root: attributes and children by
    name, repeated children as a list.
    Raises HtmlAnswer, WrongContentType, WrongCharset or NotReadable.
    """
    if answer.status == NO_CONTENT:
        return []
    kind, charset = _content_type(answer)
    _refuse_html(answer, kind)
    is_fitting = kind in _VAGUE or any(part in kind for part in _KINDS[format])
    if not is_fitting:
        raise WrongContentType(
            f"{shown(answer.url)} answers with “{kind}” instead of {format.value}. "
            "Check the path and the format of the feed.",
            payload=answer.body[:KEPT],
        )
    try:
        if format == Format.XML:
            return _xml(answer.body)
        return _READERS[format](_text(answer, charset))
    except (ValueError, *MALFORMED) as error:
        raise NotReadable(
            f"The answer of {shown(answer.url)} is not readable as {format.value}. "
            "Tell the partner; what they sent is kept with the sync.",
            payload=answer.body[:KEPT],
        ) from error


def _content_type(answer: Answer) -> tuple[str, str]:
    message = Message()
    message["content-type"] = answer.headers.get("content-type", "")
    stated = bool(answer.headers.get("content-type"))
    charset = message.get_content_charset() or ""
    return (message.get_content_type() if stated else ""), charset


def _refuse_html(answer: Answer, kind: str) -> None:
    if kind == "text/html" or _HTML.match(answer.body[:512]):
        raise HtmlAnswer(
            f"{shown(answer.url)} answers with a web page, perhaps to sign in, instead "
            "of data. Check the address and the way of signing in.",
            payload=answer.body[:KEPT],
        )


def _text(answer: Answer, charset: str) -> str:
    body = answer.body
    for mark, name in _BOMS:
        if body.startswith(mark):
            charset = name
            break
    else:
        charset = charset or ("utf-16" if b"\0" in body[:4] else "utf-8")
    try:
        return body.decode(charset)
    except (LookupError, UnicodeDecodeError) as error:
        raise WrongCharset(
            f"The answer of {shown(answer.url)} is not written in {charset}, as it "
            "says. Tell the partner; what they sent is kept with the sync.",
            payload=body[:KEPT],
        ) from error


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


def _json(text: str) -> Json:
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def _json_lines(text: str) -> Json:
    return [_json(line) for line in text.split("\n") if line.strip()]


def _csv(text: str) -> Json:
    sample = text[: 1 << 16]
    first = sample.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    if not rows:
        return []
    header = rows[0]
    records = []
    for row in rows[1:]:
        if any(row):
            if any(row[len(header) :]):
                raise ValueError("A row has more cells than the header")
            pairs = zip(header, row, strict=False)
            records.append({name: cell for name, cell in pairs if name})
    return records


def _xml(body: bytes) -> Json:
    root = fromstring(body, forbid_dtd=True)
    return {_local(root): _element(root)}


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _element(element: Element) -> Json:
    found: dict[str, Json] = {
        name.rpartition("}")[2]: text for name, text in element.attrib.items()
    }
    for child in element:
        name, value = _local(child), _element(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    text = (element.text or "").strip()
    if not found:
        return text or None
    if text:
        found["text"] = text
    return found


_READERS: dict[Format, Callable[[str], Json]] = {
    Format.JSON: _json,
    Format.JSON_LINES: _json_lines,
    Format.CSV: _csv,
}
