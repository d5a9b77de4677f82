# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate in front of the application: it records every request and lets it suffer the faults in force."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Optional

from starlette.types import ASGIApp, Receive, Scope, Send

from receiver.answer import Answer, call_app, drip_answer, send_answer, suffer
from receiver.faults import Fault, Faults
from receiver.responses import refusal
from receiver.store import Store

CONTROL = "/_control/"
TransportOf = Callable[[tuple[str, int]], Optional[asyncio.Transport]]


class Gone(Exception):
    """The client has left before its request was complete."""


class Gate:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, store: Store, faults: Faults, max_body: int, transport_of: TransportOf) -> None:
        self._app = app
        self._store = store
        self._faults = faults
        self._max_body = max_body
        self._transport_of = transport_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"].startswith(CONTROL):
            return await self._app(scope, receive, send)
        query = scope["query_string"].decode("latin-1")
        number = self._store.add_request(scope["method"], scope["path"], query, connection_of(scope))
        try:
            body = await read_body(receive, self._max_body)
        except Gone:
            return None
        fault = self._faults.take(scope["path"]) or Fault()
        await self._serve(number, fault, body, scope, receive, send)

    async def _serve(
        self, number: int, fault: Fault, body: bytes | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        healed = self._faults.healed
        answer = await self._handle(scope, body) if fault.handles else Answer(200)
        await pause(healed, fault.delay)
        if fault.hang:
            await first_of(healed.wait(), receive())
        transport = self._transport_of(scope["client"])
        if fault.hang or fault.close or transport is None:
            return await leave(transport, receive)
        answer = suffer(answer, fault)
        self._store.answered(number, answer.status)
        if not fault.drip:
            return await send_answer(answer, send)
        await drip_answer(answer, transport, lambda: pause(healed, fault.drip))
        return await leave(None, receive)

    async def _handle(self, scope: Scope, body: bytes | None) -> Answer:
        if body is not None:
            return await call_app(self._app, scope, body)
        return await call_app(refusal(413, f"The body is larger than {self._max_body} bytes."), scope, b"")


def connection_of(scope: Scope) -> str:
    """The client's end of the connection that a request came on, as ``address:port``."""
    host, port = scope["client"]
    return f"{host}:{port}"


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """A request's whole body, or None if it is larger than the limit. All of it is read in either case."""
    body, size, more = bytearray(), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size <= limit:
            body += part
    return bytes(body) if size <= limit else None


async def pause(healed: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until the faults are healed."""
    if seconds > 0 and not healed.is_set():
        await asyncio.wait([asyncio.ensure_future(healed.wait())], timeout=seconds)


async def first_of(*waits: Any) -> None:
    """Wait until one of several things happens."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def leave(transport: asyncio.Transport | None, receive: Receive) -> None:
    """Close the connection, if that is still to be done, and wait until the server knows of it."""
    if transport is not None:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
