# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that takes whatever a callback sends, over HTTP and as lines over plain TCP, and misbehaves on demand.

It is a process of its own, so that its time is not that of what is measured. It takes one JSON object a line on its
standard input, and answers with one.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socketserver
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from receiver.front import bound_socket  # noqa: E402

#: zlib's own header or that of gzip, whichever is there.
ANY_HEADER = 32 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Message:
    """A request with a body, or a line over TCP.

    :ivar path: of the request, "" for a line.
    :ivar status: what it was answered with; a line that was read counts as 200, what got no answer as 0.
    """

    path: str
    body: bytes
    status: int


class Sink:
    """A running sink, as the benchmark sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        ports = self._read()
        self.url = f"http://127.0.0.1:{ports['http']}"
        self.port: int = ports["tcp"]

    def behave(self, mode: str = "answer", delay: float = 0, status: int = 200) -> None:
        """From now on, forget all that came and `answer`, `hang` (accept and answer never) or `refuse` (no port)."""
        self._ask({"mode": mode, "delay": delay, "status": status})

    def counts(self) -> tuple[int, int]:
        """How many messages and how many connections there were."""
        counts = self._ask({"counts": True})
        return counts["messages"], counts["connections"]

    def messages(self) -> list[Message]:
        """All messages, answered or not."""
        found = self._ask({"messages": True})["messages"]
        return [Message(path, base64.b64decode(body), status) for path, body, status in found]

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the sink has ended")
        return json.loads(line)


@contextlib.contextmanager
def running_sink() -> Iterator[Sink]:
    """A sink that runs as long as the context."""
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Sink(process)
        finally:
            process.kill()


@dataclass
class _Behaviour:
    mode: str = "answer"
    delay: float = 0
    status: int = 200
    messages: list[Message] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    behaviour: _Behaviour

    def process_request(self, request: Any, client_address: Any) -> None:
        self.behaviour.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed, or runs out of patience, is none of the sink's business."""


class _Lines(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        behaviour = self.server.behaviour
        if behaviour.mode == "hang":
            behaviour.over.wait()  # what lies in the buffers is lost with the connection
            return
        with contextlib.suppress(OSError):
            for line in self.rfile:
                behaviour.messages.append(Message("", line, 200))


class _Http(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # the answer is one packet, sent at once; else every second request would wait for a delayed acknowledgement
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Elastic's agent asks for the version first."""
        self._answer(self.server.behaviour, b'{"version": "8.0.0"}')

    def do_POST(self) -> None:
        """Keep the body and answer."""
        behaviour, body = self.server.behaviour, self._body()
        behaviour.messages.append(Message(self.path, body, 0 if behaviour.mode == "hang" else behaviour.status))
        self._answer(behaviour, b"{}")

    do_PUT = do_POST

    def log_message(self, *_unused: object) -> None:
        """Say nothing."""

    def _answer(self, behaviour: _Behaviour, body: bytes) -> None:
        if behaviour.mode == "hang":
            behaviour.over.wait()
            self.close_connection = True
            return
        time.sleep(behaviour.delay)
        self.send_response(behaviour.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return zlib.decompress(body, ANY_HEADER) if self.headers.get("Content-Encoding") else body


class _Port:
    """A port that stays ours while nobody listens on it."""

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        self._reserved = bound_socket(0)
        self.number: int = self._reserved.getsockname()[1]
        self._handler = handler
        self._server: _Server | None = None

    def behave(self, behaviour: _Behaviour) -> None:
        if behaviour.mode == "refuse" and self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        if behaviour.mode != "refuse":
            if not self._server:
                self._server = _Server(("127.0.0.1", self.number), self._handler)
                self._server.behaviour = behaviour
                threading.Thread(target=self._server.serve_forever, daemon=True).start()
            self._server.behaviour = behaviour


def _handle(ports: list[_Port], behaviour: _Behaviour, question: dict[str, Any]) -> tuple[_Behaviour, dict[str, Any]]:
    if "counts" in question:
        return behaviour, {"messages": len(behaviour.messages), "connections": behaviour.connections}
    if "messages" in question:
        found = [(each.path, base64.b64encode(each.body).decode(), each.status) for each in behaviour.messages]
        return behaviour, {"messages": found}
    successor = _Behaviour(**question)
    for port in ports:
        port.behave(successor)
    behaviour.over.set()
    return successor, {}


def main() -> None:
    """Serve until standard input ends."""
    ports, behaviour = [_Port(_Http), _Port(_Lines)], _Behaviour()
    for port in ports:
        port.behave(behaviour)
    print(json.dumps({"http": ports[0].number, "tcp": ports[1].number}), flush=True)
    for line in sys.stdin:
        behaviour, answer = _handle(ports, behaviour, json.loads(line))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
