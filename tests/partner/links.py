"""Pagination by links: in the body and in the Link header (RFC 8288)."""

from __future__ import annotations

from collections.abc import Callable

from tests.partner.records import PLACE, to_json
from tests.partner.styles import MOST, SIZE, chosen, numbered, position
from tests.partner.values import Answer, Endpoint, Request

# -- in the body ----------------------------------------------------------------------


def next_absolute(request: Request) -> Answer:
    """`next`: an absolute address, null on the last page."""
    return _next(request, lambda target: {"next": target and request.base + target})


def next_relative(request: Request) -> Answer:
    """`next`: an absolute path, an empty string on the last page."""
    return _next(request, lambda target: {"next": target or ""})


def next_query(request: Request) -> Answer:
    """`next`: the query alone (`?page=2`), missing on the last page."""
    return _next(
        request, lambda target: {"next": target[target.index("?") :]} if target else {}
    )


def next_paging(request: Request) -> Answer:
    """`paging.next`: an absolute address; the last page's `paging` has none."""
    return _next(
        request,
        lambda target: {"paging": {"next": request.base + target} if target else {}},
    )


def _next(
    request: Request, envelope: Callable[[str | None], dict[str, object]]
) -> Answer:
    selection, page, size, last = numbered(request)
    target = request.path + request.search(page=page + 1) if page < last else None
    body = {**envelope(target), "data": PLACE}
    return Answer(to_json(body, selection.json((page - 1) * size, size)))


# -- Link header (RFC 8288) -----------------------------------------------------------


def link_github(request: Request) -> Answer:
    """As GitHub: the next page has another path; `first` is a URI template."""
    selection, page, size, last = numbered(request)

    def link(rel: str, number: int) -> str:
        address = request.link("/repositories/1000/claims", page=number)
        return f'<{address}>; rel="{rel}"'

    links = [f'<{request.base}/repositories/1000/claims{{?page}}>; rel="first"']
    if page > 1:
        links.append(link("prev", page - 1))
    if page < last:
        links += [link("next", page + 1), link("last", last)]
    body = selection.json((page - 1) * size, size)
    return Answer(body, headers=(("Link", ", ".join(links)),))


def link_since(request: Request) -> Answer:
    """As GitHub's list of all repositories: `since=<last id>`, an empty page ends."""
    selection = chosen(request)
    size = request.number("per_page", SIZE, most=MOST)
    since = request.get("since")
    start = position(selection, since) if since else 0
    rows = selection.page(start, size)
    links = f'<{request.base}/link/since{{?since}}>; rel="first"'
    if rows:
        address = request.link(since=rows[-1]["id"])
        links = f'<{address}>; rel="next", {links}'
    return Answer(selection.json(start, size), headers=(("Link", links),))


def link_rfc8288(request: Request) -> Answer:
    """All that RFC 8288 allows: two header lines, quoted commas and semicolons.

    Also an unquoted rel, several rels in one, relative targets with a comma in them,
    and a `next` whose `anchor` says that it is about something else.
    """
    selection, page, size, last = numbered(request)
    decoys = (
        '<https://partner.invalid/>; rel="author"; title="A, B; rel=\\"next\\""',
        '</elsewhere>; anchor="/other"; rel="next"',
    )
    headers = [("Link", ", ".join(decoys))]
    if page < last:
        query = request.search(page=page + 1, fields="id,status").replace("%2C", ",")
        target = f"<{request.path}{query}>"
        title = "title*=UTF-8''N%C3%A4chste; title=\"next; last, or so\""
        rel = 'Rel="https://partner.invalid/rels/more NEXT"'
        headers.append(("link", f'{target} ; {title}; {rel}, </x>;rel="prefetch"'))
    body = selection.json((page - 1) * size, size)
    return Answer(body, headers=tuple(headers))


ENDPOINTS: dict[str, Endpoint] = {
    "/next/absolute": next_absolute,
    "/next/relative": next_relative,
    "/next/query": next_query,
    "/next/paging": next_paging,
    "/link/github": link_github,
    "/repositories/1000/claims": link_github,
    "/link/since": link_since,
    "/link/rfc8288": link_rfc8288,
}
