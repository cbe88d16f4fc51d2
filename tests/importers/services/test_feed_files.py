"""Services and feeds in YAML files: applied, refused with lines, written again."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from importers.models import Feed, Mapping, Source, WebService
from importers.services import feed_files, schedules
from importers.services.feed_settings import (
    FEED,
    REFERENCES,
    SECRETS,
    SERVICE,
    Outcome,
)
from importers.services.feed_yaml import BadFeedFile
from importers.values import AuthKind, Format, Incremental, Paging, Secret
from importers.webservices.problems import Lasting, Passing

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "web-services.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.S)

pytestmark = pytest.mark.django_db

FULL = """\
services:
  - code: acme
    name: Acme Claims
    base_url: https://api.acme.example/v2
    auth: client credentials
    token_url: https://login.acme.example/token
    client_id: back-office
    client_in_body: true
    secret: {env: ACME_SECRET}
    scopes: claims.read
    audience: https://api.acme.example
    leeway_seconds: 30
    headers: {Accept-Language: en, X-Version: 3, X-Norway: NO}
    connect_seconds: 4
    read_seconds: 20
    attempts: 3
    most_mb: 16
    rate_count: 60
    rate_per: hour
    is_active: false
    feeds:
      - code: acme-claims
        name: Claims
        is_active: true
        record_type: claims
        source: {code: acme, name: Acme}
        mapping: ours
        path: claims/{cursor}
        parameters: {status: open, since: "{cursor}", top: 0100}
        format: json
        records_path: data.items
        page_values: {as_of: meta.date}
        unfold: [reference, amount]
        paging: cursor
        page_parameter: after
        first_page: 0
        size_parameter: size
        page_size: 200
        cursor_path: meta.next
        next_path: links.next
        more_path: meta.more
        total_path: meta.total
        snapshot_path: meta.version
        most_pages: 77
        incremental: cursor
        cursor_field: updatedAt
        cursor_start: 2026-01-31
        overlap: 60
        window_days: 7
        contract:
          type: object
          properties: {paid: {type: number, minimum: 0, multipleOf: 0.01}}
        contract_mode: discard row
        deadline_minutes: 10
        schedule: {cron: "0 6 * * 1-5"}
"""
KNOWN = {"ACME_SECRET": "s3cret-value"}


@pytest.fixture
def acme_mapping() -> Mapping:
    source = Source.objects.create(code="acme", name="Acme itself")
    return Mapping.objects.create(source=source, record_type="claims", name="ours")


def apply(text: str, environment: dict[str, str] | None = None) -> list[Outcome]:
    return feed_files.apply(text, environment=KNOWN | (environment or {}))


def problems(text: str, environment: dict[str, str] | None = None) -> list[Any]:
    with pytest.raises(BadFeedFile) as caught:
        apply(text, environment)
    return caught.value.problems


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("feeds", *arguments, stdout=out, stderr=err)
    except SystemExit as done:
        return int(done.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def service(**more: Any) -> str:
    """A file of one service."""
    settings = {"code": "acme", "name": "Acme", "base_url": "https://a.example"} | more
    lines = [f"    {name}: {value}" for name, value in settings.items()]
    return "services:\n  -\n" + "\n".join(lines) + "\n"


def feed(**more: Any) -> str:
    """A file of one service and one feed; the feed's settings begin in line 8."""
    settings = {
        "code": "acme-claims",
        "name": "Claims",
        "record_type": "claims",
        "source": "{code: acme, name: Acme}",
    } | more
    lines = [f"        {name}: {value}" for name, value in settings.items()]
    return service() + "    feeds:\n      -\n" + "\n".join(lines) + "\n"


def test_every_setting_is_taken_over(acme_mapping: Mapping) -> None:
    outcomes = apply(FULL)
    assert [(o.kind, o.code, o.outcome) for o in outcomes] == [
        ("service", "acme", "created"),
        ("feed", "acme-claims", "created"),
    ]
    acme = WebService.objects.get()
    assert acme.secret.reveal() == "s3cret-value"
    assert (acme.auth, acme.rate_count, acme.rate_per) == (
        "client credentials",
        60,
        3600,
    )
    assert acme.headers == {"Accept-Language": "en", "X-Version": "3", "X-Norway": "NO"}
    found = Feed.objects.get()
    assert found.service == acme
    assert (found.source.code, found.source.name) == ("acme", "Acme itself")
    assert found.mapping == acme_mapping
    assert found.parameters == {"status": "open", "since": "{cursor}", "top": "0100"}
    assert (found.unfold, found.cursor_start) == (["reference", "amount"], "2026-01-31")
    assert found.contract == {
        "type": "object",
        "properties": {
            "paid": {"type": "number", "minimum": 0, "multipleOf": 0.01},
        },
    }
    times = schedules.times_of(found.pk)
    assert times is not None
    assert (times.cron, times.minutes) == ("0 6 * * 1-5", None)
    left_out = {"format", "loads_itself", "key_name", "user_name"}
    for record, fields in ((acme, SERVICE), (found, FEED)):
        for name in fields.keys() - left_out:
            is_default = getattr(record, name) == fields[name].get_default()
            assert not is_default, f"{name} is not in the file"


def test_applied_again_nothing_changes(acme_mapping: Mapping) -> None:
    apply(FULL)
    stored = list(WebService.objects.values("secret"))
    times = schedules.times_of(Feed.objects.get().pk)
    assert {o.outcome for o in apply(FULL)} == {"unchanged"}
    assert schedules.times_of(Feed.objects.get().pk) == times
    assert list(WebService.objects.values("secret")) == stored


def test_what_the_file_leaves_out_has_its_default(acme_mapping: Mapping) -> None:
    apply(FULL)
    text = FULL.replace("        page_size: 200\n", "").replace(
        '        schedule: {cron: "0 6 * * 1-5"}\n', ""
    )
    assert apply(text)[1].changed == ("page_size", "schedule")
    assert Feed.objects.get().page_size == 0
    assert schedules.times_of(Feed.objects.get().pk) is None


def test_where_a_feed_stands_is_left_alone(acme_mapping: Mapping) -> None:
    apply(FULL)
    stands = {"cursor": "c9", "shape": {"a": ["str"]}, "paused_reason": "why"}
    Feed.objects.update(**stands)
    WebService.objects.update(access_token=Secret("token"))
    assert apply(FULL.replace("most_pages: 77", "most_pages: 78"))[1].changed == (
        "most_pages",
    )
    assert Feed.objects.values(*stands).get() == stands
    assert WebService.objects.get().access_token.reveal() == "token"
    assert "c9" not in feed_files.export()


def test_exported_and_applied_the_file_is_the_same(acme_mapping: Mapping) -> None:
    apply(FULL)
    Feed.objects.create(
        service=WebService.objects.create(
            code="zeta", name="z", base_url="https://z.de"
        ),
        source=Source.objects.get(),
        code="zeta",
        name='yes: "no" # 1e3\nünï',
        record_type="parties",
        path="2026-01-01",
        parameters={"a": "1e3", "b": "0o7", "c": "null", "d": "NO", "e": "1:30"},
        contract={"const": [1, 1.5, 1e-7, 1e16, True, None, "1e3", "2026-01-01", "~"]},
    )
    before = list(Feed.objects.order_by("pk").values())
    text = feed_files.export()
    assert "secret: \n      env: ACME_SECRET\n".replace(" \n", "\n") in text
    assert "s3cret" not in text
    assert {o.outcome for o in apply(text, {"ACME_SECRET": ""})} == {"unchanged"}
    assert feed_files.export() == text
    assert list(Feed.objects.order_by("pk").values()) == before

    Feed.objects.all().delete()
    WebService.objects.all().delete()
    assert {o.outcome for o in apply(text)} == {"created"}
    assert feed_files.export() == text


def test_a_secret_without_its_variable_is_kept_or_missed(
    acme_mapping: Mapping,
) -> None:
    (told,) = problems(FULL, {"ACME_SECRET": ""})
    assert told == (
        9,
        "There is no “secret” yet, and the environment variable ACME_SECRET is not "
        "set. Set it and apply the file again.",
    )
    assert not WebService.objects.exists()
    apply(FULL)
    assert {o.outcome for o in apply(FULL, {"ACME_SECRET": ""})} == {"unchanged"}
    assert apply(FULL, {"ACME_SECRET": "new"})[0].changed == ("secret",)
    assert WebService.objects.get().secret.reveal() == "new"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (
            "hunter2",
            "“secret” never stands in this file. Name the environment variable that "
            "holds it: secret: {env: ACME_SECRET}.",
        ),
        ("{env: hunter-2}", "“secret” needs the name of an environment variable."),
        ("{env: SECRET_KEY}", "SECRET_KEY is ours and is not sent to a partner."),
    ],
)
def test_no_literal_secret(secret: str, said: str) -> None:
    assert problems(service(auth="bearer", secret=secret)) == [(7, said)]


def test_a_stored_secret_does_not_follow_to_another_host() -> None:
    text = service(auth="bearer", secret="{env: ACME_SECRET}")
    apply(text)
    moved = text.replace("a.example", "evil.example")
    (told,) = problems(moved, {"ACME_SECRET": ""})
    assert told[1].startswith("The address leads to another host")
    assert apply(moved)[0].changed == ("base_url",)


def test_a_stored_address_is_not_asked_for_leave_again(settings: Settings) -> None:
    settings.WEB_SERVICE_HOSTS = ["http://127.0.0.1"]
    text = service(base_url="http://127.0.0.1:8090")
    apply(text)
    settings.WEB_SERVICE_HOSTS = ["*"]
    assert apply(text)[0].outcome == "unchanged"
    (told,) = problems(text.replace("8090", "8091"))
    assert told[0] == 5
    assert "without encryption" in told[1]


def test_a_refresh_token_that_the_partner_replaced_stays() -> None:
    text = service(
        auth="refresh token",
        token_url="https://a.example/token",
        client_id="x",
        refresh_token="{env: FIRST}",
    )
    apply(text, {"FIRST": "first"})
    WebService.objects.update(refresh_token=Secret("second"))
    assert apply(text, {"FIRST": "first"})[0].outcome == "unchanged"
    assert WebService.objects.get().refresh_token.reveal() == "second"


def test_secrets_can_be_taken_away_and_an_idle_service_needs_none() -> None:
    apply(service(auth="bearer", secret="{env: ACME_SECRET}"))
    text = service(auth="bearer", secret="null", is_active="false")
    assert apply(text)[0].changed == ("is_active", "secret")
    assert not WebService.objects.get().secret
    assert problems(text.replace("is_active: false", "is_active: true")) == [
        (7, "“secret”: Enter the token.")
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", [(1, "The file is empty. It begins with “services:”.")]),
        ("feeds: []", [
            (1, "The file has no setting “feeds”. Known: services."),
            (1, "The file has no “services:”."),
        ]),
        ("services:\n  - code: [", [(2, "This is no good YAML: expected the node "
            "content, but found '<stream end>'.")]),
        ("a: &x 1\nb: *x", [(1, "This is no good YAML: “&” and “*” are not used in "
            "this file; write the value out.")]),
        ("services: !!int x", [(1, "This is no good YAML: “!” is not used in this "
            "file; put a text into quotation marks.")]),
        ("[" * 100, [(1, "This is no good YAML: this is nested too deep.")]),
        ("services: 7", [(1, "“services” is a list: begin each one with “- ”.")]),
        (service(pagng="auto", attemps=3), [
            (6, "A service has no setting “pagng”. Known: "),
            (7, "A service has no setting “attemps”. Did you mean “attempts”?"),
        ]),
        (service(auth="magic"), [
            (6, "“auth” takes one of: none, header key, query key, basic, bearer, "
            "client credentials, refresh token."),
        ]),
        (service(attempts="many", is_active="maybe"), [
            (6, "“attempts” takes a whole number."),
            (7, "“is_active” takes true or false."),
        ]),
        (service(attempts=99, rate_per="week", name="[a]"), [
            (4, "“name” takes one text, no list and no names."),
            (6, "“attempts”: Ensure this value is less than or equal to 20."),
            (7, "“rate_per” takes one of: second, minute, hour."),
        ]),
        (service(headers="{Authorization: x}"), [
            (6, "“headers”: “Authorization” is not sent this way. Choose the way of "
            "signing in instead."),
        ]),
        (service(code="a b"), [(3, "“code”: Enter a valid “slug” ")]),
        (service() + "    name: again\n", [(6, "“name” stands in line 4 already.")]),
        ("services:\n  - {code: x}\n  - {code: x}\n", [
            (2, "A service needs “base_url”."),
            (2, "A service needs “name”."),
            (3, "A service needs “base_url”."),
            (3, "A service needs “name”."),
            (3, "The code “x” stands in line 2 already."),
        ]),
        (feed(record_type="cars"), [(10, "“record_type” takes one of: parties, ")]),
        (feed(source="nobody"), [
            (11, "There is no source “nobody”. Write {code: nobody, name: …} and it "
            "is made. Known: "),
        ]),
        (feed(mapping="x"), [(12, "There is no mapping “x” for Claims. Known: ")]),
        (feed(schedule="{cron: daily}"), [(12, "“daily” is no cron line. ")]),
        (feed(schedule="{cron: 0 6 * * *, minutes: 5}"), [
            (12, "Give either a cron line or a number of minutes."),
        ]),
        (feed(schedule="daily"), [
            (12, "“schedule” has to be names and values (name: value)."),
            (12, "“schedule” takes {cron: …} or {minutes: …}."),
        ]),
        (feed(paging="cursor", records_path="'[['", contract="{type: 7}"), [
            (8, "“cursor_path”: Say where an answer tells the cursor of the next "),
            (13, "“records_path”: “[[” is no path into an answer."),
            (14, "“contract”: "),
        ]),
        (feed(name='"a\\0"', path='"\\ud800"', page_size="9" * 5000), [
            (9, "“name” holds a character that is no text."),
            (12, "“path” holds a character that is no text."),
            (13, "“page_size” takes a whole number."),
        ]),
        (feed(parameters='{"a\\0": x}', contract='{a: ["\\0"]}', page_size=10**12), [
            (12, "A name holds a character that is no text."),
            (13, "A text holds a character that is no text."),
            (14, "“page_size”: Ensure this value is less than or equal to "),
        ]),
        (feed(unfold="day", parameters="[a]"), [
            (12, "“unfold” takes a list: [one, two]."),
            (13, "“parameters” takes names and texts (name: text)."),
        ]),
        (feed(loads_itself="true"), [
            (12, "“loads_itself”: Claims carry money, so somebody has to approve "),
        ]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_by_line(
    text: str, told: list[tuple[int, str]]
) -> None:
    found = problems(text)
    assert [line for line, _ in found] == [line for line, _ in told]
    for (_, said), (_, expected) in zip(found, told, strict=True):
        assert said.startswith(expected)
    assert not WebService.objects.exists()
    assert not Feed.objects.exists()
    assert not Source.objects.filter(code="acme").exists()


def test_a_feed_can_be_wrong_in_a_file_whose_service_is_right(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(feed(overlap="-1"))
    code, out, err = run("apply", str(path), "--json")
    said = "“overlap”: Ensure this value is greater than or equal to 0."
    assert (code, err) == (2, f"{path}:12: {said}\n")
    assert json.loads(out) == {"problems": [{"line": 12, "message": said}]}
    assert not WebService.objects.exists()


def test_the_command_tells_what_it_did(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(feed())
    assert run("apply", str(path), "--check") == (
        0,
        "service acme: created\n"
        "feed    acme-claims: created\n"
        "Nothing was written (--check).\n",
        "",
    )
    assert not WebService.objects.exists()
    assert run("apply", str(path))[0] == 0
    path.write_text(feed(name="Losses"))
    assert run("apply", str(path))[1] == (
        "service acme: unchanged\nfeed    acme-claims: updated (name)\n"
    )
    code, out, _ = run("apply", str(path), "--json")
    assert (code, json.loads(out)) == (
        0,
        {
            "written": True,
            "services": [{"code": "acme", "outcome": "unchanged", "changed": []}],
            "feeds": [{"code": "acme-claims", "outcome": "unchanged", "changed": []}],
        },
    )
    output = tmp_path / "out.yaml"
    assert run("export", "--output", str(output)) == (0, "", "")
    assert output.read_text() == run("export")[1] == feed_files.export()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    assert run("apply", str(path)) == (
        2,
        "",
        f"{path} cannot be read: No such file or directory.\n",
    )
    path.write_bytes(b"\xff\xfe\xff")
    assert run("apply", str(path))[2] == f"{path} is no UTF-8 text. Save it as UTF-8.\n"


def test_only_what_is_missing() -> None:
    apply(feed())
    elsewhere = feed(name="Other").replace("code: acme\n", "code: b\n")
    for text, told in ((feed(name="Other"), []), (elsewhere, [("b", "created")])):
        outcomes = feed_files.apply(text, environment={}, only_missing=True)
        assert [(o.code, o.outcome) for o in outcomes] == told
    found = Feed.objects.get()
    assert (found.name, found.service.code) == ("Claims", "acme")


# ------------------------------------------------------------------- the document
@pytest.mark.parametrize("text", EXAMPLES)
def test_each_example_of_the_document_can_be_applied(text: str) -> None:
    secrets = dict.fromkeys(re.findall(r"\{env: (\w+)\}", text), "a secret")
    assert {o.outcome for o in apply(text, secrets)} == {"created"}
    assert {o.outcome for o in apply(text, secrets)} == {"unchanged"}
    assert feed_files.export().count("name:") >= text.count("\n        name:")


def test_the_document_has_an_example_of_every_kind_and_tells_all() -> None:
    examples, document = "".join(EXAMPLES), DOCUMENT.read_text("utf-8")
    for kind in AuthKind:
        assert f"auth: {kind.value}\n" in examples
    for paging in Paging:
        assert f"paging: {paging.value}\n" in examples
    for word in (*Format, *Incremental):
        assert f"`{word.value}`" in document
    for name in (*SERVICE, *FEED, *REFERENCES, *SECRETS):
        assert f"`{name}`" in document
    problems = [*Passing.__subclasses__(), *Lasting.__subclasses__()]
    for problem in problems:
        assert f"`{problem.code}`" in document
        problems += problem.__subclasses__()
