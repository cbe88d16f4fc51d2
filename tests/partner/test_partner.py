"""The partner itself: each pagination style gives every record once."""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import pytest
import requests

from tests.partner import faults
from tests.partner.records import claim, claims
from tests.partner.server import Partner

COUNT = 95
EVERYTHING = [row["id"] for row in claims(COUNT)]
Fetch = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Partner]:
    with Partner(COUNT) as partner:
        yield partner


@pytest.fixture
def partner(server: Partner) -> Partner:
    server.reset()
    return server


@pytest.fixture
def fetch(partner: Partner) -> Iterator[Fetch]:
    """Get a path or address; the body with exact numbers, or what is wanted of it."""
    with requests.Session() as session:
        session.trust_env = False

        def get(target: str, **parameters: str | int) -> Any:
            address = urljoin(partner.url, target)
            answer = session.get(address, params=parameters or None, timeout=5)
            answer.raise_for_status()
            return answer.json(parse_float=Decimal)

        get.session = session  # type: ignore[attr-defined]
        yield get


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("path", "of"),
    [
        ("/single/list", lambda body: body),
        ("/single/data", lambda body: body["data"]),
        ("/single/deep", lambda body: body["result"]["claims"]["items"]),
    ],
)
def test_single_page(fetch: Fetch, path: str, of: Fetch) -> None:
    assert of(fetch(path)) == claims(COUNT)


def test_digits_are_kept(partner: Partner) -> None:
    answer = requests.get(f"{partner.url}/single/one", timeout=5)
    assert b'"paid_to_date":1250.10,"fees_paid_to_date":73.45,' in answer.content
    assert len(answer.json()["data"]) == 20
    first = claim(1)
    parts = ("paid_to_date", "fees_paid_to_date", "outstanding_amount")
    total = sum(first[name] for name in (*parts, "outstanding_fees"))
    assert first["incurred"] == total


@pytest.mark.parametrize(
    ("path", "key", "sizes"),
    [
        ("/page/total", "data", [40, 40, 15, 0]),
        ("/page/plain", "items", [40, 40, 15, 0]),
        ("/page/404", "results", [40, 40, 15, None]),
        ("/page/drf", "results", [40, 40, 15, None]),
        ("/formats/json", None, [40, 40, 15, 0]),
    ],
)
def test_page_number(
    fetch: Fetch, partner: Partner, path: str, key: str, sizes: list[int | None]
) -> None:
    found: list[str] = []
    seen: list[int | None] = []
    for page in range(1, 5):
        try:
            body = fetch(path, page=page, per_page=40)
        except requests.HTTPError as error:
            assert error.response.status_code == 404
            seen.append(None)
            continue
        rows = body[key] if key else body
        seen.append(len(rows))
        found += ids(rows)
    assert (seen, found) == (sizes, EVERYTHING)
    assert partner.requests[1].query == [("page", "2"), ("per_page", "40")]


def test_page_totals(fetch: Fetch) -> None:
    meta = {"page": 3, "perPage": 40, "total": 95, "lastPage": 3}
    assert fetch("/page/total", page=3, per_page=40)["meta"] == meta
    assert fetch("/page/drf", page=3, per_page=40)["count"] == COUNT


@pytest.mark.parametrize(
    ("path", "sizes", "total"),
    [
        ("/offset/total", [50, 45], COUNT),
        ("/offset/plain", [50, 45, 0], None),
        ("/offset/capped", [40, 40, 15], COUNT),
        ("/offset/capped-plain", [40, 40, 15, 0], None),
    ],
)
def test_offset(fetch: Fetch, path: str, sizes: list[int], total: int | None) -> None:
    found: list[str] = []
    for size in sizes:
        body = fetch(path, offset=len(found), limit=50)
        assert len(body["records"]) == size
        assert body.get("total") == total
        found += ids(body["records"])
    assert found == EVERYTHING


def test_openfema(fetch: Fetch) -> None:
    path = "/openfema/v2/Claims"
    body = fetch(path, **{"$skip": 90, "$top": 10})
    assert (body["metadata"]["count"], ids(body["Claims"])) == (0, EVERYTHING[90:])
    for asked in ({"$inlinecount": "allpages"}, {"$count": "true"}):
        assert fetch(path, **asked)["metadata"]["count"] == COUNT
    assert len(fetch(path, **{"$TOP": 10})["Claims"]) == COUNT


@pytest.mark.parametrize(
    ("path", "end"),
    [("null", {"next_cursor": None}), ("empty", {"next_cursor": ""}), ("absent", {})],
)
def test_cursor(fetch: Fetch, path: str, end: dict[str, Any]) -> None:
    body = fetch(f"/cursor/{path}", limit=40)
    found = ids(body["data"])
    while body["meta"].get("next_cursor"):
        at = body["meta"]["next_cursor"]
        body = fetch(f"/cursor/{path}", limit=40, cursor=at)
        found += ids(body["data"])
    assert (found, body["meta"]) == (EVERYTHING, end)


def test_stripe(fetch: Fetch) -> None:
    found: list[str] = []
    has_more = True
    while has_more:
        after = {"starting_after": found[-1]} if found else {}
        body = fetch("/cursor/stripe", limit=40, updated_since="2026-01-01", **after)
        found += ids(body["data"])
        has_more = body["has_more"]
    assert found == EVERYTHING
    with pytest.raises(requests.HTTPError, match="400"):
        fetch("/cursor/stripe", starting_after="clm_00000999")


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        ("absolute", ["{url}/next/absolute?per_page=40&page=%d", None]),
        ("relative", ["/next/relative?per_page=40&page=%d", ""]),
        ("query", ["?per_page=40&page=%d", None]),
        ("paging", ["{url}/next/paging?per_page=40&page=%d", None]),
    ],
)
def test_next_in_the_body(
    fetch: Fetch, partner: Partner, path: str, targets: list[str]
) -> None:
    address = f"{partner.url}/next/{path}?per_page=40"
    found, seen = [], []
    while address:
        body = fetch(address)
        found += ids(body["data"])
        seen.append(body.get("paging", body).get("next"))
        address = seen[-1] and urljoin(address, seen[-1])
    shape = targets[0].format(url=partner.url)
    assert (found, seen) == (EVERYTHING, [shape % 2, shape % 3, targets[1]])


def test_link_github(fetch: Fetch, partner: Partner) -> None:
    session = fetch.session  # type: ignore[attr-defined]
    answer = session.get(f"{partner.url}/link/github?per_page=40&since=2026-01-01")
    found = ids(answer.json())
    first = f'<{partner.url}/repositories/1000/claims{{?page}}>; rel="first"'
    assert answer.headers["Link"].startswith(first)
    while "next" in answer.links:
        answer = session.get(answer.links["next"]["url"])
        found += ids(answer.json())
    assert found == EVERYTHING
    assert partner.requests[2].path == "/repositories/1000/claims"
    assert ("since", "2026-01-01") in partner.requests[2].query


def test_link_since(fetch: Fetch, partner: Partner) -> None:
    session = fetch.session  # type: ignore[attr-defined]
    answer = session.get(f"{partner.url}/link/since?per_page=50")
    found, sizes = [], []
    while True:
        found += ids(answer.json())
        sizes.append(len(answer.json()))
        if "next" not in answer.links:
            break
        answer = session.get(answer.links["next"]["url"])
    assert (found, sizes) == (EVERYTHING, [50, 45, 0])


def test_link_rfc8288(fetch: Fetch, partner: Partner) -> None:
    session = fetch.session  # type: ignore[attr-defined]
    path, found = "/link/rfc8288?per_page=40", []
    while path:
        answer = session.get(partner.url + path)
        found += ids(answer.json())
        real = re.search(r'<(/link[^>]*)> ;.*Rel="\S+ NEXT"', answer.headers["Link"])
        path = real[1] if real else ""
    assert found == EVERYTHING
    assert partner.requests[1].target.endswith("page=2&fields=id,status")


def test_odata(fetch: Fetch, partner: Partner) -> None:
    body = fetch(
        "/odata/Claims", size=40, updated_since="2026-01-01", **{"$count": "true"}
    )
    assert list(body)[:2] == ["@odata.context", "@odata.count"]
    link = f"{partner.url}/odata/next 'page' of \"Claims\"&skip=40&size=40&"
    assert body["@odata.nextLink"].startswith(link)
    assert "?" not in body["@odata.nextLink"]
    with pytest.raises(requests.HTTPError, match="400"):
        fetch(body["@odata.nextLink"], size=40)
    found = ids(body["value"])
    while "@odata.nextLink" in body:
        body = fetch(body["@odata.nextLink"])
        found += ids(body["value"])
    assert found == EVERYTHING


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("/gleif/claims?page[size]=40", {}),
        ("/gleif/claims?page[size]=40&page[cursor]=*", {}),
        ("/gleif/moving?page[size]=40&page[number]=1", {}),
        ("/jsonapi/claims?page[size]=40", {"next": None}),
    ],
)
def test_json_api(fetch: Fetch, start: str, end: dict[str, Any]) -> None:
    body = fetch(start)
    found = ids(body["data"])
    dates = {body["meta"]["goldenCopy"]["publishDate"]}
    assert body["meta"]["pagination"]["total"] == COUNT
    while body["links"].get("next"):
        body = fetch(body["links"]["next"])
        found += ids(body["data"])
        dates.add(body["meta"]["goldenCopy"]["publishDate"])
    assert found == EVERYTHING
    assert {n: v for n, v in body["links"].items() if n != "first"} == end
    assert len(dates) == (3 if "moving" in start else 1)


def test_json_api_next_link_asks_for_other_records(fetch: Fetch) -> None:
    body = fetch(
        "/gleif/claims",
        **{
            "page[size]": 40,
            "filter[updated_at]": ">=2026-01-01T10:00:00Z",
            "fields[claims]": "claim_reference,status",
        },
    )
    assert body["meta"]["pagination"]["total"] == 65
    assert list(body["data"][0]["attributes"]) == ["claim_reference", "status"]
    changed = fetch(body["links"]["next"])
    assert (changed["meta"]["pagination"]["total"], changed["data"]) == (3, [])


def test_endless_pages(fetch: Fetch, partner: Partner) -> None:
    partner.fail(fault=faults.endless(), times="always")
    rows = fetch("/page/plain", page=10_000, per_page=2)["items"]
    assert ids(rows) == ["clm_00019999", "clm_00020000"]
    partner.reset()
    partner.fail(fault=faults.repeats(), times="always")
    pages = [json.dumps(fetch("/page/total", page=n), default=str) for n in (1, 2, 9)]
    assert len(set(pages)) == 1
