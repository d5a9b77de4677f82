# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection through the TCP front."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable

CHUNK = 65536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Broken(Exception):
    """The mode wants this connection to end."""


class State:
    """The mode of the front, which all its connections look at."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.mode = "pass"
        self.after = 0
        self._switched = asyncio.Event()

    def switch(self, mode: str, after: int) -> None:
        """Change the mode."""
        self.mode, self.after = mode, after
        self._switched.set()
        self._switched = asyncio.Event()

    async def hang(self) -> None:
        """Never go on; a connection that has hung ends when the mode changes."""
        await self._switched.wait()
        raise Broken


class Link:
    """Forwards both ways between a client and the receiver."""

    def __init__(self, state: State, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._state = state
        self._client = reader, writer
        self._server: asyncio.StreamWriter | None = None
        self._sent = 0

    async def run(self) -> None:
        """Forward until one side or the mode ends it."""
        if self._state.mode in ("refuse", "reset"):
            return self.reset()
        with contextlib.suppress(Broken, OSError):
            await self._forward()
        self._close()

    async def _forward(self) -> None:
        reader, writer = self._client
        server_reader, self._server = await asyncio.open_connection(*self._state.target)
        up = asyncio.ensure_future(pump(reader, self._server, self._admit_up))
        down = asyncio.ensure_future(pump(server_reader, writer, self._admit_down))
        done, rest = await asyncio.wait([up, down], return_when=asyncio.FIRST_EXCEPTION)
        for task in rest:
            task.cancel()
        for task in done:
            task.result()

    async def _admit_up(self, data: bytes) -> bytes:
        if self._state.mode == "hang":
            await self._state.hang()
        if self._state.mode == "drop" and self._sent + len(data) >= self._state.after:
            data = data[: max(0, self._state.after - self._sent)]
            await self._send_last(data)
        self._sent += len(data)
        return data

    async def _send_last(self, data: bytes) -> None:
        assert self._server is not None
        self._server.write(data)
        await self._server.drain()
        raise Broken

    async def _admit_down(self, data: bytes) -> bytes:
        if self._state.mode == "hang":
            await self._state.hang()
        if self._state.mode == "cut":
            raise Broken
        return data

    def reset(self) -> None:
        """End the client's connection with RST."""
        _reader, writer = self._client
        with contextlib.suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        writer.transport.abort()
        if self._server is not None:
            self._server.transport.abort()

    def _close(self) -> None:
        for writer in (self._client[1], self._server):
            if writer is not None:
                writer.close()


async def pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, admit: Callable[[bytes], Awaitable[bytes]]
) -> None:
    """Forward one way what is admitted, and pass the end on."""
    while data := await reader.read(CHUNK):
        writer.write(await admit(data))
        await writer.drain()
    if writer.can_write_eof() and not writer.is_closing():
        writer.write_eof()
