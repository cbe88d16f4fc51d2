"""Every way of paging ends with every record once, whatever the page size."""

import json
from typing import Any

import pytest

from importers.values import Format, Paging
from importers.webservices.problems import UnknownPaging
from tests.importers.webservices.conftest import Fetch, plan_for
from tests.partner import faults
from tests.partner.records import claims
from tests.partner.server import Partner

PER = {"size_parameter": "per_page", "page_size": 40}
LIMIT = {"size_parameter": "limit", "page_size": 40}
GLEIF: dict[str, Any] = {"size_parameter": "page[size]", "page_size": 40}
STYLES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "list": ("single/list", {"kind": Paging.SINGLE}, {}),
    "data": ("single/data", {"kind": Paging.AUTO}, {}),
    "deep": (
        "single/deep",
        {"kind": Paging.SINGLE},
        {"records_path": "result.claims.items"},
    ),
    "deep by JSONPath": (
        "single/deep",
        {"kind": Paging.SINGLE},
        {"records_path": "$.result.claims.items[*]"},
    ),
    "page with total": (
        "page/total",
        {"kind": Paging.PAGE, "total_path": "meta.total", **PER},
        {},
    ),
    "page without size": ("page/plain", {"kind": Paging.PAGE}, {}),
    "page": ("page/plain", {"kind": Paging.PAGE, **PER}, {}),
    "page that divides evenly": (
        "page/plain",
        {"kind": Paging.PAGE, "size_parameter": "per_page", "page_size": 50},
        {},
    ),
    "page, 404 beyond": ("page/404", {"kind": Paging.PAGE, **PER}, {}),
    "page, 404 beyond, evenly": (
        "page/404",
        {"kind": Paging.PAGE, "size_parameter": "per_page", "page_size": 50},
        {},
    ),
    "Django REST": ("page/drf", {"kind": Paging.AUTO, **PER}, {}),
    "offset with total": (
        "offset/total",
        {"kind": Paging.OFFSET, "total_path": "total", **LIMIT},
        {},
    ),
    "offset": ("offset/plain", {"kind": Paging.OFFSET, **LIMIT}, {}),
    "offset, smaller pages than asked for": (
        "offset/capped-plain",
        {"kind": Paging.OFFSET, "size_parameter": "limit", "page_size": 100},
        {},
    ),
    "offset, smaller pages, total": (
        "offset/capped",
        {
            "kind": Paging.OFFSET,
            "total_path": "total",
            "size_parameter": "limit",
            "page_size": 100,
        },
        {},
    ),
    "OpenFEMA": (
        "openfema/v2/Claims",
        {
            "kind": Paging.OFFSET,
            "page_parameter": "$skip",
            "size_parameter": "$top",
            "page_size": 100,
            "total_path": "metadata.count",
        },
        {"parameters": {"$count": "true"}},
    ),
    "OpenFEMA, not counted": (
        "openfema/v2/Claims",
        {
            "kind": Paging.OFFSET,
            "page_parameter": "$skip",
            "size_parameter": "$top",
            "page_size": 100,
            "total_path": "metadata.count",
        },
        {},
    ),
    "cursor, null": (
        "cursor/null",
        {"kind": Paging.CURSOR, "cursor_path": "meta.next_cursor", **LIMIT},
        {},
    ),
    "cursor, empty": (
        "cursor/empty",
        {"kind": Paging.CURSOR, "cursor_path": "meta.next_cursor", **LIMIT},
        {},
    ),
    "cursor, absent": (
        "cursor/absent",
        {"kind": Paging.CURSOR, "cursor_path": "$.meta.next_cursor", **LIMIT},
        {},
    ),
    "Stripe": (
        "cursor/stripe",
        {
            "kind": Paging.CURSOR,
            "page_parameter": "starting_after",
            "cursor_path": "data[-1].id",
            "more_path": "has_more",
            **LIMIT,
        },
        {},
    ),
    "next, absolute": ("next/absolute", {"kind": Paging.NEXT_LINK, **PER}, {}),
    "next, relative": ("next/relative", {"kind": Paging.AUTO, **PER}, {}),
    "next, query": ("next/query", {"kind": Paging.AUTO, **PER}, {}),
    "next, by path": (
        "next/paging",
        {"kind": Paging.NEXT_LINK, "next_path": "paging.next", **PER},
        {},
    ),
    "Link, GitHub": ("link/github", {"kind": Paging.LINK_HEADER, **PER}, {}),
    "Link, since": ("link/since", {"kind": Paging.AUTO, **PER}, {}),
    "Link, RFC 8288": ("link/rfc8288", {"kind": Paging.AUTO, **PER}, {}),
    "OData": (
        "odata/Claims",
        {"kind": Paging.ODATA, "size_parameter": "size", "page_size": 40},
        {},
    ),
    "OData, auto": ("odata/Claims", {"kind": Paging.AUTO}, {}),
    "GLEIF": (
        "gleif/claims",
        {"kind": Paging.JSON_API, **GLEIF, "snapshot_path": "meta.goldenCopy"},
        {"records_path": "data[].attributes"},
    ),
    "JSON:API": (
        "jsonapi/claims",
        {"kind": Paging.AUTO, **GLEIF},
        {"records_path": "data[].attributes"},
    ),
    "JSON lines": (
        "formats/jsonl",
        {"kind": Paging.PAGE, **PER},
        {"format": Format.JSON_LINES},
    ),
    "CSV": ("formats/csv", {"kind": Paging.PAGE, **PER}, {"format": Format.CSV}),
    "XML": ("formats/xml", {"kind": Paging.PAGE, **PER}, {"format": Format.XML}),
}


def ids(lines: bytes) -> list[str]:
    return [json.loads(line)["claim_reference"] for line in lines.splitlines()]


@pytest.mark.parametrize("style", STYLES)
def test_every_record_comes_once_and_in_order(
    style: str, partner: Partner, run: Fetch
) -> None:
    path, paging, more = STYLES[style]
    plan = plan_for(
        partner, path, **{f"paging_{n}": v for n, v in paging.items()}, **more
    )
    fetched = run(plan)
    expected = [record["claim_reference"] for record in claims(250)]
    assert ids(fetched.sink.lines) == expected
    assert fetched.progress.counts.records == 250
    assert fetched.progress.counts.retries == 0
    assert fetched.progress.counts.requests == len(partner.requests)


@pytest.mark.parametrize(
    "envelope",
    [
        {"paging": {"next": "MTA="}},
        {"pagination": {"next": "eyJpZCI6IDQwfQ"}},
        {"next": 2},
        {"meta": {"next_cursor": "x"}},
    ],
)
def test_a_cursor_is_not_followed_as_a_link(
    envelope: dict[str, Any], partner: Partner, run: Fetch
) -> None:
    """It says that there is more: to take one page for all would lose records."""
    records = [{"claim_reference": f"C-{n}"} for n in range(3)]
    body = json.dumps({**envelope, "data": records})
    partner.fail(fault=faults.content(body), times="always")
    with pytest.raises(UnknownPaging, match="but not where. Choose how the feed's"):
        run(plan_for(partner, "single/data", paging_kind=Paging.AUTO))
    assert len(partner.requests) == 1
