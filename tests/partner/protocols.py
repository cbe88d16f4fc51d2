"""Pagination that a protocol prescribes: OData and JSON:API, the latter as GLEIF's."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from tests.partner.records import PLACE, Record, to_json
from tests.partner.styles import SIZE, chosen
from tests.partner.values import Answer, Endpoint, Refused, Request, problem

# -- OData ----------------------------------------------------------------------------


def odata(request: Request) -> Answer:
    """`@odata.nextLink`; page size by `Prefer: odata.maxpagesize`, or `size`."""
    preferred = re.search(r"maxpagesize=(\d+)", request.headers.get("Prefer", ""))
    size = int(preferred[1]) if preferred else request.number("size", SIZE)
    return _odata_page(request, 0, size)


def odata_next(request: Request) -> Answer:
    """A next link of OData, refused if it was not followed as it is."""
    found = re.fullmatch(
        r"/odata/next 'page' of \"Claims\"&skip=(\d+)&size=(\d+)&(.*)", request.path
    )
    if not found or request.query:
        return problem(400, f"Next link changed: {request.target}")
    filters = parse_qsl(found[3])
    return _odata_page(replace(request, query=filters), int(found[1]), int(found[2]))


def _odata_page(request: Request, start: int, size: int) -> Answer:
    selection = chosen(request)
    body: dict[str, object] = {"@odata.context": "$metadata#Claims"}
    if request.get("$count") == "true":
        body["@odata.count"] = len(selection)
    if start + size < len(selection):
        filters = urlencode([(n, v) for n, v in request.query if n != "size"])
        place = f"skip={start + size}&size={size}&{filters}"
        body["@odata.nextLink"] = (
            f"{request.base}/odata/next 'page' of \"Claims\"&{place}"
        )
    body |= {"@partner.tips": "Use $select.", "value": PLACE}
    return Answer(
        to_json(body, selection.json(start, size)),
        content_type="application/json;odata.metadata=minimal;charset=utf-8",
        headers=(("OData-Version", "4.0"),),
    )


# -- JSON:API -------------------------------------------------------------------------


def json_api(*, is_null_at_end: bool = False, is_moving: bool = False) -> Endpoint:
    """As GLEIF: `page[number]` or `page[cursor]=*`, `page[size]` up to 200.

    The next link drops `fields[claims]` and the `>=` of `filter[updated_at]`, so that
    it asks for other records.  ``is_null_at_end``: `links.next` is null on the last
    page, not missing.  ``is_moving``: `publishDate` changes from page to page.
    """

    def endpoint(request: Request) -> Answer:
        size = request.number("page[size]", 15)
        if not 1 <= size <= 200:
            return problem(400, "page[size] must be from 1 to 200")
        wanted = request.get("filter[updated_at]")
        name = "updated_since" if wanted.startswith(">=") else "updated_at"
        filters = [*request.query, (name, wanted.removeprefix(">="))]
        selection = chosen(replace(request, query=filters))
        last = -(-len(selection) // size)
        at = request.get("page[cursor]")
        page = _after(at) if at else request.number("page[number]", 1)
        start = (page - 1) * size
        pagination: dict[str, object] = {"perPage": size, "total": len(selection)}
        if not at:
            reach = {"from": start + 1, "to": min(start + size, len(selection))}
            pagination |= {"currentPage": page, "lastPage": last, **reach}
        links: dict[str, object] = {"first": _shortened(request, at, 1)}
        if page < last:
            links["next"] = _shortened(request, at, page + 1)
        elif is_null_at_end:
            links["next"] = None
        published = f"2026-07-06T{8 + page % 12 if is_moving else 8:02d}:00:00Z"
        body = {
            "meta": {
                "goldenCopy": {"publishDate": published},
                "pagination": pagination,
            },
            "links": links,
            "data": [_resource(row, request) for row in selection.page(start, size)],
        }
        return Answer(to_json(body), content_type="application/vnd.api+json")

    return endpoint


def _resource(row: Record, request: Request) -> Record:
    wanted = request.get("fields[claims]")
    names = wanted.split(",") if wanted else [name for name in row if name != "id"]
    address = f"{request.base}{request.path}/{row['id']}"
    return {
        "type": "claims",
        "id": row["id"],
        "attributes": {name: row[name] for name in names if name in row},
        "links": {"self": address},
    }


def _shortened(request: Request, cursor: str, page: int) -> str:
    changes: dict[str, object] = {"fields[claims]": None}
    wanted = request.get("filter[updated_at]")
    if wanted:
        changes["filter[updated_at]"] = wanted.removeprefix(">=")
    if cursor:
        changes["page[cursor]"] = _before(page) if page > 1 else "*"
    else:
        changes["page[number]"] = page
    return request.link(**changes)


def _before(page: int) -> str:
    return base64.urlsafe_b64encode(f"page {page}".encode()).decode()


def _after(cursor: str) -> int:
    if cursor == "*":
        return 1
    try:
        return int(base64.urlsafe_b64decode(cursor).removeprefix(b"page "))
    except ValueError as error:
        raise Refused(problem(400, f"Unknown cursor {cursor}")) from error


ENDPOINTS: dict[str, Endpoint] = {
    "/odata/Claims": odata,
    "/odata/next ": odata_next,
    "/gleif/claims": json_api(),
    "/gleif/moving": json_api(is_moving=True),
    "/jsonapi/claims": json_api(is_null_at_end=True),
}
"""A path that ends with a space or a slash takes all that begin with it."""
