"""One request and its answer over HTTPS, safely; the only place that knows requests.

Every address is checked against the allow-list, after its name is resolved and on
every redirect; the connection goes to the very address that was checked
(requests-hardened).  Nothing of the environment is heeded (proxies, .netrc), bodies
are read with a limit of bytes and of time, and certificates are always verified.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress

from importers.webservices.cutoff import cut_off, guard
from importers.webservices.hosts import AllowedHosts, same_origin, shown
from importers.webservices.problems import (
    AddressRefused,
    AnswerTooLarge,
    BadFeed,
    CutAnswer,
    HostNotFound,
    OtherHost,
    ServiceProblem,
    TimedOut,
    TlsRefused,
    Unreachable,
)

USER_AGENT = "reinsurance-back-office"
MOST_REDIRECTS = 5
BLOCK = 1 << 16
MOST_OF_REFUSAL = 1 << 11
REDIRECTS = (301, 302, 303, 307, 308)
ANSWER_TIMES = 10
"""An answer may take so many times the longest pause between two of its bytes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, good or bad; header names in lower case."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes


class Client:
    """Connections to one service; close it when done.

    ``read_seconds`` is the longest pause between two bytes, ``most_bytes`` the
    largest body after unpacking.
    """

    def __init__(
        self,
        hosts: AllowedHosts,
        *,
        connect_seconds: float,
        read_seconds: float,
        most_bytes: int,
        ca_file: str = "",
    ) -> None:
        self._hosts = hosts
        self._timeout = (connect_seconds, read_seconds)
        self._most_bytes = most_bytes
        self._public = HTTPSession(
            Config(
                ip_filter_enable=True,
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=self._timeout,
            )
        )
        self._named = requests.Session()
        for session in (self._public, self._named):
            session.trust_env = False
            guard(session)
            session.headers["User-Agent"] = USER_AGENT
            session.verify = ca_file or True

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connections go."""
        self._public.close()
        self._named.close()

    def get(
        self,
        url: str,
        parameters: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        seconds: float,
    ) -> Reply:
        """Ask for a page within so many seconds; follows redirects to the same host."""
        deadline = time.monotonic() + seconds
        asked = list(parameters)
        for _ in range(MOST_REDIRECTS + 1):
            left = deadline - time.monotonic()
            reply = self._exchange("GET", url, headers, left, params=asked)
            if reply.status not in REDIRECTS:
                return reply
            target = urljoin(reply.url, reply.headers.get("location", ""))
            self._hosts.may_be_private(target)
            if not same_origin(reply.url, target):
                raise OtherHost(
                    f"{shown(url)} redirects to another host, {shown(target)}. "
                    "Nothing was asked there; if the service has moved, change its "
                    "address."
                )
            url, asked = target, []
        raise OtherHost(f"{shown(url)} redirects in a circle. Check the address.")

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        basic: tuple[str, str] | None = None,
    ) -> Reply:
        """Send a form; a redirect is not followed."""
        seconds = sum(self._timeout)
        return self._exchange(
            "POST", url, headers, seconds, data=dict(form), auth=basic
        )

    def send(
        self, url: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> Reply:
        """Hand a message over within so many seconds; a redirect is not followed.

        Of the answer only the beginning of a refusal is read.
        """
        return self._exchange("POST", url, headers, seconds, read=_beginning, data=body)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        seconds: float,
        read: Callable[[requests.Response], bytes] | None = None,
        **more: Any,
    ) -> Reply:
        is_named = self._hosts.may_be_private(url)
        session = self._named if is_named else self._public
        most_seconds = min(seconds, ANSWER_TIMES * self._timeout[1])
        problem: ServiceProblem
        has_begun = False
        with cut_off(most_seconds) as cut:
            try:
                with session.request(
                    method,
                    url,
                    headers=dict(headers),
                    timeout=self._timeout,
                    allow_redirects=False,
                    stream=True,
                    **more,
                ) as response:
                    has_begun = True
                    body = (read or self._body)(response)
                if not cut.is_done:
                    return _reply(response, body)
                problem = TimedOut()
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                problem = _named_problem(error, shown(url), has_begun=has_begun)
        if cut.is_done:
            problem = TimedOut(
                f"{shown(url)} did not finish its answer within {most_seconds:.0f} "
                "seconds. It is tried again."
            )
        # Outside the handler: a traceback of requests shows addresses with keys.
        raise problem

    def _body(self, response: requests.Response) -> bytes:
        parts, size = [], 0
        for block in response.raw.stream(BLOCK, decode_content=True):
            parts.append(block)
            size += len(block)
            if size > self._most_bytes:
                raise AnswerTooLarge(
                    f"{shown(response.url)} sends more than "
                    f"{self._most_bytes >> 20:,} MB in one answer. Ask for smaller "
                    "pages, or raise the limit of the service."
                )
        return b"".join(parts)


def _beginning(response: requests.Response) -> bytes:
    """What a refusal begins with; nothing of a good answer."""
    if 200 <= response.status_code < 300:
        return b""
    return next(response.raw.stream(MOST_OF_REFUSAL, decode_content=True), b"")


def _reply(response: requests.Response, body: bytes) -> Reply:
    headers = {name.lower(): text for name, text in response.headers.items()}
    return Reply(response.status_code, response.url, headers, body)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it was made of."""
    waiting, seen = [error], set()
    while waiting:
        link = waiting.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = [link.__cause__, link.__context__, getattr(link, "reason", None)]
        waiting += [e for e in [*inner, *link.args] if isinstance(e, BaseException)]


def _named_problem(error: Exception, host: str, *, has_begun: bool) -> ServiceProblem:
    """The problem of ours that an error of the HTTP libraries stands for.

    ``has_begun``: the head of the answer was there already.
    """
    links = list(_chain(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in links)

    if has(InvalidIPAddress):
        return AddressRefused(
            f"{host} leads into a private network or to this machine, which is not "
            "allowed. Have an operator name the host in WEB_SERVICE_HOSTS if it is a "
            "partner's."
        )
    if has(socket.gaierror, urllib3.exceptions.NameResolutionError):
        return HostNotFound(
            f"The host of {host} is not known. Check the address of the service."
        )
    if has(ssl.SSLError, requests.exceptions.SSLError):
        return TlsRefused(
            f"The certificate of {host} is not good ({_tls_reason(links)}). Ask the "
            "partner; nothing is fetched without a good certificate."
        )
    if has(requests.exceptions.InvalidURL, requests.exceptions.MissingSchema):
        return BadFeed(f"{host} is no web address. Check the feed's path.")
    if has(ConnectionRefusedError, ConnectionResetError):
        return Unreachable(
            f"{host} refuses or breaks the connection. It is tried again."
        )
    if has(requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
        return TimedOut(f"{host} did not answer in time. It is tried again.")
    if has_begun:
        return CutAnswer(f"The answer of {host} was cut short. It is tried again.")
    return Unreachable(f"{host} cannot be reached. It is tried again.")


def _tls_reason(links: Sequence[BaseException]) -> str:
    for link in links:
        if isinstance(link, ssl.SSLCertVerificationError):
            return link.verify_message
    return "the secure connection could not be made"
