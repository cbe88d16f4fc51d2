"""Bodies of any kind become records, or a named problem; nothing else."""

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.values import Format
from importers.webservices.decode import decode
from importers.webservices.fetch import encode_lines
from importers.webservices.links import follow, next_of, without
from importers.webservices.problems import NoRecords, OtherHost, ServiceProblem
from importers.webservices.records import records_of
from importers.webservices.values import Answer, Call, FeedPlan, ServicePlan

URL = "https://a.example/claims"


def answer(body: bytes, content_type: str = "") -> Answer:
    headers = {"content-type": content_type} if content_type else {}
    return Answer(Call(URL), URL, headers, body)


def plan(**changes: Any) -> FeedPlan:
    return FeedPlan("f", ServicePlan("s", "https://a.example"), "claims", **changes)


def records(body: Any, **changes: Any) -> list[dict[str, Any]]:
    return records_of(plan(**changes), body)


@given(st.binary(max_size=300), st.sampled_from(list(Format)), st.text(max_size=30))
def test_any_bytes_are_survived(body: bytes, format: Format, content_type: str) -> None:
    with suppress(ServiceProblem):
        records_of(plan(), decode(answer(body, content_type), format))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.text(), json_values), max_size=5))
def test_records_become_a_line_each(sent: list[dict[str, Any]]) -> None:
    found = records(decode(answer(json.dumps(sent).encode()), Format.JSON))
    lines = encode_lines(found).decode().split("\n")[:-1]
    assert [json.loads(line) for line in lines] == sent


@pytest.mark.parametrize(
    "body",
    [
        [{"a": 1}],
        {"data": [{"a": 1}], "other": []},
        {"value": [{"a": 1}], "@odata.context": "x"},
        {"metadata": {"count": 0}, "FemaWebDisasterDeclarations": [{"a": 1}]},
        {"response": {"items": [{"a": 1}]}},
        {"data": [{"a": 1}], "included": [{"b": 2}]},
    ],
)
def test_the_list_is_found_by_itself(body: Any) -> None:
    assert records(body) == [{"a": 1}]


@pytest.mark.parametrize(
    "body", [{"x": [{"a": 1}], "y": [{"b": 1}]}, {"error": "no"}, "x", 5, [1, 2], None]
)
def test_no_guess_where_there_is_none(body: Any) -> None:
    with pytest.raises(NoRecords, match="no list of records in the answer"):
        records(body)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("data", {"data": None}, []),
        ("data", {"data": []}, []),
        ("data", {"data": {"a": 1}}, [{"a": 1}]),
        ("a.b", {"a": {"b": [{"c": 1}]}}, [{"c": 1}]),
        ("$.a[*]", {"a": []}, []),
        ("$.a[*]", {"a": [{"c": 1}]}, [{"c": 1}]),
        ("$..c", {"a": [{"c": {"d": 1}}, {"c": {"d": 2}}]}, [{"d": 1}, {"d": 2}]),
        ("data[].attributes", {"data": []}, []),
    ],
)
def test_records_by_path(path: str, body: Any, expected: Any) -> None:
    assert records(body, records_path=path) == expected


@pytest.mark.parametrize("body", [{"error": "later"}, {}, {"items": []}])
def test_an_odd_answer_is_no_empty_page(body: Any) -> None:
    with pytest.raises(NoRecords, match="at “data”"):
        records(body, records_path="data")


def test_records_by_key_are_laid_out() -> None:
    body = {
        "base": "EUR",
        "rates": {"2026-01-02": {"USD": Decimal("1.1"), "GBP": Decimal("0.8")}},
    }
    assert records(
        body,
        records_path="rates",
        page_values={"base": "base"},
        unfold=("date", "to", "rate"),
    ) == [
        {"base": "EUR", "date": "2026-01-02", "to": "USD", "rate": Decimal("1.1")},
        {"base": "EUR", "date": "2026-01-02", "to": "GBP", "rate": Decimal("0.8")},
    ]


def test_csv_of_any_delimiter_and_a_nameless_last_column() -> None:
    body = b'Date;"US dollar";\r\n2026-01-02;"1;1";\r\n;;\r\n'
    assert decode(answer(body, "text/csv; charset=utf-8"), Format.CSV) == [
        {"Date": "2026-01-02", "US dollar": "1;1"}
    ]


def test_no_content_is_an_empty_list() -> None:
    empty = Answer(Call(URL), URL, {}, b"", 204)
    assert decode(empty, Format.JSON) == []


def test_xml_by_names_without_namespaces() -> None:
    body = (
        b'<m:Data xmlns:m="urn:x"><m:Obs id="1"><V a="b">5</V></m:Obs>'
        b'<m:Obs id="2"><V/></m:Obs></m:Data>'
    )
    assert decode(answer(body, "application/xml"), Format.XML) == {
        "Data": {
            "Obs": [
                {"id": "1", "V": {"a": "b", "text": "5"}},
                {"id": "2", "V": None},
            ]
        }
    }


@given(st.text(max_size=80))
def test_any_link_header_is_survived(header: str) -> None:
    next_of(header)


def test_a_link_can_be_written_down() -> None:
    assert next_of('</next\0page>; rel="next"') == "/next\ufffdpage"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("?page=2", "https://a.example/claims?page=2"),
        ("/b?x=1&key=S", "https://a.example/b?x=1"),
        ("http://a.example/b?key=S&x=%20", "https://a.example/b?x=%20"),
        ("https://a.example/b?$skip='a b'&x", "https://a.example/b?$skip='a b'&x"),
    ],
)
def test_links_are_followed_to_the_letter(link: str, expected: str) -> None:
    assert follow(URL, link, hidden="key") == expected


@pytest.mark.parametrize(
    "link",
    [
        "https://b.example/x",
        "//b.example/x",
        "http://a.example:8080/x",
        "https://a.example:444/x",
        "https://a.example.b.example/",
    ],
)
def test_links_to_other_hosts_are_not(link: str) -> None:
    with pytest.raises(OtherHost):
        follow(URL, link, hidden="")


def test_a_hidden_parameter_goes_and_nothing_else() -> None:
    url = "https://a.example/x?a=1&api%5Fkey=S&b=%2F&&api_key=T#f"
    assert without(url, "api_key") == "https://a.example/x?a=1&b=%2F&#f"
