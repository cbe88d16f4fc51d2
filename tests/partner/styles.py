"""Pagination by numbers and cursors: single pages, page numbers, offsets, cursors."""

from __future__ import annotations

import base64

from tests.partner.records import PLACE, EndlessClaims, Selection, to_json
from tests.partner.values import Answer, Endpoint, Refused, Request, problem

SIZE = 100
MOST = 1_000
LARGEST = 200_000
CAP = 40
"""What the capped endpoints send at most, whatever is asked for."""


def chosen(request: Request) -> Selection:
    """The records that the request's filters let through."""
    try:
        return request.book.select(request.query)
    except ValueError as error:
        raise Refused(problem(400, str(error))) from error


def _data(envelope: object, selection: Selection, start: int, size: int) -> Answer:
    return Answer(to_json(envelope, selection.json(start, size)))


# -- single page ----------------------------------------------------------------------


def single(envelope: object) -> Endpoint:
    """All records at once."""

    def endpoint(request: Request) -> Answer:
        selection = chosen(request)
        return _data(envelope, selection, 0, min(len(selection), LARGEST))

    return endpoint


def single_one(request: Request) -> Answer:
    """The first record alone, under `data`."""
    return Answer(to_json({"data": request.book.records[0]}))


# -- page number ----------------------------------------------------------------------


def numbered(request: Request) -> tuple[Selection, int, int, int]:
    """Selection, page, size and last page of `page` and `per_page`."""
    selection = chosen(request)
    size = request.number("per_page", SIZE, most=MOST) or SIZE
    return selection, request.number("page", 1), size, -(-len(selection) // size)


def page_total(request: Request) -> Answer:
    """With the total and the last page."""
    selection, page, size, last = numbered(request)
    meta = {"page": page, "perPage": size, "total": len(selection), "lastPage": last}
    return _data({"data": PLACE, "meta": meta}, selection, (page - 1) * size, size)


def page_plain(request: Request) -> Answer:
    """No total: an empty page is the end."""
    selection, page, size, _ = numbered(request)
    return _data({"items": PLACE}, selection, (page - 1) * size, size)


def page_missing(request: Request) -> Answer:
    """No total, and 404 beyond the last page."""
    selection, page, size, last = numbered(request)
    if page > max(last, 1):
        return Answer(to_json({"detail": "Invalid page."}), 404)
    return _data({"results": PLACE}, selection, (page - 1) * size, size)


def page_drf(request: Request) -> Answer:
    """Django REST framework: count, next, previous, results; 404 beyond the end."""
    selection, page, size, last = numbered(request)
    if page > max(last, 1):
        return Answer(to_json({"detail": "Invalid page."}), 404)
    envelope = {
        "count": len(selection),
        "next": request.link(page=page + 1) if page < last else None,
        "previous": request.link(page=page - 1) if page > 1 else None,
        "results": PLACE,
    }
    return _data(envelope, selection, (page - 1) * size, size)


# -- offset and limit -----------------------------------------------------------------


def offset(*, most: int = MOST, has_total: bool = True) -> Endpoint:
    """`offset` and `limit`, at most `most` records a page, whatever is asked for."""

    def endpoint(request: Request) -> Answer:
        selection = chosen(request)
        start = request.number("offset", 0)
        size = request.number("limit", min(SIZE, most), most=most)
        envelope: dict[str, object] = {"offset": start, "limit": size}
        if has_total:
            envelope["total"] = len(selection)
        return _data({**envelope, "records": PLACE}, selection, start, size)

    return endpoint


def openfema(request: Request) -> Answer:
    """`$skip` and `$top`; the count is 0 unless it is asked for."""
    selection = chosen(request)
    skip = request.number("$skip", 0)
    top = request.number("$top", MOST, most=10_000)
    is_counted = (
        request.get("$inlinecount") == "allpages" or request.get("$count") == "true"
    )
    metadata = {
        "skip": skip,
        "top": top,
        "count": len(selection) if is_counted else 0,
        "filter": "",
        "select": None,
        "entityname": "Claims",
        "version": "v2",
        "format": "json",
        "metadata": True,
        "url": request.path + request.search(),
    }
    return _data({"metadata": metadata, "Claims": PLACE}, selection, skip, top)


# -- cursor in the body ---------------------------------------------------------------


def _sealed(start: int) -> str:
    return base64.b64encode(f"claims>{start}?".encode()).decode()


def _opened(cursor: str) -> int:
    try:
        text = base64.b64decode(cursor, validate=True).decode()
        return int(text.removeprefix("claims>").removesuffix("?"))
    except ValueError as error:
        raise Refused(problem(400, f"Unknown cursor {cursor}")) from error


def cursor(**at_end: object) -> Endpoint:
    """`meta.next_cursor`; `at_end` is what the last page has in its place, if at all.

    A cursor holds `+`, `/` or `=`, which the client must encode.
    """

    def endpoint(request: Request) -> Answer:
        selection = chosen(request)
        size = request.number("limit", SIZE, most=MOST)
        given = request.get("cursor")
        start = _opened(given) if given else 0
        is_last = start + size >= len(selection)
        meta = at_end if is_last else {"next_cursor": _sealed(start + size)}
        return _data({"data": PLACE, "meta": meta}, selection, start, size)

    return endpoint


def position(selection: Selection, after: str) -> int:
    """Where the page begins that follows the record of that id; else refused."""
    rows = selection.rows
    digits = after.rpartition("_")[2]
    number = int(digits) if digits.isdigit() else 0
    if 0 < number <= len(rows) and rows[number - 1]["id"] == after:
        return number
    if not isinstance(rows, EndlessClaims):  # filtered: the number is not the place
        for place, row in enumerate(rows, start=1):
            if row["id"] == after:
                return place
    raise Refused(problem(400, f"No such claim: {after}"))


def stripe(request: Request) -> Answer:
    """`starting_after=<last id>` while `has_more`; an unknown id is refused."""
    selection = chosen(request)
    size = request.number("limit", SIZE, most=MOST)
    after = request.get("starting_after")
    start = position(selection, after) if after else 0
    envelope = {
        "object": "list",
        "url": request.path,
        "has_more": start + size < len(selection),
        "data": PLACE,
    }
    return _data(envelope, selection, start, size)


ENDPOINTS: dict[str, Endpoint] = {
    "/single/list": single(PLACE),
    "/single/data": single({"data": PLACE}),
    "/single/deep": single({"status": "ok", "result": {"claims": {"items": PLACE}}}),
    "/single/one": single_one,
    "/page/total": page_total,
    "/page/plain": page_plain,
    "/page/404": page_missing,
    "/page/drf": page_drf,
    "/offset/total": offset(),
    "/offset/plain": offset(has_total=False),
    "/offset/capped": offset(most=CAP),
    "/offset/capped-plain": offset(most=CAP, has_total=False),
    "/openfema/v2/Claims": openfema,
    "/cursor/null": cursor(next_cursor=None),
    "/cursor/empty": cursor(next_cursor=""),
    "/cursor/absent": cursor(),
    "/cursor/stripe": stripe,
}
