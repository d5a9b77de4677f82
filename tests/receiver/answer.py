# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer to a request: taking it from the application, spoiling it, passing it on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Scope, Send

from receiver.faults import Fault

Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """A whole answer."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""


async def call_app(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """The answer of an application to a request whose body is known."""
    answer = Answer(500)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


def suffer(answer: Answer, fault: Fault) -> Answer:
    """The answer as a fault leaves it."""
    if fault.status is None and fault.body is None and fault.retry_after is None and fault.location is None:
        return answer
    status = fault.status or answer.status
    content_type, body = _body(answer, fault, status)
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    for name, value in ((b"retry-after", fault.retry_after), (b"location", fault.location)):
        if value is not None:
            headers.append((name, value.encode("latin-1", "replace")))
    return Answer(status, headers, body)


def _body(answer: Answer, fault: Fault, status: int) -> tuple[bytes, bytes]:
    if status in (204, 304):
        return b"text/plain", b""
    if fault.body is not None:
        return b"text/html; charset=utf-8", fault.body.encode("utf-8", "replace")
    if fault.status is not None and status >= 300:
        return b"application/json", b'{"error": "A fault that a test asked for."}'
    return b"application/json", answer.body


async def send_answer(answer: Answer, send: Send) -> None:
    """Pass an answer on."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


async def drip_answer(answer: Answer, transport: asyncio.Transport, pause: Callable[[], Awaitable[None]]) -> None:
    """Pass an answer on a byte at a time, status line included, and close the connection."""
    for byte in _as_bytes(answer):
        if transport.is_closing():
            return
        transport.write(bytes([byte]))
        await pause()
    transport.close()


def _as_bytes(answer: Answer) -> bytes:
    phrase = HTTPStatus(answer.status).phrase if answer.status in list(HTTPStatus) else ""
    lines = [f"HTTP/1.1 {answer.status} {phrase}".encode()]
    lines += [name + b": " + value for name, value in [*answer.headers, (b"connection", b"close")]]
    return b"\r\n".join([*lines, b"", answer.body])
