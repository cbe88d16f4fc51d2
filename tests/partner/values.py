"""What passes through the partner's server: requests, answers, and layers between."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from urllib.parse import urlencode

from tests.partner.records import Book, to_json

Headers = tuple[tuple[str, str], ...]


class Refused(Exception):  # noqa: N818 (an answer, said as an exception)
    """The endpoint refuses the request with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(slots=True)
class Request:
    """A request as it came, and what became of it.

    ``target``: path and query as sent; ``path``: decoded, without the query; ``base``:
    the address that the client used, ``http://127.0.0.1:1234``; ``time`` and
    ``answered``: monotonic seconds; ``status``: 0 if there was no answer; ``sent``:
    bytes, with the head; ``wait_seconds``: how long the answer asked to wait.
    """

    method: str
    target: str
    path: str
    query: list[tuple[str, str]]
    headers: Message
    body: bytes
    time: float
    base: str
    book: Book = field(repr=False)
    status: int = 0
    sent: int = 0
    answered: float = 0.0
    wait_seconds: float | None = None

    def get(self, name: str, default: str = "") -> str:
        """The first value of a parameter of the query."""
        return next((v for n, v in self.query if n == name), default)

    def number(self, name: str, default: int, *, most: int = 1_000_000_000) -> int:
        """A whole number of the query, at most `most`; refused if it is no number."""
        text = self.get(name, str(default))
        if not text.isdigit():
            raise Refused(problem(400, f"{name} is not a number: {text}"))
        return min(int(text), most)

    def link(self, path: str | None = None, /, **changes: object) -> str:
        """The absolute address of `path`, with the query changed; None drops."""
        return self.base + (path or self.path) + self.search(**changes)

    def search(self, **changes: object) -> str:
        """The query from the question mark on, changed; None drops a parameter."""
        kept = [(n, v) for n, v in self.query if n not in changes]
        new = [(n, str(v)) for n, v in changes.items() if v is not None]
        return f"?{urlencode(kept + new)}" if kept + new else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; ``deliver`` sends it in its own way and ends the connection.

    ``wait_seconds``: how long the answer asks to wait, for the record of requests.
    """

    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: Headers = ()
    deliver: Callable[[Answer, Wire], None] | None = None
    wait_seconds: float | None = None

    def head(self, *framing: tuple[str, str]) -> bytes:
        """Status line and headers; `framing` says how long the body is."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {self.status} {phrase}"]
        if self.content_type:
            lines.append(f"Content-Type: {self.content_type}")
        lines += [f"{name}: {value}" for name, value in (*self.headers, *framing)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


Endpoint = Callable[[Request], Answer]
Layer = Callable[[Request, Endpoint], Answer]
"""Stands before endpoints: answers itself, or lets proceed and changes the answer."""


@dataclass(slots=True)
class Wire:
    """The connection while an answer is sent in a way of its own."""

    connection: socket.socket
    stopping: threading.Event
    request: Request

    def send(self, data: bytes) -> None:
        """Send all; raises OSError when the client has gone."""
        self.connection.sendall(data)
        self.request.sent += len(data)

    def is_open_after(self, seconds: float | None) -> bool:
        """Wait, for ever if None; False as soon as the partner stops."""
        return not self.stopping.wait(seconds)


def problem(status: int, detail: str, *headers: tuple[str, str]) -> Answer:
    """A refusal as most services write it."""
    return Answer(to_json({"error": detail}), status, headers=headers)
