# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small servers on the loopback address for what a well-behaved receiver never does, and a proxy."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class RawServer:
    """Reads each request and answers it with the same bytes.

    :ivar requests: the requests that have been read, as bytes.
    :ivar connections: how many connections there have been.
    """

    def __init__(self, answer: bytes, stay: bool, drip: bytes) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer, self._stay, self._drip = answer, stay, drip
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                self.connections += 1
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client.makefile("rb") as stream:
            while request := read_request(stream):
                self.requests.append(request)
                client.sendall(self._answer)
                while self._drip:
                    time.sleep(0.05)
                    client.sendall(self._drip)
                if not self._stay:
                    return client.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Close everything."""
        for each in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def read_request(stream) -> bytes:
    """One request with its body; b"" at the end of the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + stream.read(length)


@contextmanager
def raw_server(answer: bytes, stay: bool = True, drip: bytes = b"") -> Iterator[RawServer]:
    """Such a server; `stay` leaves the connection open after an answer, `drip` is sent again and again after it."""
    server = RawServer(answer, stay, drip)
    try:
        yield server
    finally:
        server.stop()


class _Proxy(http.server.BaseHTTPRequestHandler):
    """Passes requests on: whole ones for http, tunnels for https."""

    seen: list[str]

    def do_POST(self) -> None:
        self.seen.append(f"POST {self.path}")
        target = urlsplit(self.path)
        onward = http.client.HTTPConnection(target.hostname or "", target.port)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        onward.request("POST", target.path, body, {"Content-Type": self.headers["Content-Type"]})
        answer = onward.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        onward.close()

    def do_CONNECT(self) -> None:
        self.seen.append(f"CONNECT {self.path}")
        host, _colon, port = self.path.rpartition(":")
        onward = socket.create_connection((host, int(port)))
        self.send_response(200)
        self.end_headers()
        back = threading.Thread(target=_pump, args=(onward, self.connection), daemon=True)
        back.start()
        _pump(self.connection, onward)
        back.join()
        onward.close()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def running_proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy; gives its URL and the list of what it was asked for."""
    seen: list[str] = []
    handler = type("Proxy", (_Proxy,), {"seen": seen})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
