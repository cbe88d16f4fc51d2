"""From one page to the next: one small function for each way services do it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from importers.webservices import paths
from importers.webservices.links import follow, next_of
from importers.webservices.problems import UnknownPaging
from importers.webservices.values import Answer, Call, Json, Paging, PagingPlan

NEXT_LINKS = (
    "next",
    "next_url",
    "nextUrl",
    "nextLink",
    "next_link",
    "paging.next",
    "pagination.next",
    "pagination.next_url",
    "meta.next",
    "_links.next.href",
    "links.next",
)
ODATA_NEXT = '"@odata.nextLink"'
MORE_SIGNS = ("has_more", "hasMore", "more", "meta.has_more", "pagination.has_more")
CURSOR_SIGNS = (
    "next_cursor",
    "nextCursor",
    "nextPageToken",
    "next_page_token",
    "meta.next_cursor",
    "meta.cursor",
    "pagination.next_cursor",
    "cursor.next",
)
TOTAL_SIGNS = (
    "total",
    "total_count",
    "totalCount",
    "count",
    '"@odata.count"',
    "meta.total",
    "metadata.count",
    "pagination.total",
    "meta.pagination.total",
)
SIZE_SIGNS = ("metadata.top", "limit", "per_page", "pageSize", "page_size")
_LINK_LIKE = re.compile(r"https?://|[/?.]|[^\s?]*\?", re.I)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, understood."""

    answer: Answer
    body: Json
    records: list[dict[str, Json]] = field(repr=False)


@dataclass(slots=True)
class Progress:
    """Where the paging of one round stands; plain values, so that it can be kept."""

    kind: str
    pages: int = 0
    records: int = 0
    first_count: int = 0
    total: int = 0
    snapshot: str = ""

    def count(self, plan: PagingPlan, page: Page) -> None:
        """Take note of a page that came."""
        self.pages += 1
        self.records += len(page.records)
        if self.pages == 1:
            self.first_count = len(page.records)
        if plan.total_path:
            told = paths.text_at(plan.total_path, page.body)
            # 0 beside records means "not counted" (OpenFEMA).
            self.total = int(told) if told.isdecimal() else 0


def first_call(plan: PagingPlan, url: str, parameters: list[tuple[str, str]]) -> Call:
    """The call of the first page."""
    sent = list(parameters)
    if plan.kind in (Paging.PAGE, Paging.OFFSET):
        start = plan.first_page if plan.kind == Paging.PAGE else 0
        sent.append((_parameter(plan), str(start)))
    if plan.page_size:
        sent.append((_size_parameter(plan), str(plan.page_size)))
    return Call(url, tuple(sent))


def next_call(
    plan: PagingPlan, progress: Progress, page: Page, *, hidden: str
) -> Call | None:
    """The call of the page after this one; None: it was the last.

    ``progress`` counts this page already.  Raises UnknownPaging where the answer says
    that there is more but not where, OtherHost where the next page is elsewhere.
    """
    if progress.kind == Paging.AUTO:
        progress.kind = recognised(page)
    return _WAYS[Paging(progress.kind)](plan, progress, page, hidden)


def may_end_by_404(plan: PagingPlan, progress: Progress) -> bool:
    """Whether "not found" is how pages that are asked for by number end."""
    return plan.kind == Paging.PAGE and progress.pages > 0


def _parameter(plan: PagingPlan) -> str:
    usual = {Paging.PAGE: "page", Paging.OFFSET: "offset", Paging.CURSOR: "cursor"}
    return plan.page_parameter or usual[plan.kind]


def _size_parameter(plan: PagingPlan) -> str:
    usual = {Paging.JSON_API: "page[size]", Paging.ODATA: "$top"}
    return plan.size_parameter or usual.get(plan.kind, "limit")


def _with(call: Call, name: str, value: str) -> Call:
    others = [pair for pair in call.parameters if pair[0] != name]
    return Call(call.url, (*others, (name, value)))


def _is_last(plan: PagingPlan, progress: Progress, page: Page) -> bool:
    """Of pages asked for by number: none follows.

    Without a total only an empty page is sure to be behind the last one.  A short one
    is, too, where the first page had just the size that was asked for; else the
    service may simply serve smaller pages.
    """
    count = len(page.records)
    if not count:
        return True
    if progress.total:
        return progress.records >= progress.total
    is_honoured = plan.page_size and progress.first_count == plan.page_size
    return bool(is_honoured and count < plan.page_size)


def _single(plan: PagingPlan, progress: Progress, page: Page, hidden: str) -> None:
    return None


def _page(plan: PagingPlan, progress: Progress, page: Page, hidden: str) -> Call | None:
    if _is_last(plan, progress, page):
        return None
    number = str(plan.first_page + progress.pages)
    return _with(page.answer.call, _parameter(plan), number)


def _offset(
    plan: PagingPlan, progress: Progress, page: Page, hidden: str
) -> Call | None:
    if _is_last(plan, progress, page):
        return None
    return _with(page.answer.call, _parameter(plan), str(progress.records))


def _cursor(
    plan: PagingPlan, progress: Progress, page: Page, hidden: str
) -> Call | None:
    cursor = paths.text_at(plan.cursor_path, page.body)
    if plan.more_path:
        if paths.find(plan.more_path, page.body) in (None, False, "", 0, "false"):
            return None
        if not cursor:
            raise UnknownPaging(
                "The service says that there are more records, but nothing is found "
                f"at “{plan.cursor_path}”. Check where the cursor is."
            )
    if not cursor or (not page.records and not plan.more_path):
        return None
    return _with(page.answer.call, _parameter(plan), cursor)


def _next_link(
    plan: PagingPlan, progress: Progress, page: Page, hidden: str
) -> Call | None:
    link = _link_in(page.body, (plan.next_path,) if plan.next_path else NEXT_LINKS)
    return Call(follow(page.answer.url, link, hidden=hidden)) if link else None


def _link_header(
    plan: PagingPlan, progress: Progress, page: Page, hidden: str
) -> Call | None:
    link = next_of(page.answer.headers.get("link", ""))
    return Call(follow(page.answer.url, link, hidden=hidden)) if link else None


def _odata(
    plan: PagingPlan, progress: Progress, page: Page, hidden: str
) -> Call | None:
    link = _link_in(page.body, (ODATA_NEXT, "d.__next"))
    return Call(follow(page.answer.url, link, hidden=hidden)) if link else None


def _json_api(
    plan: PagingPlan, progress: Progress, page: Page, hidden: str
) -> Call | None:
    """As JSON:API has it; our own filters are said again, as links may lose them."""
    link = _link_in(page.body, ("links.next", "links.next.href"))
    if not link:
        return None
    own = [p for p in page.answer.call.parameters if not p[0].startswith("page[")]
    names = {name for name, _ in own}
    parts = urlsplit(follow(page.answer.url, link, hidden=hidden))
    said = parse_qsl(parts.query, keep_blank_values=True)
    base = urlunsplit(parts._replace(query=""))
    return Call(base, (*own, *(pair for pair in said if pair[0] not in names)))


def _link_in(body: Json, places: tuple[str, ...]) -> str:
    """The first link found; a body that is no object has none.

    A cursor may stand where others have a link: there it must look like one.
    """
    if not isinstance(body, Mapping):
        return ""
    for place in places:
        link = paths.text_at(place, body)
        if link and (_LINK_LIKE.match(link) or place not in NEXT_LINKS):
            return link
    return ""


def recognised(page: Page) -> Paging:
    """How the service pages, by its first answer."""
    if next_of(page.answer.headers.get("link", "")):
        return Paging.LINK_HEADER
    if _link_in(page.body, (ODATA_NEXT, "d.__next")):
        return Paging.ODATA
    if _link_in(page.body, ("links.next", "links.next.href")):
        return Paging.JSON_API
    if _link_in(page.body, NEXT_LINKS):
        return Paging.NEXT_LINK
    if sign := _sign_of_more(page):
        raise UnknownPaging(
            f"The answer says that there are more records (“{sign}”), but not where. "
            "Choose how the feed's pages follow each other."
        )
    return Paging.SINGLE


def _sign_of_more(page: Page) -> str:
    """What in the answer hints at another page; empty: nothing does."""
    if not isinstance(page.body, Mapping):
        return ""
    count = len(page.records)
    for place in MORE_SIGNS:
        if paths.find(place, page.body) is True:
            return place
    for place in (*CURSOR_SIGNS, *NEXT_LINKS):
        if paths.text_at(place, page.body):
            return place
    for place in TOTAL_SIGNS:
        number = paths.find(place, page.body)
        if isinstance(number, int) and number > count:
            return place
    for place in SIZE_SIGNS:
        if paths.find(place, page.body) == count and count:
            return place
    return ""


_WAYS: Mapping[Paging, Callable[[PagingPlan, Progress, Page, str], Call | None]] = {
    Paging.SINGLE: _single,
    Paging.PAGE: _page,
    Paging.OFFSET: _offset,
    Paging.CURSOR: _cursor,
    Paging.NEXT_LINK: _next_link,
    Paging.LINK_HEADER: _link_header,
    Paging.ODATA: _odata,
    Paging.JSON_API: _json_api,
}
