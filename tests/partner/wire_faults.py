"""Faults of the connection: answers that are cut, endless, too big or missing."""

from __future__ import annotations

import gzip
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import replace

from tests.partner.values import Answer, Endpoint, Layer, Request, Wire

BLOCK = 64 << 10
Deliver = Callable[[Answer, Wire], None]


def _delivered(deliver: Deliver) -> Layer:
    """The good answer, sent in another way."""
    return lambda request, proceed: replace(proceed(request), deliver=deliver)


def _instead(deliver: Deliver, status: int = 200) -> Layer:
    """No endpoint is asked; `status` is that of the answer which is begun, or 0."""
    answer = Answer(status=status, deliver=deliver)
    return lambda request, proceed: answer


def close(*, is_reset: bool = False) -> Layer:
    """The connection ends without an answer; reset by the peer if `is_reset`."""

    def deliver(answer: Answer, wire: Wire) -> None:
        if is_reset:
            linger = struct.pack("ii", 1, 0)
            wire.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            os.close(wire.connection.detach())

    return _instead(deliver, 0)


def silence() -> Layer:
    """No answer, and the connection stays open."""

    def deliver(answer: Answer, wire: Wire) -> None:
        wire.is_open_after(None)

    return _instead(deliver, 0)


def drip(seconds: float = 1.0, *, of: str = "body") -> Layer:
    """A byte each so many seconds, for ever, of the body or of a header."""

    def deliver(answer: Answer, wire: Wire) -> None:
        if of == "head":
            wire.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
        else:
            wire.send(answer.head(("Content-Length", "1000000000")))
        while wire.is_open_after(seconds):
            wire.send(b" ")

    return _instead(deliver)


def cut(share: float = 0.5) -> Layer:
    """The whole length is announced, a share of the body sent."""

    def deliver(answer: Answer, wire: Wire) -> None:
        head = answer.head(("Content-Length", str(len(answer.body))))
        wire.send(head + answer.body[: int(len(answer.body) * share)])

    return _delivered(deliver)


def cut_chunked(*, is_at_boundary: bool = False) -> Layer:
    """Chunks that end early: in the midst of one, or before the closing chunk."""

    def deliver(answer: Answer, wire: Wire) -> None:
        half = len(answer.body) // 2
        chunks = _chunk(answer.body[:half])
        rest = b"" if is_at_boundary else _chunk(answer.body[half:])[:-10]
        wire.send(answer.head(("Transfer-Encoding", "chunked")) + chunks + rest)

    return _delivered(deliver)


def chunked(size: int = 1000) -> Layer:
    """No fault: the good answer in chunks of that many bytes."""

    def deliver(answer: Answer, wire: Wire) -> None:
        body = answer.body
        starts = range(0, len(body), size)
        chunks = b"".join(_chunk(body[at : at + size]) for at in starts)
        head = answer.head(("Transfer-Encoding", "chunked"), ("Connection", "close"))
        wire.send(head + chunks + b"0\r\n\r\n")

    return _delivered(deliver)


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def flood(size: int, *, is_announced: bool = False) -> Layer:
    """A valid JSON list of that many bytes, as long as the client reads on.

    Its length is announced, or else it comes in chunks.
    """

    def deliver(answer: Answer, wire: Wire) -> None:
        framing = ("Content-Length", str(size))
        if not is_announced:
            framing = ("Transfer-Encoding", "chunked")
        wire.send(answer.head(framing))
        left = size
        while left and not wire.stopping.is_set():
            block = bytearray(b" ") * min(BLOCK, left)
            if left == size:
                block[:1] = b"["
            if left == len(block):
                block[-1:] = b"]"
            left -= len(block)
            wire.send(bytes(block) if is_announced else _chunk(bytes(block)))
        if not is_announced:
            wire.send(b"0\r\n\r\n")

    return _instead(deliver)


def gzipped() -> Layer:
    """No fault: the good answer with Content-Encoding: gzip."""

    def layer(request: Request, proceed: Endpoint) -> Answer:
        answer = proceed(request)
        headers = (*answer.headers, ("Content-Encoding", "gzip"))
        return replace(answer, body=gzip.compress(answer.body), headers=headers)

    return layer


def gzip_bomb(size: int) -> Layer:
    """A valid JSON list of about that many bytes, a thousandth of that on the wire."""
    blanks = gzip.compress(b" " * (1 << 20))
    body = gzip.compress(b"[") + blanks * (size >> 20) + gzip.compress(b"]")
    answer = Answer(body, headers=(("Content-Encoding", "gzip"),))
    return lambda request, proceed: answer
