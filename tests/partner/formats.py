"""The claims in other formats than JSON, by page number; an empty page is the end."""

from __future__ import annotations

import csv
import io
from xml.sax.saxutils import escape

from tests.partner.records import Record, to_json
from tests.partner.styles import numbered
from tests.partner.values import Answer, Endpoint, Request


def json_list(request: Request) -> Answer:
    """A bare list."""
    selection, page, size, _ = numbered(request)
    return Answer(selection.json((page - 1) * size, size))


def json_lines(request: Request) -> Answer:
    """One record a line."""
    selection, page, size, _ = numbered(request)
    rows = selection.page((page - 1) * size, size)
    body = b"".join(to_json(row) + b"\n" for row in rows)
    return Answer(body, content_type="application/x-ndjson")


def comma_separated(request: Request) -> Answer:
    """A header on each page, also the empty one; the last column has no name."""
    selection, page, size, _ = numbered(request)
    text = io.StringIO()
    writer = csv.writer(text)
    names = list(request.book.records[0])
    writer.writerow([*names, ""])
    for row in selection.page((page - 1) * size, size):
        writer.writerow([*(_text(row[name]) for name in names), ""])
    return Answer(text.getvalue().encode(), content_type="text/csv; charset=utf-8")


def xml(request: Request) -> Answer:
    """`claims/claim`, an element a field; nulls are empty elements."""
    selection, page, size, _ = numbered(request)
    rows = selection.page((page - 1) * size, size)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<claims page="{page}">{"".join(map(_element, rows))}</claims>'
    )
    return Answer(text.encode(), content_type="application/xml; charset=utf-8")


def _element(row: Record) -> str:
    cells = (f"<{name}>{escape(_text(row[name]))}</{name}>" for name in row)
    return f"<claim>{''.join(cells)}</claim>"


def _text(value: object) -> str:
    return "" if value is None else str(value)


ENDPOINTS: dict[str, Endpoint] = {
    "/formats/json": json_list,
    "/formats/jsonl": json_lines,
    "/formats/csv": comma_separated,
    "/formats/xml": xml,
}
