# Copyright (c) 2026, the community.sematext authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server process: uvicorn around the application."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tempfile

import uvicorn
from starlette.types import ASGIApp

from receiver.app import make_app
from receiver.faults import Faults
from receiver.gate import Gate
from receiver.options import Options
from receiver.store import Store

KEEP_ALIVE = 75
GRACE = 1
TEMPORARY = ""  # SQLite's name for a file of its own that goes away with the process


class Server(uvicorn.Server):
    """Tells where it listens, and stops promptly."""

    def __init__(self, config: uvicorn.Config, faults: Faults, ready_file: str | None) -> None:
        super().__init__(config)
        self._faults = faults
        self._ready_file = ready_file

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        url = self.url()
        print(f"Receiver listens on {url}", flush=True)
        if self._ready_file:
            write_atomically(self._ready_file, url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let go of the requests that hang, and stop within a few seconds whatever the clients do."""
        self._faults.heal()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(super().shutdown(sockets), 3 * GRACE)

    def url(self) -> str:
        """The base URL."""
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        scheme = "https" if self.config.is_ssl else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def transport_of(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """The connection to a client, if it is still there."""
        connections = self.server_state.connections
        return next((each.transport for each in connections if getattr(each, "client", None) == client), None)


def make_server(options: Options) -> Server:
    """A server that is ready to run."""
    faults = Faults()
    store = Store(options.database or TEMPORARY)
    app = make_app(store, faults, frozenset(options.tokens), options.api_key)

    def transport_of(client: tuple[str, int]) -> asyncio.Transport | None:
        return server.transport_of(client)

    gate = Gate(app, store, faults, options.max_body, transport_of)
    server = Server(make_config(gate, options), faults, options.ready_file)
    return server


def make_config(app: ASGIApp, options: Options) -> uvicorn.Config:
    """The settings of uvicorn: quiet, and without guesses about proxies."""
    return uvicorn.Config(
        app, host=options.host, port=options.port, http="h11", ws="none", lifespan="off", interface="asgi3",
        log_level="error", access_log=False, proxy_headers=False, server_header=False,
        timeout_keep_alive=KEEP_ALIVE, timeout_graceful_shutdown=GRACE,
        ssl_certfile=options.certificate, ssl_keyfile=options.key,
    )  # fmt: skip


def write_atomically(path: str, text: str) -> None:
    """Write a file so that a reader sees all of it or none."""
    folder = os.path.dirname(os.path.abspath(path))
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as file:
        file.write(text)
    os.replace(file.name, path)
