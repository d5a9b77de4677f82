# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP front for the receiver: it lets a test break what lies below HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from receiver.link import Link, State
from receiver.running import Receiver

MODES = ("pass", "refuse", "hang", "reset", "cut", "drop")


class Front:
    """Listens on a port of its own and forwards to the receiver, as its mode says."""

    def __init__(self, receiver: Receiver) -> None:
        target = urlsplit(receiver.url)
        assert target.hostname and target.port
        self._state = State((target.hostname, target.port))
        self._reserved = bound_socket(0)
        self._port = self._reserved.getsockname()[1]
        self._listener: asyncio.Server | None = None
        self._links: set[Link] = set()
        self._accepted = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="front", daemon=True)
        self.url = f"{target.scheme}://127.0.0.1:{self._port}"

    @property
    def accepted(self) -> int:
        """How many connections have been accepted so far."""
        return self._accepted

    def mode(self, name: str, after: int = 0) -> None:
        """Switch to one of MODES; README.md says what each does. ``after`` is for drop."""
        if name not in MODES:
            raise ValueError(f"the mode must be one of {', '.join(MODES)}")
        asyncio.run_coroutine_threadsafe(self._switch(name, after), self._loop).result(10)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("The front did not start.")

    def stop(self) -> None:
        """Close the port and all connections."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        self._reserved.close()

    async def _main(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        await self._listen()
        self._ready.set()
        await self._stopped.wait()
        await self._switch("refuse", 0)

    async def _switch(self, name: str, after: int) -> None:
        self._state.switch(name, after)
        if name in ("refuse", "reset"):
            for link in list(self._links):
                link.reset()
        if name == "refuse":
            self._refuse()
        else:
            await self._listen()

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accept, sock=bound_socket(self._port))

    def _refuse(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        link = Link(self._state, reader, writer)
        self._links.add(link)
        with contextlib.suppress(asyncio.CancelledError):
            await link.run()
        self._links.discard(link)


def bound_socket(port: int) -> socket.socket:
    """A socket on a port. Bound without listening it keeps the port ours and refuses connections (Linux)."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.bind(("127.0.0.1", port))
    return found


@contextmanager
def tcp_front(receiver: Receiver) -> Iterator[Front]:
    """A front that runs as long as the context."""
    front = Front(receiver)
    front.start()
    try:
        yield front
    finally:
        front.stop()
