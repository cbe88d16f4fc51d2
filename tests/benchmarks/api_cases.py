"""What the benchmark of the API measures: each case a function that gives its figures.

Requests go through the whole of Django in the case's own process (test client: every
middleware, no network); each figure stands beside the time of the same SQL, run bare.
"""

import base64
import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.authtoken.models import Token

from reinsurance.models import Claim
from tests.benchmarks import api_books

CLAIMS = "/api/v1/claims/"
PAGE = 100
TIMES = 100
_DECLARED = re.compile(r"^\s*DECLARE .*? CURSOR .*? FOR ", re.DOTALL)

Figure = dict[str, Any]


# -- who asks -------------------------------------------------------------------------


def by_session() -> Client:
    """A browser that is signed in."""
    client = Client()
    client.force_login(api_books.reader())
    return client


def by_login_token() -> Client:
    """A program of a person, with a login token."""
    token, _ = Token.objects.get_or_create(user=api_books.reader())
    return Client(headers={"Authorization": f"Token {token.key}"})


def by_client_token() -> Client:
    """An outside system, with an OAuth2 token got by its id and secret."""
    from oauth2_provider.models import get_application_model  # noqa: PLC0415

    model = get_application_model()
    options: dict[str, Any] = {
        "name": "Bench",
        "client_type": model.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": model.GRANT_CLIENT_CREDENTIALS,
        "user": api_books.reader(),
        "client_secret": "bench-secret",
    }
    if any(field.name == "scopes" for field in model._meta.get_fields()):
        options["scopes"] = ["read"]
    model.objects.filter(name="Bench").delete()
    known = model.objects.create(**options)
    answer = Client().post(
        reverse("oauth2_provider:token"),
        {
            "grant_type": "client_credentials",
            "client_id": known.client_id,
            "client_secret": "bench-secret",
            "scope": "read",
        },
    )
    return Client(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})


def callers() -> dict[str, Callable[[], Client]]:
    """Every way of signing in that this installation has."""
    ways = {"session": by_session, "login token": by_login_token}
    if apps.is_installed("oauth2_provider"):
        ways["client token"] = by_client_token
    return ways


# -- pages and records ----------------------------------------------------------------


def _get(client: Client, url: str, **query: Any) -> Any:
    answer = client.get(url, query)
    if answer.status_code != 200:
        raise SystemExit(f"{url} {query}: {answer.status_code} {answer.content[:300]}")
    return answer


def _timed(call: Callable[[int], Any]) -> Figure:
    """Milliseconds: median, 95th percentile, and median of the processor's own time.

    The last one leaves out the database, and others who use the machine.
    """
    for number in range(5):
        call(number)
    seconds, worked = [], []
    for number in range(TIMES):
        began, began_work = time.perf_counter(), time.process_time()
        call(number)
        seconds.append(time.perf_counter() - began)
        worked.append(time.process_time() - began_work)
    return {
        "median_ms": round(statistics.median(seconds) * 1000, 1),
        "p95_ms": round(sorted(seconds)[int(TIMES * 0.95)] * 1000, 1),
        "cpu_ms": round(statistics.median(worked) * 1000, 1),
    }


def _bare(sql: str) -> float:
    """Median milliseconds of the SQL alone, all its rows fetched."""

    def run(_number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.fetchall()

    median: float = _timed(run)["median_ms"]
    return median


def _measured(
    client: Client, call: Callable[[Client, int], Any], **labels: Any
) -> Figure:
    call(client, 0)  # what is remembered is remembered now
    with CaptureQueriesContext(connection) as queries:
        call(client, 0)
    asked = [query["sql"] for query in queries.captured_queries]
    (sql,) = [text for text in asked if 'FROM "reinsurance_claim"' in text]
    return {
        **labels,
        **_timed(lambda number: call(client, number)),
        "queries": len(asked),
        "bare_ms": _bare(sql),
    }


def cursors(client: Client, ordering: str, pages: int) -> dict[str, str]:
    """Cursors of the first, the middle and the last page of 100.

    The deep ones are made from a real one, of which the place is replaced by that of
    the record before the page; the page has to begin right behind it.
    """
    query = {"limit": "1", **({"ordering": ordering} if ordering else {})}
    after = _get(client, CLAIMS, **query).json()["next"]
    (text,) = parse_qs(urlsplit(after).query)["cursor"]
    order, _place, is_back = json.loads(base64.urlsafe_b64decode(text + "==="))
    by = ("change__changed_at", "pk") if ordering else ("-pk",)
    names = [name.removeprefix("-") for name in by]
    found = {"first": ""}
    for depth, page in {"middle": pages // 2, "deep": pages}.items():
        at = (page - 1) * PAGE
        before, behind = Claim.objects.order_by(*by).values_list(*names)[
            at - 1 : at + 1
        ]
        place = [v.isoformat() if hasattr(v, "isoformat") else str(v) for v in before]
        raw = json.dumps([order, place, is_back]).encode()
        found[depth] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        body = _get(client, CLAIMS, **{**query, "cursor": found[depth]}).json()
        if body["results"][0]["id"] != behind[-1]:
            raise SystemExit(f"The page {page} by {ordering} begins elsewhere.")
    return found


def pages(claims: int) -> Iterator[Figure]:
    """A page of 100 at three depths, by two orders, for every way of signing in."""
    for ordering in ("updated_at", ""):
        ways = callers() if ordering else {"session": by_session}
        depths = cursors(by_session(), ordering, claims // PAGE)
        for who, way in ways.items():
            client = way()
            for depth, cursor in depths.items():
                query = {"limit": str(PAGE)}
                query |= {"ordering": ordering} if ordering else {}
                query |= {"cursor": cursor} if cursor else {}

                def call(client: Client, _: int, query: dict[str, str] = query) -> None:
                    if len(_get(client, CLAIMS, **query).json()["results"]) != PAGE:
                        raise SystemExit(f"no full page: {query}")

                case = f"page by {ordering or 'newest first'}, {depth}"
                yield _measured(client, call, case=case, who=who)


def detail(claims: int) -> Iterator[Figure]:
    """One claim, another each time."""
    keys = list(
        Claim.objects.order_by("id").values_list("pk", flat=True)[:: claims // TIMES]
    )
    for who, way in callers().items():

        def call(client: Client, number: int) -> None:
            _get(client, f"{CLAIMS}{keys[number % len(keys)]}/")

        yield _measured(way(), call, case="one claim", who=who)


# -- streams --------------------------------------------------------------------------


def _memory(name: str) -> int:
    """A figure of this process in kB: VmRSS now, VmHWM at its highest."""
    text = Path("/proc/self/status").read_text()
    return int(re.findall(rf"{name}:\s+(\d+)", text)[0])


def _streamed(kind: str) -> Figure:
    client = by_session()
    _get(client, CLAIMS, limit=1)
    began = time.perf_counter()
    answer = _get(client, CLAIMS, format=kind)
    rows, size, first = 0, 0, 0.0
    samples: list[tuple[int, int]] = []
    for block in answer.streaming_content:
        first = first or time.perf_counter() - began
        rows += block.count(b"\n")
        size += len(block)
        if not samples or rows - samples[-1][0] >= 20_000:
            samples.append((rows, _memory("VmRSS")))
    seconds = time.perf_counter() - began
    warm = samples[len(samples) // 10 :]
    slope = 0.0
    if len(warm) > 2:
        slope = statistics.linear_regression(
            [float(at) for at, _ in warm], [float(kb) for _, kb in warm]
        ).slope
    return {
        "case": f"stream {kind}",
        "who": "session",
        "rows": rows - (kind == "csv"),
        "seconds": round(seconds, 2),
        "first_ms": round(first * 1000, 1),
        "rows_per_second": round(rows / seconds),
        "mb": round(size / 1e6, 1),
        "slope_mb_per_million_rows": round(slope * 1e6 / 1024, 2),
        "peak_mb": round(_memory("VmHWM") / 1024),
    }


def stream_csv(_claims: int) -> Iterator[Figure]:
    """All the claims as CSV."""
    yield _streamed("csv")


def stream_jsonl(_claims: int) -> Iterator[Figure]:
    """All the claims as JSON lines."""
    yield _streamed("jsonl")


def _stream_sql(kind: str) -> Figure:
    """The same SQL with all its rows fetched at once, nothing done with them."""
    with CaptureQueriesContext(connection) as queries:
        answer = _get(by_session(), CLAIMS, format=kind)
        next(iter(answer.streaming_content))
        for block in answer.streaming_content:
            if block.count(b"\n") > 1:
                break
    answer.close()
    said = [q["sql"] for q in queries if '"reinsurance_claim"' in q["sql"]][-1]
    sql = _DECLARED.sub("", said, count=1)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows = len(cursor.fetchall())
    seconds = time.perf_counter() - began
    return {
        "case": f"bare SQL of {kind}, fetchall",
        "who": "",
        "rows": rows,
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds),
        "peak_mb": round(_memory("VmHWM") / 1024),
    }


def bare_csv(_claims: int) -> Iterator[Figure]:
    """The SQL of the CSV stream alone."""
    yield _stream_sql("csv")


def bare_jsonl(_claims: int) -> Iterator[Figure]:
    """The SQL of the JSON lines alone."""
    yield _stream_sql("jsonl")


CASES: dict[str, Callable[[int], Iterator[Figure]]] = {
    "pages": pages,
    "detail": detail,
    "bare csv": bare_csv,
    "stream csv": stream_csv,
    "bare jsonl": bare_jsonl,
    "stream jsonl": stream_jsonl,
}
