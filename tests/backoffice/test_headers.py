"""Every address answers with the headers that browsers are to keep to."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http.response import HttpResponseBase
from django.test import Client as Browser
from pytest_django import Settings

from backoffice.settings.headers import hash_of
from tests.backoffice.test_access import ADDRESSES

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SITE = (
    "default-src 'none'", "object-src 'none'", "base-uri 'none'",
    "frame-ancestors 'none'", "form-action 'self'", "connect-src 'self'",
    "font-src 'self'",
)  # fmt: skip


class Inline(HTMLParser):
    """Collects what a page would run or draw of its own text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._open: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name, value in attrs:
            runs = (value or "").startswith("javascript:")
            # Jazzmin's link to the page that one is on; it does nothing.
            if name.startswith("on") or (runs and value != "javascript:void(0);"):
                self.found.append(("handler", f"{name}={value}"))
        if given.get("style"):
            self.found.append(("style-src-attr", given["style"] or ""))
        is_data = given.get("type") == "application/json"
        if (tag == "script" and "src" not in given and not is_data) or tag == "style":
            self._open = (f"{tag}-src", [])

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[0] == f"{tag}-src":
            self.found.append((self._open[0], "".join(self._open[1])))
            self._open = None


def policy_of(answer: HttpResponseBase) -> dict[str, list[str]]:
    parts = (part.split() for part in answer["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def unknown_in(answer: Any) -> list[str]:
    """Scripts and styles of the page that its own policy does not let through."""
    if not answer.get("Content-Type", "").startswith("text/html"):
        return []
    page, policy = Inline(), policy_of(answer)
    page.feed(answer.content.decode())
    return [
        f"{kind} {hash_of(text)} {text[:80]!r}"
        for kind, text in page.found
        if kind == "handler" or hash_of(text) not in policy.get(kind, ())
    ]


def wrong_about(answer: Any, path: str) -> list[str]:
    """What the answer's headers lack."""
    wrong = [
        f"{path}: {name} is {answer.get(name)}"
        for name, value in FIXED.items()
        if answer.get(name) != value
    ]
    policy = answer.get("Content-Security-Policy", "")
    wrong += [f"{path}: no {part}" for part in SITE if part not in policy]
    if "unsafe-inline" in policy.partition("script-src ")[2].partition(";")[0]:
        wrong.append(f"{path}: inline scripts")
    if "unsafe-eval" in policy:
        wrong.append(f"{path}: eval")
    if "camera=()" not in answer.get("Permissions-Policy", ""):
        wrong.append(f"{path}: no Permissions-Policy")
    kept = answer.get("Cache-Control", "")
    if not re.search("no-store|no-cache", kept):
        wrong.append(f"{path}: may be kept ({kept})")
    return wrong


@pytest.mark.parametrize("who", ["nobody", "root"])
def test_every_address_has_the_headers_and_no_unknown_script(
    who: str, db: None
) -> None:
    browser = Browser()
    if who == "root":
        browser.force_login(User.objects.create_superuser("root"))
    wrong: list[str] = []
    for name, path in ADDRESSES.items():
        if name.endswith(":logout"):
            continue
        answer = browser.get(path)
        wrong += wrong_about(answer, path)
        wrong += [f"{path}: {part}" for part in unknown_in(answer)]
    assert "\n".join(wrong) == ""


def test_static_files_errors_and_redirects_have_them_too(
    db: None, settings: Settings
) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    browser = Browser(raise_request_exception=False)
    static = browser.get("/static/backoffice/admin.css")
    assert static.status_code == 200
    static.close()
    for answer in (static, browser.get("/nowhere/"), browser.get("/")):
        for name, value in FIXED.items():
            assert answer[name] == value
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "camera=()" in answer["Permissions-Policy"]
    assert "max-age" in static["Cache-Control"]


def test_a_form_from_elsewhere_is_answered_in_our_own_words(db: None) -> None:
    browser = Browser(enforce_csrf_checks=True)
    answer = browser.post("/account/login/", {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert "load the page anew" in answer.content.decode()
    assert unknown_in(answer) == []
