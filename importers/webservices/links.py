"""Following links that a partner gives: RFC 8288 headers, and where they may lead."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from importers.webservices.hosts import same_origin, shown
from importers.webservices.paths import plain
from importers.webservices.problems import OtherHost

_ONE = r';\s*([^\s=;,]+)\s*(?:=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;,"]*)))?\s*'
_PARAMETER = re.compile(_ONE)
_LINK = re.compile(rf"<([^>]*)>\s*((?:{_ONE})*)")


def next_of(header: str) -> str:
    """Target of the link with the relation ``next`` in a Link header; or empty.

    The first rel of a link counts (RFC 8288 section 3.3); one with an anchor is about
    something else than this page (section 3.2).
    """
    for target, text, *_ in _LINK.findall(header):
        parameters: dict[str, str] = {}
        for name, quoted, bare in _PARAMETER.findall(text):
            parameters.setdefault(name.lower(), quoted or bare)
        is_next = "next" in parameters.get("rel", "").lower().split()
        if is_next and "anchor" not in parameters:
            return plain(target)
    return ""


def follow(base: str, link: str, *, hidden: str) -> str:
    """The absolute address of a link found at ``base``, without the hidden parameter.

    A link that forgets the encryption is followed with it.  Raises OtherHost where it
    leads to another host: credentials never go there.
    """
    target = urljoin(base, link.strip())
    here, there = urlsplit(base), urlsplit(target)
    if (here.scheme, there.scheme) == ("https", "http"):
        is_same = here.hostname == there.hostname and there.port in (None, 80)
        if is_same:
            target = urlunsplit(("https", here.netloc, *there[2:4], ""))
    if not same_origin(base, target):
        raise OtherHost(
            f"The next page is said to be on another host, {shown(target)}. Nothing "
            "was asked there; if the service has moved, change its address."
        )
    return without(target, hidden) if hidden else target


def without(url: str, name: str) -> str:
    """The address without a query parameter; otherwise to the letter as it is."""
    parts = urlsplit(url)
    kept = [
        piece
        for piece in parts.query.split("&")
        if not any(key == name for key, _ in parse_qsl(piece, keep_blank_values=True))
    ]
    return urlunsplit(parts._replace(query="&".join(kept)))
