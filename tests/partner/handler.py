"""The HTTP side of the partner: connections, TLS, one send for each answer."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.partner import tls
from tests.partner.values import Answer, Request, Wire

if TYPE_CHECKING:
    from tests.partner.server import Partner

HANDSHAKE_SECONDS = 10.0


class Handler(BaseHTTPRequestHandler):
    """Reads requests, asks the partner, sends its answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:  # noqa: N802 (named by the base class)
        """Answer one request."""
        partner = self.server.partner
        request = self._request(partner)
        with partner.lock:
            partner.requests.append(request)
            partner.at_once += 1
            partner.most_at_once = max(partner.most_at_once, partner.at_once)
        try:
            answer = partner.answer(request)
            request.wait_seconds = answer.wait_seconds
            request.status = answer.status
            request.answered = time.monotonic()
        finally:
            with partner.lock:
                partner.at_once -= 1
        self._send(answer, request)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _request(self, partner: Partner) -> Request:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        host = self.headers.get("Host") or f"127.0.0.1:{partner.port}"
        return Request(
            method=self.command,
            target=self.path,
            path=unquote(parts.path),
            query=parse_qsl(parts.query, keep_blank_values=True),
            headers=self.headers,
            body=self.rfile.read(length) if length else b"",
            time=time.monotonic(),
            base=f"{partner.scheme}://{host}",
            book=partner.book,
        )

    def _send(self, answer: Answer, request: Request) -> None:
        wire = Wire(self.connection, self.server.partner.stopping, request)
        if answer.deliver is None:
            head = answer.head(("Content-Length", str(len(answer.body))))
            wire.send(head + answer.body)
        else:
            self.close_connection = True
            answer.deliver(answer, wire)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """One thread a connection; all of them end when the partner stops."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, partner: Partner, port: int, certificate: str | None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.partner = partner
        self._context = tls.context(certificate) if certificate else None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, in its own thread; so the handshake holds up nobody."""
        with self._lock:
            self._open.add(request)
        connection = request
        try:
            if self._context:
                connection = self._handshake(request)
            super().finish_request(connection, client_address)
        finally:
            with self._lock:
                self._open -= {request, connection}
            if connection is not request:
                self.shutdown_request(connection)

    def _handshake(self, request: socket.socket) -> ssl.SSLSocket:
        assert self._context
        request.settimeout(HANDSHAKE_SECONDS)
        try:
            connection = self._context.wrap_socket(request, server_side=True)
        except OSError:
            self.partner.handshakes_failed += 1
            raise
        connection.settimeout(None)
        with self._lock:
            self._open.add(connection)
        return connection

    def end_connections(self) -> None:
        """Wake up the threads that wait for a client."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error; anything else fails the test."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            self.partner.errors.append(error)
